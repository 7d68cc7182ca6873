"""What gives a completion of a `file` task its reward: a comparison with the answer, or a function of the user's."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rltune.errors import TaskError
from rltune.own_code import import_own
from rltune.tasks.base import Example
from rltune.tasks.checks import Check


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reward`: what training maximizes, any finite number. `grade`: what the scores count, in [0, 1]."""

    reward: float
    grade: float


class Judge(Protocol):
    """Judges completions. `extras` are the fields of the example's row that `wants` names, where the row has them."""

    wants: frozenset[str]

    def judge(
        self, examples: Sequence[Example], completions: Sequence[str], extras: Sequence[Mapping[str, object]]
    ) -> list[Verdict]:
        """One verdict for each of n completions."""
        ...


class CheckJudge:
    """1 for a right answer, else 0."""

    wants: frozenset[str] = frozenset()

    def __init__(self, check: Check) -> None:
        self._check = check

    def judge(
        self, examples: Sequence[Example], completions: Sequence[str], extras: Sequence[Mapping[str, object]]
    ) -> list[Verdict]:
        del extras
        right = (float(self._check(e.answer, c)) for e, c in zip(examples, completions, strict=True))
        return [Verdict(value, value) for value in right]


class FunctionJudge:
    """A function of the user's, by import path: `package.module:function`, or `path/to/file.py:function`.

    It is called by the names of its parameters with what they ask for: `prompt`, `completion`, `answer`, `groups`, or
    verl's `data_source`, `solution_str`, `ground_truth`, `extra_info`; so a verl `compute_score` serves as it stands.
    It returns a number, or a mapping with `score` and perhaps `acc`. The grade is `acc`, else the score, cut to [0, 1].

    Raises TaskError if it can't be imported or asks for anything else, and in `judge` for what it raises or returns
    that is no finite number: it must cope with any text.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._function: Callable[..., Any] = import_own(path, "function", error=TaskError, where="task reward")
        self._arguments = _arguments(path, self._function)
        self.wants: frozenset[str] = frozenset({"data_source", "extra_info"} & set(self._arguments))

    def judge(
        self, examples: Sequence[Example], completions: Sequence[str], extras: Sequence[Mapping[str, object]]
    ) -> list[Verdict]:
        return [self._verdict(e, c, x) for e, c, x in zip(examples, completions, extras, strict=True)]

    def _verdict(self, example: Example, completion: str, extra: Mapping[str, object]) -> Verdict:
        known = _known(example, completion, extra)
        try:
            result = self._function(**{name: known[name] for name in self._arguments})
            mapping = result if isinstance(result, Mapping) else {"score": result}
            score = float(mapping["score"])
            grade = float(mapping.get("acc", score))
        except Exception as error:  # anything may go wrong in a function of somebody else's
            raise TaskError(
                f"{type(error).__name__}: {error}; the completion was {completion!r:.200}",
                where=f"reward {self._path}",
                hint="it must return a number, or a mapping with `score`, for any text",
            ) from error
        if not math.isfinite(score) or math.isnan(grade):
            raise TaskError(
                f"expected a finite number, got {score} for {completion!r:.200}", where=f"reward {self._path}"
            )
        return Verdict(score, min(1.0, max(0.0, grade)))


def _known(example: Example, completion: str, extra: Mapping[str, object]) -> dict[str, object]:
    return {
        "prompt": example.prompt,
        "completion": completion,
        "answer": example.answer,
        "groups": example.groups,
        "data_source": extra.get("data_source", ""),
        "solution_str": completion,
        "ground_truth": example.answer,
        "extra_info": extra.get("extra_info"),
    }


def _arguments(path: str, function: Callable[..., Any]) -> tuple[str, ...]:
    """The parameters to call the function with. Raises TaskError for one that must be given and isn't known."""
    known = _known(Example("", ""), "", {})
    asked = []
    for name, parameter in inspect.signature(function).parameters.items():
        by_name = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if by_name and name in known:
            asked.append(name)
        elif parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            raise TaskError(
                f"it asks for {name!r}; a reward function is called with some of {', '.join(known)}, by name",
                where=f"reward {path}",
                hint="give the parameter a default, or another name",
            )
    if not {"completion", "solution_str"} & set(asked):
        raise TaskError("it doesn't ask for the completion", where=f"reward {path}", hint="add a parameter completion")
    return tuple(asked)
