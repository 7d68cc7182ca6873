"""The child's side of the arena: what a peer knows of the problem, and how it has a configuration evaluated.

One JSON object a line. The parent's first line is the problem; then the child asks and the parent answers:

    parent  {"space": [...], "rungs": [8, 16, 32, 64], "recipe": {...} or null, "seed": 3, "method": "random",
             "budget": 8.0}
    child   {"evaluate": {"run": "17", "configuration": {...}, "steps": 32}}
    parent  {"score": 0.81, ...}   or   {"stop": true}, upon which the child exits with status 0

A score is to be maximized. A run keeps its checkpoint: asking for the same `run` again with more steps continues it,
and only the missing steps are paid. Standard output belongs to the protocol: what a package prints goes to standard
error. Only the standard library is imported, since a peer's environment holds no rltune.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any, Literal, cast

Value = float | int | str | bool


class Finished(BaseException):
    """The budget is spent. Not an Exception, so that no package mistakes it for a failed trial."""


@dataclass(frozen=True)
class Parameter:
    """One searched hyperparameter: from `low` to `high` (both included), or one of `choices`."""

    name: str
    kind: Literal["float", "int", "choice"]
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    choices: tuple[Value, ...] = ()

    @property
    def bounds(self) -> tuple[float, float] | tuple[int, int]:
        """`low` and `high` in the parameter's own type."""
        return (int(self.low), int(self.high)) if self.kind == "int" else (float(self.low), float(self.high))


class Arena:
    """The problem, and the parent that answers evaluations.

    Attributes:
        method: which of the file's methods is to run.
        space: the searched hyperparameters, in order.
        rungs: allowed steps, increasing; the last is a full run.
        recipe: the configuration to beat, or None if the method is to know none.
        seed: of everything random. budget: in full runs, or None; the parent keeps the count.
    """

    def __init__(self, problem: Mapping[str, Any], requests: IO[str], answers: IO[str]) -> None:
        self.method: str = problem["method"]
        self.space = tuple(
            Parameter(**{**parameter, "choices": tuple(parameter.get("choices", ()))}) for parameter in problem["space"]
        )
        self.rungs: tuple[int, ...] = tuple(problem["rungs"])
        self.recipe: dict[str, Value] | None = problem.get("recipe")
        self.seed: int = problem["seed"]
        self.budget: float | None = problem.get("budget")
        self._requests = requests
        self._answers = answers

    @property
    def full(self) -> int:
        """Steps of a full run."""
        return self.rungs[-1]

    def evaluate(self, run: str, configuration: Mapping[str, Any], steps: int) -> float:
        """The score of `run` after `steps` steps.

        Raises:
            Finished: if the budget is spent, or the parent is gone.
        """
        values = {parameter.name: _plain(parameter, configuration[parameter.name]) for parameter in self.space}
        request = {"evaluate": {"run": run, "configuration": values, "steps": int(steps)}}
        self._requests.write(json.dumps(request) + "\n")
        self._requests.flush()
        line = self._answers.readline()
        answer = json.loads(line) if line else {"stop": True}
        if answer.get("stop"):
            raise Finished
        return float(answer["score"])


def serve(methods: Mapping[str, Callable[[Arena], None]]) -> None:
    """Runs the method that the parent asks for, then exits: with status 0 if the budget is spent or the method has
    nothing left to propose."""
    requests = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    arena = Arena(json.loads(sys.stdin.readline()), requests, sys.stdin)
    with contextlib.suppress(Finished):
        methods[arena.method](arena)
    sys.stderr.flush()
    # Threads and exit handlers of a package must not hold up or fail a study that is over.
    os._exit(0)


def _plain(parameter: Parameter, value: Any) -> Value:
    """`value` as JSON knows it, in the parameter's type and bounds: packages give numpy scalars, and on a log scale
    values that are outside of their bounds in the last digit.

    Raises:
        ValueError: if it is none of the choices.
    """
    if parameter.kind == "choice":
        if value not in parameter.choices:
            raise ValueError(f"{parameter.name} must be one of {parameter.choices}, got {value!r}")
        return parameter.choices[parameter.choices.index(value)]
    low, high = parameter.bounds
    number = round(float(value)) if parameter.kind == "int" else float(value)
    return cast(Value, min(max(number, low), high))
