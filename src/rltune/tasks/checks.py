"""How a completion is compared with the reference answer: `exact`, `math`, `number` or `letter`."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from functools import partial

from rltune.errors import TaskError
from rltune.tasks.answers import Final, as_number, final_expression, final_letter, final_number
from rltune.tasks.mathematics import equal, found_in

Check = Callable[[str, str], bool]  # (reference answer, completion) -> right?

LETTERS = "ABCDEFGHIJ"


def check_named(name: str, final: Final = "any") -> Check:
    """The comparison called `name`; see `rltune.tasks.answers` on `final`, which `exact` has no use for.

    Raises TaskError for an unknown name, or if `math` lacks its library.
    """
    if name not in _CHECKS:
        raise TaskError(f"unknown reward {name!r}", where="task reward", hint=f"use one of {', '.join(_CHECKS)}")
    if final not in ("marked", "any"):
        raise TaskError(f"unknown final_answer {final!r}", where="task", hint="use 'marked' or 'any'")
    if name == "math" and importlib.util.find_spec("math_verify") is None:
        raise TaskError(
            "the reward 'math' needs math-verify, which is not installed",
            where="task reward",
            hint="pip install 'math-verify[antlr4_13_2]', or use the reward 'exact'",
        )
    return _CHECKS[name] if name == "exact" else partial(_CHECKS[name], final=final)


def check_reference(name: str, answer: str, where: str) -> None:
    """Passes if the comparison called `name` can be won against this reference answer.

    Raises TaskError for one that no completion could ever equal.
    """
    if name == "number" and as_number(answer) is None:
        raise TaskError(
            f"expected a number as answer, got {answer!r:.80}",
            where=where,
            hint="use the reward 'math' for other answers; answer_after takes what follows a mark",
        )
    if name == "letter" and (len(answer) != 1 or answer not in LETTERS):
        raise TaskError(
            f"expected the letter of a choice as answer, {LETTERS[0]} to {LETTERS[-1]}, got {answer!r:.80}",
            where=where,
            hint="write the bare capital letter",
        )


def exact(answer: str, completion: str) -> bool:
    """Equal but for white space around."""
    return completion.strip() == answer.strip()


def math(answer: str, completion: str, final: Final = "any") -> bool:
    """Whether the completion's final answer equals the reference as mathematics (`1/2` and `0.5`, any LaTeX).

    The last box counts, else what follows the last `####`, else (`any`) the last expression that math-verify finds, or
    the whole completion if it is the reference word for word.
    """
    marked = final_expression(completion)
    if marked is not None:
        return equal(answer, marked)
    return final == "any" and (exact(answer, completion) or found_in(answer, completion))


def number(answer: str, completion: str, final: Final = "any") -> bool:
    """Whether the completion's final number is the reference, exactly (`18`, `18.0`, `$18`, `18 dollars`)."""
    reference = as_number(answer)
    return reference is not None and final_number(completion, final) == reference


def letter(answer: str, completion: str, final: Final = "any") -> bool:
    """Whether the choice that the completion ends on is the reference's letter."""
    return final_letter(completion, LETTERS, final) == answer


_CHECKS: Mapping[str, Callable[..., bool]] = {"exact": exact, "math": math, "number": number, "letter": letter}
