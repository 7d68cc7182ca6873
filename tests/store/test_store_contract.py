"""What every store must do, whatever its database."""

from __future__ import annotations

from pathlib import Path

import pytest
from store_values import MODEL, configuration, evaluation, metrics, proposal, stopped, train

from rltune.errors import StoreError
from rltune.store.base import CheckpointState, ScoreRecord, SegmentState, StudyState
from rltune.store.open import create_study, open_study
from rltune.store.sql import SqlStudyStore
from rltune.types import Cost, Phase, StopKind


def test_a_study_keeps_its_state_config_seconds_and_facts(store: SqlStudyStore, location: str, name: str) -> None:
    store.set_state(StudyState.RUNNING, "search")
    store.add_seconds(1.5)
    store.add_seconds(2.0)
    store.set_fact("winner", {"score": 0.25, "seeds": [1, 2]})
    store.set_fact("winner", {"score": 0.5, "seeds": [1, 2, 3]})
    store.set_fact("nothing", None)
    store.set_state(StudyState.INTERRUPTED)
    store.close()

    record = open_study(location, name).study()

    assert (record.name, record.state, record.phase) == (name, StudyState.INTERRUPTED, "search")
    assert record.seconds == 3.5
    assert record.config == {"budget": 300}
    assert record.facts == {"winner": {"score": 0.5, "seeds": [1, 2, 3]}, "nothing": None}


def test_the_same_three_give_the_same_run_and_other_ones_another(store: SqlStudyStore) -> None:
    first = store.run(configuration(0), MODEL, 0)
    others = [
        store.run(configuration(1), MODEL, 0),
        store.run(configuration(0), "larger", 0),
        store.run(configuration(0), MODEL, 1),
    ]

    assert store.run(configuration(0), MODEL, 0) == first
    assert len({run.id for run in (first, *others)}) == 4
    assert [run.number for run in store.runs()] == [1, 2, 3, 4]
    assert first.last_step == 0 and first.stop is None


def test_a_segment_goes_from_running_to_ended(store: SqlStudyStore, tmp_path: Path) -> None:
    of = proposal(40)
    run = store.run(of.configuration, MODEL, 0)
    begun = store.begin_segment(of, run.id, 0, tmp_path / "s1")
    store.set_process(begun.id, 4711, 12.5)

    running = store.segments(run.id)[0]
    assert (running.state, running.pid, running.pid_started) == (SegmentState.RUNNING, 4711, 12.5)
    assert (running.from_step, running.to_step, running.folder) == (0, 40, tmp_path / "s1")
    assert store.history().pending == (of,)

    stop = stopped(StopKind.REACHED, 40)
    checkpoint = (40, tmp_path / "c40", 123)
    curve, results = metrics(1, 40), [evaluation(of)]
    assert store.finish_segment(begun.id, stop, Cost(2.0), curve, [checkpoint], results, "tail", "node-7 (4f2a)")

    ended = store.segments()[0]
    assert (ended.state, ended.stop, ended.cost) == (SegmentState.ENDED, stop, Cost(2.0))
    assert (running.worker, ended.log_tail, ended.worker) == ("", "tail", "node-7 (4f2a)")
    assert ended.ended is not None and ended.ended >= ended.started
    assert store.history().pending == ()
    assert store.runs()[0].last_step == 40 and store.runs()[0].stop == stop
    assert [step.step for step in store.curve(run.id)] == list(range(1, 41))


def test_finishing_twice_changes_nothing(store: SqlStudyStore, tmp_path: Path) -> None:
    of = proposal(40)
    train(store, of, score=0.5, checkpoints=((40, tmp_path / "c", 1),))
    before = (store.history(), store.segments(), store.checkpoints(), store.decisions(), store.curve("r0001"))

    again = store.finish_segment(
        store.segments()[0].id,
        stopped(StopKind.RULE, 3, "kl"),
        Cost(9.0),
        metrics(1, 60),
        [(60, tmp_path / "d", 2)],
        [evaluation(of, 0.9)],
        "other",
    )

    assert again is False
    assert before == (
        store.history(),
        store.segments(),
        store.checkpoints(),
        store.decisions(),
        store.curve("r0001"),
    )


def test_a_segment_may_pass_several_rungs(store: SqlStudyStore) -> None:
    run = store.run(configuration(), MODEL, 0)
    segment = store.begin_segment(proposal(40), run.id, 0, Path("s"))
    rungs = [evaluation(proposal(10), 0.2), evaluation(proposal(20), 0.3), evaluation(proposal(40), 0.4)]

    assert store.finish_segment(segment.id, rungs[-1].stop, Cost(1.0), metrics(1, 40), [], rungs)

    assert list(store.history().evaluations) == rungs


def test_a_run_has_one_running_segment_at_a_time(store: SqlStudyStore) -> None:
    run = store.run(configuration(), MODEL, 0)
    store.begin_segment(proposal(10), run.id, 0, Path("s"))

    with pytest.raises(StoreError, match="running segment already"):
        store.begin_segment(proposal(20), run.id, 10, Path("s"))

    assert len(store.segments()) == 1 and len(store.decisions()) == 1


def test_a_segment_must_go_forward(store: SqlStudyStore) -> None:
    run = store.run(configuration(), MODEL, 0)
    with pytest.raises(StoreError, match="from step 20 to step 20"):
        store.begin_segment(proposal(20), run.id, 20, Path("s"))


def test_unknown_runs_segments_and_checkpoints_are_refused(store: SqlStudyStore) -> None:
    run = store.run(configuration(), MODEL, 0)
    with pytest.raises(StoreError, match="no run 'r0099'"):
        store.begin_segment(proposal(10), "r0099", 0, Path("s"))
    with pytest.raises(StoreError, match="no segment 'r0001-s7'"):
        store.add_steps("r0001-s7", metrics(1, 1))
    with pytest.raises(StoreError, match="no checkpoint of step 5"):
        store.pin_checkpoint(run.id, 5, True)


def test_an_evaluation_of_another_run_is_refused(store: SqlStudyStore) -> None:
    run = store.run(configuration(0), MODEL, 0)
    with pytest.raises(StoreError, match=r"but run r0001 is"):
        store.add_evaluation(evaluation(proposal(10, number=1)), run.id)
    assert store.evaluations() == []


def test_a_scored_evaluation_stays_and_a_failed_one_gives_way(store: SqlStudyStore) -> None:
    failed = stopped(StopKind.FAILED, 7)
    run_id = train(store, proposal(10), score=None, stop=failed)
    train(store, proposal(10, number=1), score=0.2)
    assert [e.score for e in store.history().evaluations] == [None, 0.2]

    train(store, proposal(10), score=0.6)
    assert [e.score for e in store.history().evaluations] == [0.2, 0.6]

    store.add_evaluation(evaluation(proposal(10), 0.9), run_id)
    assert [e.score for e in store.history().evaluations] == [0.2, 0.6]


def test_history_is_in_the_order_of_commit_and_leaves_the_final_phase_out(store: SqlStudyStore) -> None:
    train(store, proposal(20, number=3))
    train(store, proposal(10, number=1))
    train(store, proposal(10, number=1, phase=Phase.FINAL, seed=5))
    train(store, proposal(40, number=3, phase=Phase.CONFIRM), from_step=20)
    run = store.run(configuration(8), MODEL, 0)
    store.begin_segment(proposal(10, number=8, phase=Phase.FINAL), run.id, 0, Path("s"))

    history = store.history()

    assert [(e.configuration, e.fidelity.steps) for e in history.evaluations] == [
        (configuration(3), 20),
        (configuration(1), 10),
        (configuration(3), 40),
    ]
    assert history.pending == ()
    assert len(store.evaluations()) == 4


def test_base_scores_are_those_of_base_models_on_validation(store: SqlStudyStore) -> None:
    run_id = train(store, proposal(10))
    store.add_score(ScoreRecord(MODEL, None, 0, "validation", {"mean": 0.1}, 1.0))
    store.add_score(ScoreRecord(MODEL, None, 0, "validation", {"mean": 0.4, "greedy": 0.9}, 2.0))
    store.add_score(ScoreRecord("large", None, 0, "test", {"mean": 0.7}, 2.0))
    store.add_score(ScoreRecord(MODEL, run_id, 10, "validation", {"mean": 0.8}, 2.0))

    assert store.history().base_scores == {MODEL: 0.4}
    assert len(store.scores()) == 3
    assert [s.values["mean"] for s in store.scores() if s.run_id == run_id] == [0.8]


def test_the_ledger_tells_proposals_promotions_retries_and_stops(store: SqlStudyStore) -> None:
    train(store, proposal(10))
    train(store, proposal(20), from_step=10, stop=stopped(StopKind.LOST, 13), silent=True)
    train(store, proposal(20), from_step=10)
    train(store, proposal(40), from_step=20, score=None, stop=stopped(StopKind.RULE, 33, "kl_growth"))

    lines = store.decisions()

    assert [line.kind for line in lines] == ["proposal", "promotion", "retry", "promotion", "stop"]
    assert lines[0].values["ei"] == 0.25 and lines[0].values["to_step"] == 10
    assert lines[1].values["from_step"] == 10 and lines[1].reason == "looks good"
    assert (lines[-1].values["rule"], lines[-1].values["step"], lines[-1].values["seen"]) == (
        "kl_growth",
        33,
        0.5,
    )
    assert {line.subject for line in lines} == {"r0001"}


def test_steps_trained_again_are_counted_and_their_metrics_replaced(store: SqlStudyStore) -> None:
    run_id = train(store, proposal(20), stop=stopped(StopKind.LOST, 15), silent=True)
    segment = store.begin_segment(proposal(20), run_id, 10, Path("s"))
    store.add_steps(segment.id, metrics(11, 12, reward=0.9))
    stop = stopped(StopKind.REACHED, 20)
    store.finish_segment(segment.id, stop, Cost(), metrics(13, 20, reward=0.9), [], [])

    assert [s.retrained for s in store.segments()] == [0, 5]
    curve = store.curve(run_id)
    assert [step.step for step in curve] == list(range(1, 21))
    assert [step.values["reward"] for step in curve] == [0.5] * 10 + [0.9] * 10


def test_a_promotion_that_continues_retrains_nothing(store: SqlStudyStore) -> None:
    train(store, proposal(20))
    train(store, proposal(40), from_step=20)
    assert [s.retrained for s in store.segments()] == [0, 0]


def test_checkpoints_change_state_and_keep_pins(store: SqlStudyStore, tmp_path: Path) -> None:
    saved = tuple((step, tmp_path / f"c{step}", step) for step in (10, 20))
    run_id = train(store, proposal(20), checkpoints=saved)
    store.pin_checkpoint(run_id, 20, True)
    store.set_checkpoint_state(run_id, 20, CheckpointState.DAMAGED)

    assert [c.step for c in store.checkpoints(run_id)] == [10]
    assert store.runs()[0].last_step == 10
    assert [c.step for c in store.checkpoints(state=CheckpointState.DAMAGED)] == [20]

    train(store, proposal(40), from_step=10, checkpoints=((20, tmp_path / "again", 7),))
    again = store.checkpoints(run_id)[-1]
    assert (again.step, again.path, again.bytes, again.pinned) == (20, tmp_path / "again", 7, True)


def test_what_is_no_plain_value_is_refused_and_nothing_is_written(store: SqlStudyStore) -> None:
    with pytest.raises(StoreError, match="plain values"):
        store.set_fact("bad", {"thing": {1, 2}})
    assert store.study().facts == {}


def test_a_method_that_fails_has_changed_nothing(store: SqlStudyStore, tmp_path: Path) -> None:
    of = proposal(40)
    run = store.run(of.configuration, MODEL, 0)
    segment = store.begin_segment(of, run.id, 0, Path("s"))
    stranger = evaluation(proposal(40, number=5))

    with pytest.raises(StoreError):
        saved = [(40, tmp_path / "c", 1)]
        store.finish_segment(segment.id, stranger.stop, Cost(), metrics(1, 40), saved, [stranger])

    assert store.segments()[0].state is SegmentState.RUNNING
    assert store.curve(run.id) == [] and store.checkpoints() == []


def test_two_studies_in_one_place_keep_apart(store: SqlStudyStore, location: str, name: str) -> None:
    other = create_study(location, f"{name}-b", {})
    train(store, proposal(10))
    train(other, proposal(20))
    other.add_event("info", "mine")

    assert [e.fidelity.steps for e in store.history().evaluations] == [10]
    assert [e.fidelity.steps for e in other.history().evaluations] == [20]
    assert store.events() == [] and len(other.runs()) == 1
    other.close()
