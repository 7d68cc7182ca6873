"""The search's runs on one model, as a baseline sees them: each configuration with its score at every passed rung."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from rltune.bayes.data import score_of, worth_of
from rltune.optimizers.base import Problem
from rltune.optimizers.runs import read_runs
from rltune.space.space import Space
from rltune.types import Configuration, Evaluation, History, StopKind

TRIES = 1_000
"""Draws after which a space counts as used up."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One configuration on the largest search model, with the training seed of the search.

    Attributes:
        scores: score by step; the mean, if a step was measured more than once.
        attempted: largest step asked of it, reached or not. busy: whether it is in flight.
        dead: it was stopped or failed, here or elsewhere. crashed: and only by crashes, which may be the machine's.
        closed: there isn't enough memory for it here, or somebody has stopped it.
        forecast: expected score at r_max of a run that a forecast ended.
    """

    configuration: Configuration
    scores: Mapping[int, float]
    attempted: int
    busy: bool
    dead: bool
    crashed: bool
    forecast: float | None
    closed: bool = False

    def rests_at(self, steps: int, below: int) -> bool:
        """Whether it has a score at step `below` and could go on to `steps`."""
        stands = not self.busy and not self.dead and not self.closed
        return below in self.scores and self.attempted < steps and stands


@dataclass(frozen=True, slots=True)
class Trials:
    """All trials, sorted by configuration, so that nothing depends on the order of the history.

    `taken` also has the configurations that died elsewhere: they aren't to be proposed either.
    """

    all: tuple[Trial, ...]
    taken: frozenset[Configuration]

    def resting(self, steps: int, below: int) -> list[Trial]:
        """Those that could go on from step `below` to `steps`, best first."""
        found = [t for t in self.all if t.rests_at(steps, below)]
        return sorted(found, key=lambda t: -t.scores[below])


def read_trials(problem: Problem, history: History) -> Trials:
    """The trials of a history; configurations outside the space are left out."""
    model, seed = problem.full_search_run.model, problem.training_seed
    runs = read_runs(history, seed)
    scores: dict[Configuration, dict[int, list[float]]] = {}
    forecasts: dict[Configuration, list[float]] = {}
    kinds: dict[Configuration, set[StopKind]] = {}
    for e in history.evaluations:
        if e.fidelity.model != model or e.seed != seed:
            continue
        score = score_of(e)
        kinds.setdefault(e.configuration, set()).add(_kind(e))
        if score is not None:
            scores.setdefault(e.configuration, {}).setdefault(e.fidelity.steps, []).append(score)
        elif (worth := worth_of(e)) is not None:
            forecasts.setdefault(e.configuration, []).append(worth)
    found = []
    for (configuration, where), attempted in runs.attempted.items():
        if where != model or not problem.space.contains(configuration):
            continue
        dead = configuration in runs.dead
        found.append(
            Trial(
                configuration,
                {steps: _mean(values) for steps, values in scores.get(configuration, {}).items()},
                attempted,
                (configuration, model) in runs.busy,
                dead,
                dead and kinds.get(configuration, set()) <= {StopKind.REACHED, StopKind.FAILED},
                _mean(forecasts[configuration]) if configuration in forecasts else None,
                (configuration, model) in runs.closed,
            )
        )
    found.sort(key=lambda t: t.configuration.json())
    return Trials(tuple(found), runs.dead | {t.configuration for t in found})


def new_at_random(space: Space, seed: int, number: int, taken: Iterable[Configuration]) -> Configuration | None:
    """The `number`-th draw, uniform in unit values, that isn't taken; None if the space is used up."""
    refused = frozenset(taken)
    for attempt in range(TRIES):
        configuration = space.tidy(space.sample(np.random.default_rng((seed, number, attempt))))
        if configuration not in refused:
            return configuration
    return None


def _kind(evaluation: Evaluation) -> StopKind:
    """How it ended; a step that was reached with no finite score counts as divergence."""
    kind = evaluation.stop.kind
    return StopKind.DIVERGED if kind is StopKind.REACHED and score_of(evaluation) is None else kind


def _mean(values: list[float]) -> float:
    """In any order of values the same to the last bit."""
    return math.fsum(values) / len(values)
