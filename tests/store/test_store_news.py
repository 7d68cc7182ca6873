"""What has come since a mark: told piece by piece it is what a whole reading tells."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rltune.errors import StoreError
from rltune.store.base import Mark, SegmentState
from rltune.store.sql import SqlStudyStore
from rltune.study.snapshot import Moment, Snapshots
from rltune.types import (
    Configuration,
    Cost,
    Evaluation,
    Fidelity,
    Phase,
    Proposal,
    StepMetrics,
    StopKind,
    StopReason,
)

MODEL = "proxy"
ENDS = (StopKind.REACHED, StopKind.RULE, StopKind.FAILED, StopKind.LOST, StopKind.INTERRUPTED)


def proposal(number: int, steps: int) -> Proposal:
    phase = Phase.SEARCH if number else Phase.CONFIRM
    return Proposal(Configuration({"rate": number}), Fidelity(MODEL, steps), 0, phase, "why", {"expected_seconds": 3.0})


def begin(store: SqlStudyStore, folder: Path, number: int, steps: int) -> str | None:
    """Begins a segment; None if the run is being trained."""
    wanted = proposal(number, steps)
    run = store.run(wanted.configuration, MODEL, 0)
    try:
        return store.begin_segment(wanted, run.id, 0, folder / run.id / str(len(store.segments(run.id)))).id
    except StoreError:
        return None


def end(store: SqlStudyStore, segment_id: str, kind: StopKind) -> None:
    segment = next(s for s in store.segments() if s.id == segment_id)
    run = next(r for r in store.runs() if r.id == segment.run_id)
    stop = StopReason(kind, segment.to_step, "ended")
    found = []
    if kind not in (StopKind.LOST, StopKind.INTERRUPTED):
        score = 0.5 if kind is StopKind.REACHED else None
        fidelity = Fidelity(MODEL, segment.to_step)
        found = [Evaluation(run.configuration, fidelity, 0, segment.phase, score, Cost(1.0), stop, segment.to_step)]
    store.finish_segment(segment_id, stop, Cost(1.0), [], [], found)


moves = st.lists(st.tuples(st.integers(0, 3), st.sampled_from((2, 4)), st.sampled_from((None, *ENDS))), max_size=12)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves)
def test_a_view_that_is_kept_up_is_the_view_that_is_read_anew(store: SqlStudyStore, moves: list) -> None:
    kept, running = Snapshots(store), {}
    for number, steps, kind in moves:
        segment = running.pop(number, None) or begin(store, Path("runs").absolute(), number, steps)
        if segment is not None and kind is None:
            running[number] = segment
        elif segment is not None:
            end(store, segment, kind)
        seen = kept.take(Moment())
        assert seen == Snapshots(store).take(Moment())
        assert seen.history == store.history()
        assert seen.evaluations == tuple(e for _, e in store.evaluations())
    for segment in running.values():
        end(store, segment, StopKind.INTERRUPTED)


def test_a_failure_that_came_again_counts_as_the_newest(store: SqlStudyStore, tmp_path: Path) -> None:
    kept = Snapshots(store)
    for number, steps, kind in ((1, 2, StopKind.FAILED), (2, 2, StopKind.RULE), (1, 2, StopKind.FAILED)):
        segment = begin(store, tmp_path, number, steps)
        assert segment is not None
        end(store, segment, kind)
        seen = kept.take(Moment()).evaluations
    assert seen == tuple(e for _, e in store.evaluations())
    assert [e.stop.kind for e in seen] == [StopKind.RULE, StopKind.FAILED]


def test_an_evaluation_that_gave_way_is_told_by_its_successor(store: SqlStudyStore, tmp_path: Path) -> None:
    first = begin(store, tmp_path, 1, 4)
    assert first is not None
    end(store, first, StopKind.FAILED)
    seen = store.news(Mark())
    second = begin(store, tmp_path, 1, 4)
    assert second is not None
    end(store, second, StopKind.REACHED)
    news = store.news(seen.mark)
    assert [e.score for _, _, e in news.evaluations] == [0.5]
    assert [(b.segment.id, b.run_number) for b in news.begun] == [(second, 1)]
    assert [s.id for s in news.ended] == [second]
    assert store.news(news.mark).begun == store.news(news.mark).ended == ()


def test_running_segments_are_told_again_when_they_end(store: SqlStudyStore, tmp_path: Path) -> None:
    segment = begin(store, tmp_path, 1, 4)
    assert segment is not None
    news = store.news(Mark())
    assert news.begun[0].segment.state is SegmentState.RUNNING and news.ended == ()
    assert news.begun[0].proposal == proposal(1, 4)
    end(store, segment, StopKind.REACHED)
    again = store.news(news.mark)
    assert again.begun == () and [s.state for s in again.ended] == [SegmentState.ENDED]


def test_steps_of_several_trials_are_written_at_once(store: SqlStudyStore, tmp_path: Path) -> None:
    one, two = begin(store, tmp_path, 1, 4), begin(store, tmp_path, 2, 4)
    assert one is not None and two is not None
    store.add_steps(one, [StepMetrics(1, {"reward": 0.0, "kl": 1.0})])
    store.add_all_steps({one: [StepMetrics(1, {"reward": 0.5})], two: [StepMetrics(1, {"reward": 0.7})]})
    first, second = (store.curve(segment.rpartition("-s")[0]) for segment in (one, two))
    assert [dict(m.values) for m in first] == [{"reward": 0.5}]  # the newer line replaces the older one whole
    assert [dict(m.values) for m in second] == [{"reward": 0.7}]
    with pytest.raises(StoreError, match="no segment"):
        store.add_all_steps({"r9999-s1": [StepMetrics(1, {"reward": 0.5})]})
