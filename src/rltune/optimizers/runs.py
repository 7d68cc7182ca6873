"""What has been run, as far as it decides what may be proposed next."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from rltune.bayes.data import score_of
from rltune.types import SAYS_NOTHING, Configuration, Evaluation, Fidelity, History, StopKind

CLOSED = (StopKind.OUT_OF_MEMORY, StopKind.STOPPED)
"""Ends after which a run isn't continued, though they say nothing about its configuration."""

RunKey = tuple[Configuration, str]
"""A run of the search: configuration and model; the seed is always the problem's training seed."""


@dataclass(frozen=True, slots=True)
class Runs:
    """The search's runs.

    Attributes:
        attempted: largest step asked of each run, whether it got there or is in flight.
        reached: largest step with a score, of each run that has one.
        busy: runs in flight. dead: configurations of which any run, with any seed, was stopped or failed.
        scores: the score at that step; the highest, if it was measured more than once.
        closed: runs that don't go on though nothing speaks against their configurations elsewhere: there isn't enough
            memory for them, or somebody has stopped them.
    """

    attempted: Mapping[RunKey, int]
    reached: Mapping[RunKey, int]
    scores: Mapping[RunKey, float]
    busy: frozenset[RunKey]
    dead: frozenset[Configuration]
    closed: frozenset[RunKey] = frozenset()

    def may_run(self, configuration: Configuration, fidelity: Fidelity) -> bool:
        """True if this is neither done, nor passed, nor in flight, nor hopeless."""
        run = (configuration, fidelity.model)
        possible = configuration not in self.dead and run not in self.busy and run not in self.closed
        return possible and fidelity.steps > self.attempted.get(run, 0)

    @property
    def known(self) -> tuple[Configuration, ...]:
        """Configurations that were proposed and aren't dead, sorted: ties mustn't fall by the order of a history."""
        return tuple(sorted({c for c, _ in self.attempted} - self.dead, key=Configuration.json))

    @property
    def survivors(self) -> tuple[Configuration, ...]:
        """Configurations with a score that aren't dead, sorted."""
        return tuple(sorted({c for c, _ in self.reached} - self.dead, key=Configuration.json))


def read_runs(history: History, seed: int) -> Runs:
    """The runs with training seed `seed`; in any order of evaluations."""
    attempted: dict[RunKey, int] = {}
    reached: dict[RunKey, int] = {}
    scores: dict[RunKey, float] = {}
    dead: set[Configuration] = set()
    closed: set[RunKey] = set()
    for evaluation in history.evaluations:
        if _is_death(evaluation):
            dead.add(evaluation.configuration)
        score = score_of(evaluation)
        if evaluation.seed != seed:
            continue
        run, steps = (evaluation.configuration, evaluation.fidelity.model), evaluation.fidelity.steps
        if evaluation.stop.kind in CLOSED:
            closed.add(run)
        elif score is None and evaluation.stop.kind in SAYS_NOTHING:
            continue
        attempted[run] = max(steps, attempted.get(run, 0))
        if score is not None and (steps, score) > (reached.get(run, 0), scores.get(run, -math.inf)):
            reached[run], scores[run] = steps, score
    busy: set[RunKey] = set()
    for proposal in history.pending:
        if proposal.seed == seed:
            run = (proposal.configuration, proposal.fidelity.model)
            attempted[run] = max(proposal.fidelity.steps, attempted.get(run, 0))
            busy.add(run)
    return Runs(attempted, reached, scores, frozenset(busy), frozenset(dead), frozenset(closed))


def best_scored(history: History, sizes: Mapping[str, float], count: int) -> list[Configuration]:
    """Up to `count` survivors by what was measured at their own highest fidelity: larger models first, then more
    steps, then the mean score over seeds; of equals, by their canonical text."""
    dead = {e.configuration for e in history.evaluations if _is_death(e)}
    measured: dict[Configuration, dict[tuple[float, int], list[float]]] = {}
    for evaluation in history.evaluations:
        score = score_of(evaluation)
        if score is not None and evaluation.configuration not in dead:
            level = (sizes.get(evaluation.fidelity.model, 0.0), evaluation.fidelity.steps)
            measured.setdefault(evaluation.configuration, {}).setdefault(level, []).append(score)

    def key(configuration: Configuration) -> tuple[float, int, float]:
        level = max(measured[configuration])
        scores = measured[configuration][level]
        return (*level, math.fsum(scores) / len(scores))

    return sorted(sorted(measured, key=Configuration.json), key=key, reverse=True)[:count]


def _is_death(evaluation: Evaluation) -> bool:
    kind = evaluation.stop.kind
    if kind is StopKind.REACHED:
        return score_of(evaluation) is None
    return kind not in SAYS_NOTHING and kind is not StopKind.PLATEAU
