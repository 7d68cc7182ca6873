"""What was measured elsewhere, as values: one evaluation, and all of one source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType

from rltune.errors import PriorError
from rltune.types import Scalar

LARGEST = 1e100
"""Of a number: beyond it nothing can be computed with, and nothing was measured."""
_LARGEST_WHOLE = 2**63 - 1


@dataclass(frozen=True, slots=True)
class PriorEvaluation:
    """One result of an earlier study.

    Attributes:
        configuration: value of each hyperparameter by name, in native units.
        model: what was trained, by its name there; None: not known. parameters: its number of parameters (>= 1), if
            known.
        steps: rollout steps that it was trained for (> 0); None: not known, and taken for a whole run.
        score: the higher, the better; None: it failed, or was stopped for the worse.
        seed: of the training.

    Raises:
        PriorError: if a value is none of these.
    """

    configuration: Mapping[str, Scalar]
    model: str | None = None
    parameters: float | None = None
    steps: int | None = None
    score: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        _check_values(self.configuration)
        if self.model is not None and not (isinstance(self.model, str) and self.model):
            raise PriorError(f"model must be a name or null, got {self.model!r}", where="model")
        if self.parameters is not None and not (_is_finite(self.parameters) and self.parameters >= 1):
            raise PriorError(
                f"parameters must be a number from 1 or null, got {_shown(self.parameters)}", where="parameters"
            )
        if self.steps is not None and not (_is_whole(self.steps) and self.steps > 0):
            raise PriorError(f"steps must be a whole number above 0 or null, got {_shown(self.steps)}", where="steps")
        if self.score is not None and not _is_finite(self.score):
            raise PriorError(
                f"score must be a finite number, got {_shown(self.score)}",
                where="score",
                hint="write null for a run that failed or diverged",
            )
        if not _is_whole(self.seed):
            raise PriorError(f"seed must be a whole number, got {_shown(self.seed)}", where="seed")
        object.__setattr__(self, "configuration", MappingProxyType(dict(sorted(self.configuration.items()))))

    @property
    def key(self) -> tuple[object, ...]:
        """What may be there once: configuration, model, steps and seed."""
        return tuple(self.configuration.items()), self.model, self.steps, self.seed

    def __reduce__(self) -> tuple[type[PriorEvaluation], tuple[object, ...]]:
        return PriorEvaluation, (
            dict(self.configuration), self.model, self.parameters, self.steps, self.score, self.seed,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prior:
    """All evaluations of one source.

    Attributes:
        source: where they come from, for people to read. metric: what the score is.
        horizon: steps of a full run there (r_max); None: not known, then the largest number of steps among them.
        task: its name there, if known.
        fixed: hyperparameters that were the same in all runs, in native units: where a space searches one that was
            fixed there, this is the value that its results are about.
        width: hidden size of the model whose learning rates the configurations are written for; None: not known.
        base_scores: by model, the score before any training, as far as it is known: what a failed run is worth.

    Raises:
        PriorError: if one of them can't be, or two evaluations are of the same run and step.
    """

    source: str
    evaluations: tuple[PriorEvaluation, ...]
    metric: str = "score"
    horizon: int | None = None
    task: str | None = None
    fixed: Mapping[str, Scalar] = field(default_factory=dict)
    width: int | None = None
    base_scores: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("source", "metric"):
            if not (isinstance(getattr(self, name), str) and getattr(self, name)):
                raise PriorError(f"{name} must be text, got {getattr(self, name)!r}", where=name)
        if self.task is not None and not isinstance(self.task, str):
            raise PriorError(f"task must be text or null, got {self.task!r}", where="task")
        for name in ("horizon", "width"):
            value = getattr(self, name)
            if value is not None and not (_is_whole(value) and value > 0):
                raise PriorError(f"{name} must be a whole number above 0 or null, got {_shown(value)}", where=name)
        _check_values(self.fixed, "fixed")
        _check_values(self.base_scores, "base_scores")
        if odd := [name for name, score in self.base_scores.items() if not _is_finite(score)]:
            raise PriorError(f"base_scores.{odd[0]} must be a number", where="base_scores")
        object.__setattr__(self, "evaluations", tuple(self.evaluations))
        for name in ("fixed", "base_scores"):
            object.__setattr__(self, name, MappingProxyType(dict(sorted(getattr(self, name).items()))))
        seen: dict[tuple[object, ...], int] = {}
        for number, evaluation in enumerate(self.evaluations, 1):
            if (first := seen.setdefault(evaluation.key, number)) != number:
                raise PriorError(
                    f"evaluations {first} and {number} are of the same configuration, model, steps and seed",
                    where=self.source,
                    hint="keep one of them, or give the second its own seed",
                )

    def __reduce__(self) -> tuple[type[Prior], tuple[object, ...]]:
        plain = (dict(value) if isinstance(value := getattr(self, f.name), Mapping) else value for f in fields(self))
        return Prior, tuple(plain)


def _check_values(values: object, where: str = "configuration") -> None:
    if not isinstance(values, Mapping):
        raise PriorError(f"{where} must be names with values, got {values!r}", where=where)
    for name, value in values.items():
        if not isinstance(name, str) or not name:
            raise PriorError(f"{where} must have names as keys, got {name!r}", where=where)
        if not (isinstance(value, (bool, str)) or _is_finite(value)):
            raise PriorError(
                f"{name} must be a finite number, text, true or false, got {_shown(value)}", where=f"{where}.{name}"
            )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST_WHOLE


def _is_finite(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LARGEST


def _shown(value: object) -> str:
    return f"{value!r:.80}"
