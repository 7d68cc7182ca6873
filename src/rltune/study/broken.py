"""Whether a study is broken, so that it had better stop: pure, from how its trials ended.

A configuration that fails is a result. A study is broken if whatever it tries fails: its reward function raises, its
data is missing, trials of different configurations end in the same error before any has worked, its machine fails one
trial after the other, or no trial ever gets another reward than one constant.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rltune.faults.attribute import attribute, signature
from rltune.faults.base import WORDS, Attribution, Cause, Fault
from rltune.store.base import RunRecord, SegmentRecord
from rltune.types import FAILURES, SAYS_NOTHING, StepMetrics, StopKind, StopReason

BROKEN_AFTER = 5
"""So many crashed trials in a row: the study (or its machine) is broken, not the configurations."""
SAME_AFTER = 3
"""So many configurations with the same error, while nothing has worked yet."""
LOST_AFTER = 8
"""So many trials in a row that the same known failure of the infrastructure ended."""
CONSTANT_AFTER = 4
"""So many runs with one and the same reward at all steps, of at least `CONSTANT_CONFIGURATIONS` configurations."""
CONSTANT_CONFIGURATIONS = 3
CONSTANT_STEPS = 12
"""Steps that they must have together."""

_BY_SOMEBODY = (StopKind.INTERRUPTED, StopKind.STOPPED)
_PASSED_OVER = SAYS_NOTHING - {StopKind.OUT_OF_MEMORY}
_COME_AND_GO = (Cause.KILLED, Cause.PREEMPTED, Cause.DISK)
"""Of these there may be any number: somebody kills, the scheduler takes back, and on a full disk the study waits."""


@dataclass(frozen=True, slots=True)
class Broken:
    """Why a study must not go on: what was seen, and what to do."""

    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class End:
    """How a segment ended, of a run of a configuration; `blame` None: it did not fail."""

    run: str
    configuration: str
    stop: StopReason
    blame: Attribution | None


def ends_of(segments: Iterable[SegmentRecord], runs: Iterable[RunRecord]) -> list[End]:
    """The ends of all segments, oldest first."""
    known = {run.id: run.configuration.id for run in runs}
    ended = sorted((s for s in segments if s.stop is not None), key=lambda s: s.ended or 0.0)
    return [End(s.run_id, known[s.run_id], s.stop, attribute(s.stop, s.log_tail)) for s in ended if s.stop is not None]


def find_broken(ends: Sequence[End]) -> Broken | None:
    """What is wrong with the study after its newest end; None if nothing is known to be."""
    if not ends or ends[-1].blame is None:
        return None
    for look in (_study_at_fault, _same_error, _all_crash, _machine_fails):
        if found := look(ends):
            return found
    return None


def find_constant(curves: Iterable[tuple[RunRecord, Sequence[StepMetrics]]]) -> Broken | None:
    """Whether all runs so far have had one reward at all their steps. Runs without a reward say nothing."""
    seen: set[float] = set()
    configurations, runs, steps = set(), 0, 0
    for run, curve in curves:
        rewards = [m.values["reward"] for m in curve if "reward" in m.values]
        if len(rewards) < 2:
            continue
        seen.update(rewards)
        if len(seen) > 1 or not math.isfinite(rewards[0]):
            return None
        configurations.add(run.configuration)
        runs, steps = runs + 1, steps + len(rewards)
    if runs < CONSTANT_AFTER or len(configurations) < CONSTANT_CONFIGURATIONS or steps < CONSTANT_STEPS:
        return None
    return Broken(
        f"all {runs} runs of {len(configurations)} configurations had the reward {next(iter(seen)):g} at each of their "
        f"{steps} steps: there is nothing to learn from",
        "is the reward function the right one for these answers, is the task too hard for the model (or solved "
        "already), are answers cut off? Mend it in a new study: results with another reward don't compare",
    )


def _study_at_fault(ends: Sequence[End]) -> Broken | None:
    """Once, if nothing has worked yet; after that a second configuration must have met it too: the first may be the
    one whose answers are so odd that no other sees the error."""
    newest = ends[-1]
    if newest.blame is None or newest.blame.fault is not Fault.STUDY:
        return None
    cause = newest.blame.cause
    met = {end.configuration for end in ends if end.blame is not None and end.blame.cause is cause}
    if _worked(ends) and len(met) < 2:
        return None
    return Broken(f"{WORDS[cause]}: {newest.stop.reason}", newest.blame.remedy)


def _same_error(ends: Sequence[End]) -> Broken | None:
    if _worked(ends) or ends[-1].stop.kind is not StopKind.FAILED:
        return None
    newest = signature(ends[-1].stop.reason)
    alike = {
        end.configuration for end in ends if end.stop.kind is StopKind.FAILED and signature(end.stop.reason) == newest
    }
    if len(alike) < SAME_AFTER:
        return None
    return Broken(
        f"nothing has worked yet, and {len(alike)} configurations ended in the same error: {ends[-1].stop.reason}",
        "see the trials' log.txt below runs/, mend the cause, then `rltune resume`",
    )


def _all_crash(ends: Sequence[End]) -> Broken | None:
    newest_of = {end.run: number for number, end in enumerate(ends)}
    kinds = [
        end.stop.kind
        for number, end in enumerate(ends)
        if end.stop.kind not in _PASSED_OVER
        # A run that had a second try with less memory counts once.
        and (end.stop.kind is not StopKind.OUT_OF_MEMORY or newest_of[end.run] == number)
    ]
    newest = kinds[-BROKEN_AFTER:]
    if ends[-1].stop.kind not in FAILURES or len(newest) < BROKEN_AFTER or any(k not in FAILURES for k in newest):
        return None
    short = all(kind is StopKind.OUT_OF_MEMORY for kind in newest)
    return Broken(
        f"the last {BROKEN_AFTER} trials all {'ran out of memory' if short else 'crashed'}, the newest one so: "
        f"{ends[-1].stop.reason}",
        "see the trials' log.txt below runs/, mend the cause, then `rltune resume`",
    )


def _machine_fails(ends: Sequence[End]) -> Broken | None:
    newest = ends[-LOST_AFTER:]
    causes = {end.blame.cause if end.blame is not None and end.stop.kind is StopKind.LOST else None for end in newest}
    cause = causes.pop()
    if len(newest) < LOST_AFTER or causes or cause is None or cause in _COME_AND_GO:
        return None
    blame = ends[-1].blame
    return Broken(
        f"the last {LOST_AFTER} trials all ended because {WORDS[cause]}, the newest one so: {ends[-1].stop.reason}",
        f"{blame.remedy if blame else ''}; then `rltune resume`",
    )


def _worked(ends: Sequence[End]) -> bool:
    """Whether any trial has given a result, be it a bad one."""
    return any(end.blame is None and end.stop.kind not in _BY_SOMEBODY for end in ends)
