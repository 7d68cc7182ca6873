"""What is written comes back exactly, from either database."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_values import MODEL, configuration, evaluation, proposal, stopped

from rltune.store.base import SegmentState
from rltune.store.sql import SqlStudyStore
from rltune.types import Configuration, Cost, StepMetrics, StopKind

shared_store = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@shared_store
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8),
        st.one_of(
            st.floats(allow_nan=False, allow_infinity=False),
            st.integers(),
            st.booleans(),
            st.text(max_size=8),
        ),
        max_size=4,
    )
)
def test_configurations_come_back_with_values_and_types(store: SqlStudyStore, values: dict) -> None:
    written = Configuration(values)
    run_id = store.run(written, MODEL, 0).id

    (found,) = (run.configuration for run in store.runs() if run.id == run_id)

    assert found == written and found.id == written.id
    assert {key: type(value) for key, value in found.values.items()} == {k: type(v) for k, v in values.items()}


@shared_store
@given(st.dictionaries(st.sampled_from(["reward", "kl", "score/mean"]), st.floats(width=64), max_size=3))
def test_metrics_come_back_to_the_bit(store: SqlStudyStore, values: dict[str, float]) -> None:
    run = store.run(configuration(), MODEL, 0)
    running = [s for s in store.segments() if s.state is SegmentState.RUNNING]
    segment = running[0] if running else store.begin_segment(proposal(10), run.id, 0, Path("s"))

    store.add_steps(segment.id, [StepMetrics(3, values)])

    found = {step.step: step.values for step in store.curve(run.id)}.get(3, {})
    assert set(found) == set(values)
    assert all(repr(found[k] + 0.0) == repr(values[k] + 0.0) for k in values)  # + 0.0: SQLite has no -0.0


@pytest.mark.parametrize("score", [0.1 + 0.2, 0.0, None, math.nan, -math.inf])
def test_evaluations_come_back_as_they_were(store: SqlStudyStore, score: float | None) -> None:
    of = proposal(40, seed=2**40)
    values = {"growth": math.inf, "threshold": 0.15, "nothing": math.nan}
    stop = replace(stopped(StopKind.RULE, 17, "kl_growth"), values=values)
    result = replace(evaluation(of, score, stop, Cost(1e-9, 0.1, 1e9)), last_score=0.3)

    run = store.run(of.configuration, MODEL, of.seed)
    store.add_evaluation(result, run.id)

    ((found_id, found),) = store.evaluations()
    assert found_id == run.id
    assert repr(found) == repr(result)  # repr: a NaN equals itself there


def test_events_and_logs_survive_any_text(store: SqlStudyStore) -> None:
    store.add_event("warning", "null \x00, half a pair \ud83d, a whole one \U0001f600")
    (event,) = store.events()
    assert (event.level, event.message) == (
        "warning",
        "null \ufffd, half a pair \ufffd, a whole one \U0001f600",
    )
