"""The values that every layer passes on: frozen, checked when made.

Words (see the glossary in the docs): a *configuration* φ is one assignment of the hyperparameters; a *fidelity* is
(model, steps); a *run* is one configuration on one model with one seed and grows by *segments*; an *evaluation* is
the measured result of a run at a step.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

Scalar = float | int | str | bool

METRIC_NAMES = (
    "reward",
    "reward_std",
    "kl",
    "policy_kl",
    "entropy",
    "grad_norm",
    "clip_fraction",
    "response_length",
    "truncated_fraction",
    "zero_std_fraction",
    "learning_rate",
    "tokens",
    "step_seconds",
    "loss",
    "token_accuracy",
    "preference_accuracy",
    "preference_margin",
)
"""Canonical names of the per-step metrics, the last four of supervised and preference training; `score/<name>`
joins them at steps that are validated."""


class Phase(StrEnum):
    """What a run's segment was trained for."""

    SEARCH = "search"
    CONFIRM = "confirm"
    FINAL = "final"


class StopKind(StrEnum):
    """Why a segment ended."""

    REACHED = "reached"  # trained to the step that was asked for
    RULE = "rule"  # a stopping rule ended it: a result about the configuration
    FUTILE = "futile"  # healthy, but its forecast lies far below another run's: `values["forecast"]`
    PLATEAU = "plateau"  # healthy, and as good as it gets: `values["forecast"]`
    DIVERGED = "diverged"  # non-finite numbers: a failure of the configuration
    OUT_OF_MEMORY = "out_of_memory"  # it needs more memory than there is: says nothing of how good it would be
    FAILED = "failed"  # the trial crashed, hung or ran out of time
    INTERRUPTED = "interrupted"  # asked to stop from outside; says nothing about the configuration
    STOPPED = "stopped"  # ended by somebody for good; says nothing about the configuration
    LOST = "lost"  # its process vanished, its machine failed or its study is broken; says nothing about it either


BY_RULE = (StopKind.RULE, StopKind.FUTILE, StopKind.PLATEAU)
"""Ends that a stopping rule decided on a run with finite numbers."""

SAYS_NOTHING = frozenset({StopKind.INTERRUPTED, StopKind.STOPPED, StopKind.LOST, StopKind.OUT_OF_MEMORY})
"""Ends that tell nothing about how good the configuration is."""

FAILURES = (StopKind.FAILED, StopKind.OUT_OF_MEMORY)
"""Ends by the machine or the program: a later sitting, which may have more to give, tries again."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """One assignment of the searched hyperparameters.

    Equal values make equal configurations, whatever their order; `id` is a short content hash.

    Raises:
        ValueError: if a value is not a scalar, or is NaN or infinite.
    """

    values: Mapping[str, Scalar]
    _text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, value in self.values.items():
            if not isinstance(value, (bool, int, float, str)):
                raise ValueError(f"{name} must be a number, a string or a bool, not {type(value).__name__}")
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{name} must be finite, not {value}")
        values = dict(sorted(self.values.items()))
        object.__setattr__(self, "values", MappingProxyType(values))
        object.__setattr__(self, "_text", json.dumps(values, separators=(",", ":")))

    @property
    def id(self) -> str:
        """A short hash of the values: ten hexadecimal digits."""
        return hashlib.sha256(self.json().encode()).hexdigest()[:10]

    def json(self) -> str:
        """The canonical text: names sorted, no spaces, floats in repr."""
        return self._text

    def __repr__(self) -> str:
        return f"Configuration({dict(self.values)!r})"

    def __hash__(self) -> int:
        return hash(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Configuration) and self._text == other._text

    def __reduce__(self) -> tuple[type[Configuration], tuple[dict[str, Scalar]]]:
        return Configuration, (dict(self.values),)


@dataclass(frozen=True, slots=True, order=True)
class Fidelity:
    """How much of the real thing is run: `model` by name, `steps` rollout steps from the start.

    Raises:
        ValueError: unless there is at least one step.
    """

    model: str
    steps: int

    def __post_init__(self) -> None:
        if self.steps <= 0:
            raise ValueError(f"a fidelity needs at least 1 step, not {self.steps}")


@dataclass(frozen=True, slots=True)
class Cost:
    """Measured seconds of one segment, by what they bought. Sums with `+`.

    Raises:
        ValueError: if one of them is negative or NaN.
    """

    train_seconds: float = 0.0
    validate_seconds: float = 0.0
    start_seconds: float = 0.0

    def __post_init__(self) -> None:
        for name in ("train_seconds", "validate_seconds", "start_seconds"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must be >= 0, not {getattr(self, name)}")

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.train_seconds + self.validate_seconds + self.start_seconds

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.train_seconds + other.train_seconds,
            self.validate_seconds + other.validate_seconds,
            self.start_seconds + other.start_seconds,
        )


@dataclass(frozen=True, slots=True)
class StepMetrics:
    """One line of a run's metrics stream: canonical name -> value at rollout step `step` (1, 2, ...).

    Values may be NaN or infinite: that is a signal and is kept.

    Raises:
        ValueError: if the step is negative.
    """

    step: int
    values: Mapping[str, float]

    def __post_init__(self) -> None:
        if self.step < 0:
            raise ValueError(f"step must be >= 0, not {self.step}")
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    def __reduce__(self) -> tuple[type[StepMetrics], tuple[int, dict[str, float]]]:
        return StepMetrics, (self.step, dict(self.values))


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why a segment ended, with the rule's name and the values it saw when a rule ended it."""

    kind: StopKind
    step: int
    reason: str
    rule: str | None = None
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to run next: configuration φ on `fidelity` with `seed`, and why.

    The registry decides from which step it continues; a proposal only names where it must end.
    """

    configuration: Configuration
    fidelity: Fidelity
    seed: int
    phase: Phase
    reason: str
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The measured result of a run at one step.

    `score` is the validation score at `fidelity.steps` (mean accuracy of k sampled answers, 0 to 1), or None when
    the run never got there: `stop` then says why, and `last_score` is the newest validation score it had before.
    `cost` is what the run's segments up to here cost together; `steps_trained` the last step that was trained.
    """

    configuration: Configuration
    fidelity: Fidelity
    seed: int
    phase: Phase
    score: float | None
    cost: Cost
    stop: StopReason
    steps_trained: int
    last_score: float | None = None

    @property
    def succeeded(self) -> bool:
        """Whether there is a score at the step that was asked for."""
        return self.score is not None


@dataclass(frozen=True, slots=True)
class History:
    """All that an optimizer may know.

    `evaluations` in the order of their commit; `pending` the proposals still in flight; `base_scores` the validation
    score of each model before any training (what a dead run is worth), as far as it was measured.
    """

    evaluations: tuple[Evaluation, ...] = ()
    pending: tuple[Proposal, ...] = ()
    base_scores: Mapping[str, float] = field(default_factory=dict)

    def with_evaluation(self, evaluation: Evaluation) -> History:
        """The history with one more evaluation, the newest."""
        return replace(self, evaluations=(*self.evaluations, evaluation))
