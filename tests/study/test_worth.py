"""What checkpoints are worth, and the ends of runs that follow from nothing but records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rltune.store.base import RunRecord, ScoreRecord, SegmentRecord, SegmentState
from rltune.study.worth import Known, worths_of
from rltune.types import Configuration, Cost, Evaluation, Fidelity, Phase, StopKind, StopReason

REACHED = StopKind.REACHED


def configuration(number: int) -> Configuration:
    return Configuration({"rate": number})


def run_of(number: int, model: str = "small", steps: int = 4, kind: StopKind = REACHED) -> RunRecord:
    return RunRecord(f"r{number}", number, configuration(number), model, 0, steps, StopReason(kind, steps, "x"))


def segment_of(run: RunRecord, phase: Phase = Phase.SEARCH) -> SegmentRecord:
    state, stop, cost = SegmentState.ENDED, run.stop, Cost(3.0 * run.last_step)
    return SegmentRecord(
        f"{run.id}-s1", run.id, 0, run.last_step, phase, "", state, Path("x"), None, None, 0.0, 1.0, stop, cost, 0, ""
    )  # fmt: skip


def evaluation_of(run: RunRecord, score: float, steps: int = 4) -> tuple[str, Evaluation]:
    fidelity, stop = Fidelity(run.model, steps), StopReason(REACHED, steps, "x")
    return run.id, Evaluation(run.configuration, fidelity, 0, Phase.SEARCH, score, Cost(), stop, steps)


def known_of(runs: list[RunRecord], scores: list[float], **changes: object) -> Known:
    evaluations = [evaluation_of(run, score) for run, score in zip(runs, scores, strict=True)]
    known = Known(runs, [segment_of(r) for r in runs], evaluations, [], {}, "search", 8, "large")
    return replace(known, **changes)  # type: ignore[arg-type]


def test_the_better_a_run_stands_the_likelier_it_goes_on() -> None:
    runs = [run_of(i) for i in range(4)]
    worths = worths_of(known_of(runs, [0.1, 0.9, 0.5, 0.3]))
    assert [worths[r.id].chance for r in runs] == [1 / 8, 1.0, 1 / 2, 1 / 4]
    assert worths["r0"].reason == "rank 4 of 4 at step 4 on small, of which 0 went on"
    assert worths["r1"].step_seconds == 3.0


def test_the_more_have_gone_on_the_less_the_rank_counts() -> None:
    runs = [run_of(0, steps=8), run_of(1, steps=8), run_of(2), run_of(3)]
    worths = worths_of(known_of(runs, [0.9, 0.8, 0.5, 0.3]))
    assert worths["r2"].chance == 0.5 and worths["r3"].chance == 0.5**1.5
    assert worths["r0"].chance == 0.0 and "all its 8 steps" in worths["r0"].reason


def test_dead_ends_are_worth_nothing_and_what_was_cut_short_all() -> None:
    runs = [run_of(0, kind=StopKind.RULE), run_of(1, kind=StopKind.FAILED), run_of(2, kind=StopKind.LOST)]
    wanted = {(configuration(2), "small", 0)}
    worths = worths_of(known_of(runs, [0.9, 0.8, 0.1], wanted=wanted))
    assert [worths[r.id].chance for r in runs] == [0.0, 0.0, 1.0]


def test_after_the_search_only_what_is_confirmed_is_needed() -> None:
    runs = [run_of(0, "large"), run_of(1, "large"), run_of(2)]
    worths = worths_of(known_of(runs, [0.9, 0.8, 0.7], phase="confirm", confirmed={configuration(1)}))
    assert [worths[r.id].chance for r in runs] == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("phase", list(Phase))
def test_a_run_that_somebody_has_stopped_is_worth_nothing_unless_it_is_extended(phase: Phase) -> None:
    run = run_of(1, "large", kind=StopKind.STOPPED)
    known = known_of([run], [0.9], phase=phase.value, confirmed={configuration(1)}, segments=[segment_of(run, phase)])
    assert worths_of(known)[run.id].chance == 0.0
    assert worths_of(replace(known, wanted={(configuration(1), "large", 0)}))[run.id].chance == 1.0


def test_final_runs_keep_their_weights_until_they_are_tested_and_the_winners_for_ever() -> None:
    runs = [run_of(0, "large", 8), run_of(1, "large", 8)]
    known = known_of(runs, [0.9, 0.8], phase="test", winner=configuration(0))
    known = replace(known, segments=[segment_of(r, Phase.FINAL) for r in runs])
    before = worths_of(known)
    assert all(w.protected and w.weights_only for w in before.values())
    tested = replace(known, scores=[ScoreRecord("large", r.id, 8, "test", {"mean": 0.5}, 1.0) for r in runs])
    after = worths_of(tested)
    assert after["r0"].protected and not after["r1"].protected and after["r1"].chance == 0.0
    assert worths_of(replace(tested, finished=True))["r0"].protected


def test_final_runs_stay_until_they_are_tested_on_all_other_tasks_too() -> None:
    run = run_of(1, "large", 8)
    known = known_of([run], [0.8], phase="test", winner=configuration(0), tests=("test", "test/hard"))
    score = ScoreRecord("large", run.id, 8, "test", {"mean": 0.5}, 1.0)
    known = replace(known, segments=[segment_of(run, Phase.FINAL)], scores=[score])
    assert worths_of(known)[run.id].protected
    assert not worths_of(replace(known, scores=[score, replace(score, split="test/hard")]))[run.id].protected
