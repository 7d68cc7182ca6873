"""What keeping a run's checkpoints is worth to the study: pure, from what is known of all runs.

The chance that a run goes on follows from where it stands among the runs scored at the same fidelity: if k of them went
on so far, the i-th best (from 0) is given (1/2)^(i/k). The cost is what the run's own steps took.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from rltune.store.base import RunRecord, ScoreRecord, SegmentRecord
from rltune.store.registry import DEAD_ENDS
from rltune.store.retention import Worth
from rltune.study.plan import ModelTiming
from rltune.types import Configuration, Evaluation, Fidelity, Phase, StopKind

UNSCORED_CHANCE = 0.5
"""Of a run that hasn't been scored anywhere yet."""
_BEFORE_CONFIRMING = ("", "prepare", "search")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a study.

    Attributes:
        phase: where it is. horizon: r_max. target: the target's name. winner: once it is chosen.
        confirmed: configurations that the confirmation trains, the recipe among them. finished: nothing comes any more.
        tests: splits that each final run is scored on.
        wanted: (configuration, model, seed) of runs that are sure to go on: those that were cut short.
    """

    runs: Sequence[RunRecord]
    segments: Sequence[SegmentRecord]
    evaluations: Sequence[tuple[str, Evaluation]]
    scores: Sequence[ScoreRecord]
    timings: Mapping[str, ModelTiming]
    phase: str
    horizon: int
    target: str
    winner: Configuration | None = None
    confirmed: Collection[Configuration] = ()
    tests: Collection[str] = ("test",)
    wanted: Collection[tuple[Configuration, str, int]] = ()
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run stands: `rank` (from 0) of `count` runs scored at a fidelity, of which `went_on` have gone on."""

    fidelity: Fidelity
    rank: int
    count: int
    went_on: int

    @property
    def chance(self) -> float:
        return 0.5 ** (self.rank / max(self.went_on, 1))


def worths_of(known: Known) -> dict[str, Worth]:
    """By run id, of all runs."""
    phases = {s.run_id: s.phase for s in known.segments}
    trained, seconds = _spent(known.segments)
    places = _places(known)
    scored = {(s.run_id, s.split) for s in known.scores}
    tested = {run.id for run in known.runs if all((run.id, split) in scored for split in known.tests)}
    found = {}
    for run in known.runs:
        timing = known.timings.get(run.model)
        rate = seconds[run.id] / trained[run.id] if trained.get(run.id) else timing.step_seconds if timing else 1.0
        final = phases.get(run.id) is Phase.FINAL and run.model == known.target
        if final and run.last_step >= known.horizon:
            found[run.id] = _of_final(run, known, rate, run.id in tested)
        else:
            chance, reason = _chance(run, known, places.get(run.id), phases.get(run.id))
            found[run.id] = Worth(chance, rate, reason)
    return found


def _of_final(run: RunRecord, known: Known, rate: float, tested: bool) -> Worth:
    """Of a run of the final training that has all its steps."""
    if run.configuration == known.winner:
        return Worth(1.0, rate, "the winner's", protected=True, weights_only=True)
    if not tested and not known.finished:
        return Worth(1.0, rate, "it is still to be tested", protected=True, weights_only=True)
    return Worth(0.0, rate, "the recipe's final training, tested already", weights_only=True)


def _chance(run: RunRecord, known: Known, place: Place | None, phase: Phase | None) -> tuple[float, str]:
    """The chance that a run goes on, and why."""
    if known.finished:
        return 0.0, "the study is finished"
    if run.stop is not None and run.stop.kind in DEAD_ENDS:
        return 0.0, f"the run has ended for good: {run.stop.reason}"
    if (run.configuration, run.model, run.seed) in known.wanted:
        return 1.0, "the run was cut short and goes on"
    if run.stop is not None and run.stop.kind is StopKind.STOPPED:
        return 0.0, f"nobody goes on with it: {run.stop.reason}"
    if run.last_step >= known.horizon:
        return 0.0, f"the run has all its {known.horizon} steps"
    if phase in (Phase.CONFIRM, Phase.FINAL):
        return 1.0, f"the run is on its way to step {known.horizon}"
    if known.phase not in _BEFORE_CONFIRMING:
        chosen = known.phase == "confirm" and run.model == known.target and run.configuration in known.confirmed
        return (1.0, "it is to be confirmed") if chosen else (0.0, "the search is over")
    if run.stop is not None and run.stop.kind in (StopKind.FAILED, StopKind.OUT_OF_MEMORY):
        return 0.0, f"the search goes elsewhere: {run.stop.reason}"
    if place is None:
        return UNSCORED_CHANCE, "the run has no score yet"
    at = f"step {place.fidelity.steps} on {place.fidelity.model}"
    return place.chance, f"rank {place.rank + 1} of {place.count} at {at}, of which {place.went_on} went on"


def _places(known: Known) -> dict[str, Place]:
    """By run id, of runs with a score: among those scored at the last step that it was scored at."""
    last: dict[str, Fidelity] = {}
    reached: dict[str, int] = {}
    for segment in known.segments:
        if segment.stop is not None:
            reached[segment.run_id] = max(segment.stop.step, reached.get(segment.run_id, 0))
    scored: dict[Fidelity, list[tuple[float, str]]] = {}
    for run_id, e in known.evaluations:
        if e.score is None:
            continue
        scored.setdefault(e.fidelity, []).append((-e.score, run_id))
        if run_id not in last or e.fidelity.steps > last[run_id].steps:
            last[run_id] = e.fidelity
    found = {}
    for fidelity, group in scored.items():
        went_on = sum(reached.get(run_id, 0) > fidelity.steps for _, run_id in group)
        for rank, (_, run_id) in enumerate(sorted(group)):
            if last[run_id] == fidelity:
                found[run_id] = Place(fidelity, rank, len(group), went_on)
    return found


def _spent(segments: Sequence[SegmentRecord]) -> tuple[dict[str, int], dict[str, float]]:
    """By run id: steps trained, and the seconds that they took."""
    trained: dict[str, int] = {}
    seconds: dict[str, float] = {}
    for segment in segments:
        if segment.stop is not None:
            steps = max(0, segment.stop.step - segment.from_step)
            trained[segment.run_id] = trained.get(segment.run_id, 0) + steps
            seconds[segment.run_id] = seconds.get(segment.run_id, 0.0) + segment.cost.train_seconds
    return trained, seconds
