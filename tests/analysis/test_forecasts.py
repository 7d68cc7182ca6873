"""Which part of a log a forecast sees, which step it is for, and what is said beside it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rltune.analysis.forecasts import Request, forecast_log
from rltune.curves.forecast import Forecast, Refusal
from rltune.errors import CurveError, LogError
from rltune.trainers.logs.base import LoggedRun
from rltune.types import StepMetrics


def rising(step: int) -> float:
    return 0.2 + 0.6 * (1 - math.exp(-step / 25)) + 0.01 * math.sin(37.0 * step)


def logged(
    n: int = 100, first: int = 1, reward: Callable[[int], float] = rising, horizon: int | None = None
) -> LoggedRun:
    steps = tuple(StepMetrics(i, {"reward": reward(i), "kl": 0.01}) for i in range(first, first + n))
    return LoggedRun("run.log", None, "json_lines", steps, (), horizon)


def test_a_share_is_forecast_for_the_last_step_and_what_came_stands_beside_it() -> None:
    answer = forecast_log(logged(100), Request(upto=0.4))
    assert isinstance(answer.result, Forecast)
    assert (answer.seen, answer.result.last_step, answer.horizon) == (40, 40, 100)
    assert answer.actual == pytest.approx(np.mean([rising(i) for i in range(91, 101)]))
    low, high = answer.result.interval
    assert answer.inside == (low <= answer.actual <= high)


def test_a_step_number_counts_as_the_log_does() -> None:
    assert forecast_log(logged(100, first=51), Request(upto=80)).result.last_step == 80
    with pytest.raises(CurveError, match="begins at step 51"):
        forecast_log(logged(100, first=51), Request(upto=50))
    answer = forecast_log(logged(100), Request(upto=250))
    assert answer.seen == 100 and "all of it is seen" in answer.notes[-1]


def test_the_horizon_is_the_asked_then_the_planned_then_the_last_step() -> None:
    planned = logged(horizon=300)
    assert forecast_log(planned, Request(horizon=200)).horizon == 200
    answer = forecast_log(planned, Request())
    assert answer.horizon == 300 and "300 steps are planned" in answer.notes[0]
    assert forecast_log(logged(horizon=100), Request()).notes == ()
    assert forecast_log(logged(horizon=40), Request()).horizon == 100
    assert "taken as finished" in forecast_log(logged(), Request()).notes[0]


def test_logs_that_count_from_zero() -> None:
    answer = forecast_log(logged(50, first=0), Request())
    assert answer.steps[0] == 1 and answer.result.last_step == 50 and "from 0" in answer.notes[0]


def test_a_validation_before_training_is_left_out() -> None:
    steps = [StepMetrics(0, {"score/gsm8k": 0.1})]
    steps += [StepMetrics(i, {"reward": 0.5, "score/gsm8k": rising(i)}) for i in range(1, 30)]
    answer = forecast_log(LoggedRun("x.log", None, "csv", tuple(steps)), Request(metric="score/gsm8k"))
    assert answer.steps[0] == 1 and "before training" in answer.notes[0]
    with pytest.raises(LogError, match="only before training"):
        forecast_log(LoggedRun("x.log", None, "csv", tuple(steps[:1])), Request(metric="score/gsm8k"))


def test_a_missing_metric_names_those_that_are_there() -> None:
    with pytest.raises(LogError, match="'rewrd'") as caught:
        forecast_log(logged(), Request(metric="rewrd"))
    assert "did you mean 'reward'?" in str(caught.value) and "kl" in str(caught.value)


@pytest.mark.parametrize(
    ("reward", "n", "words"),
    [
        (lambda i: 0.9 - 0.8 * (i > 60) + 0.01 * (i % 3), 100, "has fallen"),
        (rising, 5, "too few"),
        (lambda i: math.nan if i == 20 else rising(i), 40, "at step 20"),
        (lambda i: 0.5, 40, "at all 40 steps"),
    ],
)
def test_refusals_are_answers(reward: Callable[[int], float], n: int, words: str) -> None:
    answer = forecast_log(logged(n, reward=reward), Request(horizon=n + 50))
    assert isinstance(answer.result, Refusal) and words in answer.result.reason
    assert answer.inside is None


def test_an_end_that_is_no_number_is_no_actual() -> None:
    answer = forecast_log(logged(reward=lambda i: math.inf if i > 95 else rising(i)), Request(upto=0.5))
    assert answer.actual is None and answer.inside is None and "isn't a finite number" in answer.notes[-1]


@pytest.mark.parametrize(
    "impossible",
    [
        {"upto": 0.0},
        {"upto": -0.3},
        {"upto": 1.5},
        {"upto": math.nan},
        {"upto": math.inf},
        {"upto": 0.3, "horizon": 50},
        {"horizon": 0},
        {"coverage": 0.0},
        {"coverage": 1.0},
        {"coverage": math.nan},
        {"worth": -1.0},
        {"worth": math.inf},
        {"bounds": (1.0, 0.0)},
        {"bounds": (0.0, math.nan)},
    ],
)
def test_impossible_requests_are_refused_when_made(impossible: dict[str, object]) -> None:
    with pytest.raises(CurveError) as caught:
        Request(**impossible)  # type: ignore[arg-type]
    assert caught.value.where in impossible


def test_the_place_of_a_problem_is_the_log() -> None:
    with pytest.raises(CurveError, match="before the last step") as caught:
        forecast_log(logged(), Request(horizon=50))
    assert caught.value.where == "run.log"
    with pytest.raises(CurveError, match="outside of the bounds"):
        forecast_log(logged(), Request(bounds=(0.5, 1.0)))


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 60), first=st.integers(0, 5), share=st.floats(0.01, 1.0))
def test_no_step_after_the_part_is_looked_at(n: int, first: int, share: float) -> None:
    whole = forecast_log(logged(n, first=first), Request(upto=share))
    cut = whole.seen
    changed = forecast_log(
        logged(n, first=first, reward=lambda i: rising(i) if i - first < cut else 0.999), Request(upto=share)
    )
    assert 1 <= cut <= n
    if isinstance(whole.result, Forecast) and isinstance(changed.result, Forecast):
        assert whole.result.final == changed.result.final and whole.result.interval == changed.result.interval
    else:
        assert whole.result == changed.result
