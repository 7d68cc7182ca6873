"""From a history to the numbers that the models learn from.

Notation:
    n  number of evaluations that say something
    d  `space.dimension`
    z  (2,) fidelity coordinates in [0, 1]: log steps (smallest rung 0, r_max 1), log model size (smallest model 0,
       target 1)
    p  earlier studies that are known (see `prior_means`)
    x  (n, D), D = d + p + 3: encoding of φ, what p earlier studies say of it, then z, then the run (rungs of one run
       share its luck): 0, 1, ... for those in the history, NEW_RUN for one that hasn't begun, NO_RUN for a
       configuration's expected score
    y  (n,) score, winsorized below at the base model's score: every way to be worse than no training is equally bad,
       and a cliff doesn't ruin the fit. A run that failed, diverged or was stopped by a rule is worth that. One that a
       forecast ended (futile, or on its plateau) is worth that forecast at r_max, the step that it was on its way to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from rltune.errors import SpaceError
from rltune.space.parameters import CategoricalParameter
from rltune.space.space import Space
from rltune.types import SAYS_NOTHING, Configuration, Evaluation, History, StopKind

NO_RUN, NEW_RUN = -1.0, -2.0
"""In the run column: the expected score of a configuration, and a run that hasn't begun. Others are numbers >= 0."""


LEARNING_RATE = "learning_rate"
KEPT_ENCODINGS = 50_000

Run = tuple[Configuration, str, int]
"""Configuration, model, seed."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Normal prior of how far an earlier study is believed: 1 is to the letter, 0 not at all."""

    mean: float
    sd: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand in x: `d` columns of φ, of them `rate` the learning rate's (None: it isn't searched), one of
    each earlier study in `trusts`, then log steps, log model size and the run."""

    d: int
    rate: int | None = None
    trusts: tuple[Trust, ...] = ()

    @property
    def earlier(self) -> slice:
        """The columns of earlier studies."""
        return slice(self.d, self.d + len(self.trusts))

    @property
    def steps(self) -> int:
        return self.d + len(self.trusts)

    @property
    def size(self) -> int:
        return self.steps + 1

    @property
    def run(self) -> int:
        return self.steps + 2

    @property
    def width(self) -> int:
        """D, the number of columns."""
        return self.steps + 3


@dataclass(frozen=True, slots=True)
class FidelityScale:
    """How a fidelity becomes coordinates z.

    Attributes:
        low_steps, high_steps: smallest rung and r_max.
        sizes: number of parameters of each model, by name. target: one of these names.
    """

    low_steps: int
    high_steps: int
    sizes: Mapping[str, float]
    target: str

    def coordinates(self, model: str, steps: int) -> tuple[float, float]:
        """z of a fidelity; a coordinate that has only one value is 1."""
        smallest = min(self.sizes.values())
        return (
            _log_position(steps, self.low_steps, self.high_steps),
            _log_position(self.sizes[model], smallest, self.sizes[self.target]),
        )

    @property
    def goal(self) -> tuple[float, float]:
        """z of (target, r_max)."""
        return self.coordinates(self.target, self.high_steps)


@dataclass(frozen=True, slots=True)
class TrainingData:
    """x (n, D) and y (n,), all finite; `runs`: the numbers in the run column."""

    x: np.ndarray
    y: np.ndarray
    layout: Layout
    runs: Mapping[Run, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.y)


def score_of(evaluation: Evaluation) -> float | None:
    """The score, or None if there is none or it isn't finite."""
    score = evaluation.score
    return score if score is not None and math.isfinite(score) else None


def worth_of(evaluation: Evaluation) -> float | None:
    """The score; of a run that a forecast ended its expected reward instead, which for a task scored from 0 to 1 is
    on the score's scale; None if there is neither."""
    if evaluation.stop.kind in (StopKind.FUTILE, StopKind.PLATEAU):
        forecast = evaluation.stop.values.get("forecast", math.nan)
        return forecast if 0 <= forecast <= 1 else None
    return score_of(evaluation)


def encode_nearest(space: Space, configuration: Configuration) -> np.ndarray | None:
    """x_φ (d,) of a configuration, moved into the space if it lies outside; None if it can't be. Not to be changed: it
    is kept, since most of a choice's time went into encoding the same configurations again."""
    known = space.encodings
    if configuration not in known:
        if len(known) >= KEPT_ENCODINGS:
            known.clear()
        known[configuration] = _encoded(space, configuration)
    return known[configuration]


def _encoded(space: Space, configuration: Configuration) -> np.ndarray | None:
    try:
        return space.encode(space.clip(configuration.values))
    except SpaceError:
        return None


class Saying(Protocol):
    """What earlier studies say of configurations (see `prior_means`)."""

    trusts: tuple[Trust, ...]

    def __call__(self, encodings: np.ndarray) -> np.ndarray:
        """(q, p) of encodings (q, d)."""
        ...


def training_data(history: History, space: Space, scale: FidelityScale, earlier: Saying | None = None) -> TrainingData:
    """The evaluations, without those of unknown models or other spaces, or that say nothing; in an order of their own,
    so that the order in which they came makes no difference."""
    floors = floor_scores(history)
    rows: list[np.ndarray] = []
    scores: list[float] = []
    encodings: dict[Configuration, np.ndarray | None] = {}
    runs: dict[Run, int] = {}
    for evaluation in sorted(history.evaluations, key=_own_order):
        score, model = score_of(evaluation), evaluation.fidelity.model
        if model not in scale.sizes or (score is None and evaluation.stop.kind in SAYS_NOTHING):
            continue
        if evaluation.configuration not in encodings:
            encodings[evaluation.configuration] = encode_nearest(space, evaluation.configuration)
        encoding = encodings[evaluation.configuration]
        if encoding is None:
            continue
        run = runs.setdefault((evaluation.configuration, model, evaluation.seed), len(runs))
        rows.append(np.array([*encoding, *scale.coordinates(model, evaluation.fidelity.steps), run]))
        floor = floors.get(model, floors[""])
        worth = worth_of(evaluation)
        scores.append(floor if worth is None else max(worth, floor))
    x = np.array(rows).reshape(len(rows), space.dimension + 3)
    return TrainingData(with_earlier(x, earlier), np.array(scores), layout_of(space, earlier), runs)


def with_earlier(x: np.ndarray, earlier: Saying | None) -> np.ndarray:
    """x (n, D) of rows (n, d + 3) that lack the columns of earlier studies."""
    if earlier is None or not earlier.trusts:
        return x
    encodings, index = np.unique(x[:, :-3], axis=0, return_inverse=True)
    return np.column_stack([x[:, :-3], earlier(encodings)[index], x[:, -3:]])


def layout_of(space: Space, earlier: Saying | None = None) -> Layout:
    """Where things stand in x for a space."""
    rate = space.parameters.get(LEARNING_RATE)
    numeric = rate is not None and not isinstance(rate, CategoricalParameter)
    trusts = () if earlier is None else earlier.trusts
    return Layout(space.dimension, space.column(LEARNING_RATE) if numeric else None, trusts)


def floor_scores(history: History) -> dict[str, float]:
    """What a dead run is worth, by model: the base model's score, else the lowest one seen there; under the name ''
    the lowest of all, for models of which nothing is known."""
    floors: dict[str, float] = {}
    for evaluation in history.evaluations:
        score, model = score_of(evaluation), evaluation.fidelity.model
        if score is not None:
            floors[model] = min(score, floors.get(model, score))
    floors |= {model: score for model, score in history.base_scores.items() if math.isfinite(score)}
    floors[""] = min(floors.values(), default=0.0)
    return floors


def _own_order(evaluation: Evaluation) -> tuple[str, str, int, int, float]:
    score = score_of(evaluation)
    return (
        evaluation.configuration.json(),
        evaluation.fidelity.model,
        evaluation.seed,
        evaluation.fidelity.steps,
        -math.inf if score is None else score,
    )


def _log_position(value: float, low: float, high: float) -> float:
    return math.log(value / low) / math.log(high / low) if high > low else 1.0
