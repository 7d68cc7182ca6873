"""How long a study will still take: more work, more time; more spread, a wider range; and honest ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from rltune.analysis.time_left import Budget, TimeLeft, Work, time_left
from rltune.store.lines import RunLine, SegmentLine
from rltune.store.records import StudyRecord, StudyState
from rltune.types import Configuration, StopKind

RECIPE = {"learning_rate": 1e-5}
TIMING = {"step_seconds": 1.0, "validate_seconds": 5.0, "start_seconds": 10.0}
FULL = 100 * 1.0 + 2 * 5.0 + 10.0


def study(phase: str, **facts: object) -> StudyRecord:
    known: Mapping[str, object] = {
        "target": "t",
        "rungs": [50, 100],
        "timings": {"t": TIMING, "p": {**TIMING, "step_seconds": 0.1}},
        "plan": {"slots": 2, "after": {"confirm": 2, "seeds": 2}},
        "recipe": {"configuration": RECIPE},
        **facts,
    }
    return StudyRecord("s", StudyState.RUNNING, {}, 0.0, 100.0, phase, known)


def budget(seconds: float = 100.0, limit: float | None = 10_000.0, **more: object) -> Budget:
    given: dict = {"gpu_hours": 0.0, "limit_gpu_hours": None, "trials": 0, "limit_trials": None, "search_share": 0.5}
    return Budget(seconds, limit, **{**given, **more})


def work(rate: float, *, ratio: float = 1.0, model: str = "p", phase: str = "search", key: int = 1) -> Work:
    """A run of 100 steps whose steps took `ratio` times the timed ones."""
    run = RunLine(key, f"r{key}", key, Configuration({"learning_rate": rate}), model, 0)
    trained = 100 * (0.1 if model == "p" else 1.0) * ratio
    took = trained, trained + 20.0
    return run, SegmentLine(key, key, 1, phase, 0, 100, 0.0, 1.0, "reached", None, 100, "reached", *took, 0, "")


def searched(ratios: Sequence[float]) -> list[Work]:
    return [work(1e-5 * (n + 2), ratio=ratio, key=n + 1) for n, ratio in enumerate(ratios)]


def told(found: TimeLeft | None) -> TimeLeft:
    assert found is not None and 0 <= found.low <= found.seconds <= found.high
    return found


def test_the_rest_of_the_search_and_what_comes_after() -> None:
    found = told(time_left(study("search"), budget(), searched([1.0] * 6), {}))
    # 4,900 s of search; 3 runs, then 4, on two places; 4 tests on them
    after = 2 * FULL + 2 * FULL + 2 * 15.0
    assert found.seconds == pytest.approx(4_900 + after, rel=0.02)
    assert found.high - found.low < 0.05 * found.seconds


def test_candidates_that_cost_more_or_less_make_it_unsure() -> None:
    even = told(time_left(study("confirm"), budget(6_000.0), searched([1.0] * 8), {}))
    uneven = told(time_left(study("confirm"), budget(6_000.0), searched([0.5, 0.6, 1.0, 1.0, 1.5, 2.0, 3.0]), {}))
    assert uneven.high - uneven.low > 2 * (even.high - even.low)
    assert "7 configurations" in uneven.why


def test_a_chosen_candidate_costs_what_it_cost() -> None:
    dear = {"learning_rate": 2e-5}
    facts = {"confirm": [dear], "final_seeds": 1, "winner": {"configuration": dear}}
    cheap = told(time_left(study("final", **facts), budget(6_000.0), [work(2e-5)], {}))
    costly = told(time_left(study("final", **facts), budget(6_000.0), [work(2e-5, ratio=3.0)], {}))
    assert costly.seconds == pytest.approx(cheap.seconds + 200, rel=0.15)


def test_what_is_done_takes_no_more_time() -> None:
    facts = {"confirm": [], "final_seeds": 2, "winner": {"configuration": RECIPE}}
    first = told(time_left(study("final", **facts), budget(9_000.0), [], {}))
    done = [work(1e-5, model="t", phase="final", key=key) for key in (1, 2)]
    second = told(time_left(study("final", **facts), budget(9_000.0), done, {}))
    assert second.seconds < first.seconds - 0.8 * FULL
    last = told(time_left(study("test", **facts), budget(9_000.0), done, {}, tested=4))
    assert last.seconds == 0.0


@pytest.mark.parametrize("kind", [StopKind.INTERRUPTED, StopKind.LOST])
def test_a_run_that_was_cut_short_is_not_done(kind: StopKind) -> None:
    facts = {"confirm": [], "final_seeds": 2, "winner": {"configuration": RECIPE}}
    runs = [work(1e-5, model="t", phase="final", key=key) for key in (1, 2)]
    cut = [(run, replace(line, stop_kind=kind.value, stop_step=20, train_seconds=20.0)) for run, line in runs]
    paused = told(time_left(study("final", **facts), budget(9_000.0), cut, {}))
    assert 0.8 * 80 < paused.seconds - 2 * 15.0 < 1.2 * FULL, "80 of 100 steps are left, on two places at once"

    again = [
        (run, replace(line, number=2, from_step=20, ended=None, stop_kind=None, stop_step=None)) for run, line in runs
    ]
    going_on = told(time_left(study("final", **facts), budget(9_000.0), [*cut, *again], {1: 20, 2: 20}))
    assert going_on.seconds == pytest.approx(paused.seconds)
    assert "2 runs on the target" in going_on.why


def test_each_limit_can_end_the_search() -> None:
    trials = searched([1.0] * 4)
    by_clock = told(time_left(study("search"), budget(), trials, {}))
    by_trials = told(time_left(study("search"), budget(trials=4, limit_trials=6), trials, {}))
    hours = {"gpu_hours": 1.0, "limit_gpu_hours": 4.0}
    by_hours = told(time_left(study("search"), budget(limit=None, **hours), trials, {}))
    assert by_trials.seconds < by_clock.seconds - 4_000
    assert by_hours.seconds == pytest.approx(by_clock.seconds - 4_900 + 100, rel=0.05)


def test_the_same_records_tell_the_same() -> None:
    several = searched([0.5, 1.0, 2.0, 1.0, 0.7])
    assert time_left(study("search"), budget(), several, {}) == time_left(study("search"), budget(), several, {})


@pytest.mark.parametrize("phase", ["", "prepare", "done"])
def test_nothing_is_told_before_the_plan_and_after_the_end(phase: str) -> None:
    assert time_left(study(phase), budget(), [], {}) is None
    assert time_left(study("search", plan={}), budget(), [], {}) is None
