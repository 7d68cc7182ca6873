"""Whether a request can be granted, and by which facts it is carried out: pure, from what the store holds.

Asked twice, before it is written down (so that whoever asks hears of a mistake at once) and when the controller comes
to it (much may have changed since). Work that was asked for is kept as the fact `asked`, see `rltune.study.errands`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rltune.errors import StudyError, did_you_mean
from rltune.store.base import (
    CheckpointRecord,
    RequestState,
    RunRecord,
    SegmentRecord,
    SegmentState,
    StudyRecord,
    StudyState,
    StudyStore,
)
from rltune.study.asked import Asked, Enqueue, ExtendRun, Pause, Pin, Resume, StopRun
from rltune.study.errands import ASKED, STOPPED, errands_of, stopped_of
from rltune.study.retries import tried_again
from rltune.types import Evaluation, Phase

PAUSED = "paused"


BEGUN = "begun"
"""Fact: names of the phases that have begun, and have chosen what they choose once."""


def begun_of(study: StudyRecord) -> set[str]:
    """Names of the phases that have begun."""
    known = study.facts.get(BEGUN)
    return {str(name) for name in known} if isinstance(known, (list, tuple)) else set()


@dataclass(frozen=True, slots=True)
class Grant:
    """How a request is carried out.

    Attributes:
        answer: for whoever asked. subject: of the ledger's line. facts: that carry it out, written with the answer.
        anew: phases that choose anew, since what they chose from has changed.
    """

    answer: str
    subject: str = "study"
    facts: Mapping[str, object] = field(default_factory=dict)
    anew: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What a request is judged by.

    Attributes:
        who: asks, in words, such as `cli (request 3)`.
        alive: somebody runs the study. evaluations: by run id. seed: of the search's runs.
        before: kinds of the requests to pause and to go on that came before and still wait.
    """

    study: StudyRecord
    who: str
    alive: bool = True
    runs: Sequence[RunRecord] = ()
    segments: Sequence[SegmentRecord] = ()
    evaluations: Sequence[tuple[str, Evaluation]] = ()
    checkpoints: Sequence[CheckpointRecord] = ()
    seed: int = 0
    before: Sequence[str] = ()

    def run(self, run_id: str) -> RunRecord:
        """The run of this id.

        Raises:
            StudyError: if there is none.
        """
        for run in self.runs:
            if run.id == run_id:
                return run
        ids = [run.id for run in self.runs]
        known = f"its runs are {ids[0]} to {ids[-1]}" if ids else "it has no runs yet"
        raise StudyError(f"the study has no run {run_id}", where="request", hint=did_you_mean(run_id, ids) or known)

    def of(self, run_id: str) -> list[SegmentRecord]:
        """A run's segments, in their order."""
        return [segment for segment in self.segments if segment.run_id == run_id]

    def evaluated(self, run_id: str) -> dict[int, Evaluation]:
        """A run's evaluations, by step."""
        return {e.fidelity.steps: e for found, e in self.evaluations if found == run_id}

    @property
    def closing(self) -> bool:
        """Whether the winner is chosen already."""
        return "final" in begun_of(self.study)

    @property
    def finished(self) -> bool:
        return self.study.state is StudyState.FINISHED

    @property
    def paused(self) -> bool:
        """Whether it is paused once what was asked before has been obeyed."""
        return self.before[-1] == "pause" if self.before else self.study.paused


def look_for(asked: Asked, store: StudyStore, who: str, number: int, alive: bool = True, seed: int = 0) -> Seen:
    """Reads what a request is judged by. `number`: the request's; 0: it has none yet."""
    study = store.study()
    if isinstance(asked, (Pause, Resume)):
        waiting = [r for r in store.requests(RequestState.WAITING) if r.kind in ("pause", "resume")]
        return Seen(study, who, alive, before=[r.kind for r in waiting if not number or r.id < number])
    if not isinstance(asked, (StopRun, Enqueue, Pin, ExtendRun)):
        return Seen(study, who, alive, seed=seed)
    checkpoints = store.checkpoints(asked.run) if isinstance(asked, Pin) else []
    runs, segments, evaluations = store.runs(), store.segments(), store.evaluations()
    return Seen(study, who, alive, runs, segments, evaluations, checkpoints, seed)


def grant_pause(asked: Pause, seen: Seen) -> Grant:
    """Raises StudyError if there is nothing to pause."""
    if seen.finished:
        raise StudyError("the study is finished", where="request pause")
    if not seen.alive:
        raise StudyError("nobody runs the study: there is nothing to pause", where="request pause")
    if seen.paused:
        raise StudyError("the study is paused already", where="request pause", hint="`rltune resume STUDY` goes on")
    return Grant(
        "trials in flight save a checkpoint at their next step and wait; no others begin", facts={PAUSED: True}
    )


def grant_resume(asked: Resume, seen: Seen) -> Grant:
    """Raises StudyError if it isn't paused."""
    if not seen.alive:
        raise StudyError("nobody runs the study", where="request resume", hint="`rltune resume STUDY` goes on with it")
    if not seen.paused:
        raise StudyError("the study isn't paused", where="request resume")
    return Grant("the study goes on", facts={PAUSED: False})


def grant_pin(asked: Pin, seen: Seen) -> Grant:
    """Raises StudyError if there is no such checkpoint any more."""
    seen.run(asked.run)
    steps = [record.step for record in seen.checkpoints]
    if asked.step not in steps:
        kept = f"it has those of {', '.join(map(str, steps))}" if steps else "it has none"
        raise StudyError(f"run {asked.run} has no checkpoint of step {asked.step}", where="request pin", hint=kept)
    kept = "is kept whatever happens" if asked.pinned else "may be deleted again when room is short"
    return Grant(f"the checkpoint of step {asked.step} {kept}", asked.run)


def grant_stop(asked: StopRun, seen: Seen) -> Grant:
    """Raises StudyError if the run isn't being trained and wouldn't go on by itself, or a phase couldn't end."""
    run, segments = seen.run(asked.run), seen.of(asked.run)
    newest = segments[-1] if segments else None
    done = set(seen.evaluated(run.id))
    if newest is None or (newest.state is SegmentState.ENDED and tried_again(segments, done) is None):
        end = f": it ended at step {newest.stop.step} ({newest.stop.reason})" if newest and newest.stop else ""
        raise StudyError(f"run {run.id} isn't being trained{end}", where="request stop_run")
    stopped = stopped_of(seen.study.facts)
    if newest.id in stopped:
        raise StudyError(f"run {run.id} is being stopped already", where="request stop_run")
    if newest.phase in (Phase.CONFIRM, Phase.FINAL):
        _refuse_last(run, newest.phase, seen)
    how = "ends at its next step, with a checkpoint" if newest.state is SegmentState.RUNNING else "isn't gone on with"
    answer = f"run {run.id} {how}; `rltune extend STUDY {run.id}` would train it further"
    others = [e.to_json() for e in errands_of(seen.study.facts) if not e.is_of(run)]
    facts = {STOPPED: {**stopped, newest.id: seen.who}, ASKED: others}
    return Grant(answer, run.id, facts)


def _refuse_last(run: RunRecord, phase: Phase, seen: Seen) -> None:
    """Raises StudyError if without this run there would be nobody left to win, or nothing of its kind to test."""
    final = phase is Phase.FINAL
    others = {
        r.id
        for r in seen.runs
        if r.id != run.id
        and r.model == run.model
        and (r.configuration == run.configuration if final else True)
        and any(s.phase is phase for s in seen.of(r.id))
    }
    alive = [run_id for run_id in others if not _came_to_nothing(run_id, seen)]
    count = seen.study.number("final_seeds") if final else None
    chosen = seen.study.facts.get("confirm")
    planned = int(count or 1) if final else 1 + (len(chosen) if isinstance(chosen, list) else 0)
    begun = len(others) + 1
    if not alive and begun >= planned:
        what = "its configuration could not be tested" if final else "no candidate would be left"
        raise StudyError(
            f"run {run.id} is the last of its kind: without it {what}",
            where="request stop_run",
            hint="pause the study, or interrupt it (Ctrl-C), and go on later",
        )


def _came_to_nothing(run_id: str, seen: Seen) -> bool:
    horizon = seen.study.horizon
    end = seen.evaluated(run_id).get(horizon or 0)
    return end is not None and end.score is None
