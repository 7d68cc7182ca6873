"""When training that people have asked for is done, and what a run that somebody has stopped means to optimizers."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rltune.optimizers.runs import read_runs
from rltune.store.base import SegmentRecord, SegmentState
from rltune.study.errands import ASKED, Errand, errands_of
from rltune.types import (
    SAYS_NOTHING,
    Configuration,
    Cost,
    Evaluation,
    Fidelity,
    History,
    Phase,
    StopKind,
    StopReason,
)

CONFIGURATION = Configuration({"learning_rate": 1e-4})


def errand(segments: int = 0, steps: int = 8) -> Errand:
    return Errand(CONFIGURATION, "xs", steps, 0, Phase.SEARCH, "enqueued by cli (request 1)", segments)


def segment(number: int, to_step: int, kind: StopKind | None) -> SegmentRecord:
    stop = None if kind is None else StopReason(kind, to_step - 1, "why")
    state = SegmentState.RUNNING if kind is None else SegmentState.ENDED
    return SegmentRecord(
        f"r0001-s{number}", "r0001", 0, to_step, Phase.SEARCH, "", state, Path(), None, None, 0.0, None, stop, Cost(),
        0, "",
    )  # fmt: skip


def evaluation(step: int, score: float | None, kind: StopKind) -> Evaluation:
    stop = StopReason(kind, step, "why")
    return Evaluation(CONFIGURATION, Fidelity("xs", step), 0, Phase.SEARCH, score, Cost(), stop, step)


@given(
    st.builds(
        Errand,
        configuration=st.dictionaries(st.text(max_size=5), st.integers() | st.booleans() | st.text(max_size=5)).map(
            Configuration
        ),
        model=st.text(),
        steps=st.integers(1, 10**6),
        seed=st.integers(0, 99),
        phase=st.sampled_from(Phase),
        reason=st.text(),
        segments=st.integers(0, 9),
        extends=st.booleans(),
    )
)
def test_an_errand_is_the_same_after_the_store(one: Errand) -> None:
    assert errands_of({ASKED: [one.to_json()]}) == [one]
    assert one.proposal.fidelity == Fidelity(one.model, one.steps)


def test_it_is_open_until_its_run_has_a_score_there() -> None:
    assert not errand().is_done([], {}, again=False)
    assert not errand().is_done([segment(1, 8, None)], {}, again=False), "in flight"
    assert not errand().is_done(
        [segment(1, 4, StopKind.REACHED)], {4: evaluation(4, 0.5, StopKind.REACHED)}, again=False
    )
    assert errand().is_done([segment(1, 8, StopKind.REACHED)], {8: evaluation(8, 0.5, StopKind.REACHED)}, again=False)


def test_it_is_done_when_its_own_segment_came_to_an_end_that_isnt_tried_again() -> None:
    stopped = {8: evaluation(8, None, StopKind.RULE)}
    assert errand().is_done([segment(1, 8, StopKind.RULE)], stopped, again=False)
    assert not errand().is_done([segment(1, 8, StopKind.LOST)], {}, again=True), "it is tried again"
    # An end from before it was asked for says nothing: somebody wants more of a run that a rule had ended.
    assert not errand(segments=1).is_done([segment(1, 8, StopKind.RULE)], stopped, again=False)
    again = [segment(1, 8, StopKind.RULE), segment(2, 8, StopKind.DIVERGED)]
    assert errand(segments=1).is_done(again, stopped, again=False)


def test_a_stopped_run_isnt_proposed_and_isnt_held_against_its_configuration() -> None:
    assert StopKind.STOPPED in SAYS_NOTHING
    history = History((evaluation(2, 0.4, StopKind.REACHED), evaluation(8, None, StopKind.STOPPED)))
    runs = read_runs(history, 0)
    assert not runs.may_run(CONFIGURATION, Fidelity("xs", 16)) and not runs.dead
    assert runs.may_run(CONFIGURATION, Fidelity("s", 2)), "elsewhere it may run"
    assert runs.scores == {(CONFIGURATION, "xs"): 0.4}
    faster = read_runs(History((evaluation(8, 0.6, StopKind.STOPPED),)), 0)  # it had reached its step already
    assert faster.scores == {(CONFIGURATION, "xs"): 0.6}
    assert not faster.may_run(CONFIGURATION, Fidelity("xs", 16))
