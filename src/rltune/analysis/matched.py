"""Pairs of scores of the same configurations at two fidelities, from evaluations."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rltune.bayes.data import worth_of
from rltune.types import SAYS_NOTHING, Configuration, Evaluation, Fidelity, Phase, StopKind


@dataclass(frozen=True, slots=True)
class Matched:
    """One configuration's worth on a proxy and on the target. `died`: the target's run was stopped or diverged."""

    configuration: Configuration
    proxy: float
    target: float
    died: bool


def matched_pairs(
    evaluations: Iterable[Evaluation], proxy: Fidelity, target: Fidelity, floors: Mapping[str, float]
) -> tuple[Matched, ...]:
    """A pair for each configuration whose worth is known at both fidelities, in the order of the target's results.

    Final runs are left out: their seeds are others. See `worths` for what a run is worth that died.
    """
    known = [e for e in evaluations if e.phase is not Phase.FINAL]
    ours, theirs = worths(known, proxy, floors), worths(known, target, floors)
    died = {e.configuration for e in known if e.fidelity.model == target.model and _died_before(e, target.steps)}
    return tuple(Matched(c, ours[c], worth, c in died) for c, worth in theirs.items() if c in ours)


def worths(
    evaluations: Iterable[Evaluation], fidelity: Fidelity, floors: Mapping[str, float]
) -> dict[Configuration, float]:
    """What each configuration is worth at a fidelity, the mean over its seeds: its score there; the forecast that ended
    it; or `floors` of the model, if it was stopped or diverged before and no seed tells more. A crash says nothing of
    the configuration, nor does a run for which there is no floor."""
    told: dict[Configuration, list[float]] = {}
    for e in evaluations:
        if e.fidelity.model != fidelity.model:
            continue
        if e.fidelity.steps == fidelity.steps and (worth := worth_of(e)) is not None:
            told.setdefault(e.configuration, []).append(worth)
        elif _died_before(e, fidelity.steps) and e.fidelity.model in floors:
            told.setdefault(e.configuration, [])
    return {c: statistics.fmean(worth) if worth else floors[fidelity.model] for c, worth in told.items()}


def _died_before(e: Evaluation, step: int) -> bool:
    if e.stop.kind in SAYS_NOTHING or e.stop.kind is StopKind.FAILED or worth_of(e) is not None:
        return False
    if e.stop.kind is StopKind.REACHED:  # died of its last steps: the validation's score isn't finite
        return e.score is not None and e.fidelity.steps <= step
    return e.fidelity.steps >= step and e.steps_trained <= step
