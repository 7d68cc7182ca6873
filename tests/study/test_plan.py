"""What a budget buys."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.study.plan import ModelTiming, PlanTerms, make_plan
from rltune.study.spending import Left, TargetRuns, affordable
from rltune.words import duration

TERMS = PlanTerms(
    budget=300.0,
    search_share=0.5,
    trials=None,
    slots=2,
    search_models=("small",),
    target="large",
    rungs=(10, 20, 40),
    confirm=3,
    seeds=3,
)
TIMINGS = {"small": ModelTiming(0.1, 0.2, 0.5), "large": ModelTiming(0.4, 0.5, 0.5)}


def test_a_trial_costs_its_missing_steps_and_the_rungs_it_passes() -> None:
    timing = ModelTiming(step_seconds=2.0, validate_seconds=10.0, start_seconds=1.0)
    assert timing.trial_seconds(0, 40, (10, 20, 40)) == 1 + 40 * 2 + 3 * 10
    assert timing.trial_seconds(20, 40, (10, 20, 40)) == 1 + 20 * 2 + 1 * 10


def test_plan_counts_trials_from_timed_steps() -> None:
    plan = make_plan(TERMS, TIMINGS)
    per_rung = [0.5 + 10 * 0.1 + 0.2, 0.5 + 20 * 0.1 + 0.4, 0.5 + 40 * 0.1 + 0.6]
    assert plan.trial_seconds["small"] == pytest.approx(dict(zip((10, 20, 40), per_rung, strict=True)))
    # A third of the time for runs to each rung.
    assert plan.search_trials == int(sum(150 * 2 / 3 / seconds for seconds in per_rung))
    assert plan.full_target_seconds == pytest.approx(0.5 + 40 * 0.4 + 3 * 0.5)
    assert plan.after.fits and plan.warnings == []


def test_plan_never_promises_more_trials_than_asked() -> None:
    assert make_plan(replace(TERMS, trials=4), TIMINGS).search_trials == 4


def test_only_what_the_optimizer_asks_for_is_planned() -> None:
    full = TIMINGS["small"].trial_seconds(0, 40, TERMS.rungs)
    plan = make_plan(replace(TERMS, search_steps=(40,)), TIMINGS)
    assert plan.search_trials == int(150 * 2 / full)
    on_target_too = make_plan(replace(TERMS, search_models=("small", "large")), TIMINGS)
    assert on_target_too.search_trials < make_plan(TERMS, TIMINGS).search_trials
    once = make_plan(replace(TERMS, search_steps=(40,), runs=1), TIMINGS)
    assert once.search_trials == 1 and once.warnings == []


def test_a_number_of_runs_that_does_not_fit_is_said_with_a_budget_that_does() -> None:
    sweep = replace(TERMS, search_steps=(40,), runs=200)
    plan = make_plan(sweep, TIMINGS)
    (warning,) = plan.warnings
    assert "asks for 200 runs" in warning and f"about {plan.search_trials}" in warning
    assert f"raise the budget to about {duration(plan.needed)}" in warning
    assert make_plan(replace(sweep, budget=plan.needed + 1), TIMINGS).warnings == []
    (capped,) = make_plan(replace(sweep, trials=30), TIMINGS).warnings
    assert "budget.trials allows 30" in capped
    (design,) = make_plan(replace(TERMS, design=5000), TIMINGS).warnings
    assert "begins with 5,000 configurations" in design


def test_what_is_spent_already_is_not_planned_again() -> None:
    assert make_plan(TERMS, TIMINGS, spent=100.0).search_trials < make_plan(TERMS, TIMINGS).search_trials


def test_a_budget_too_small_is_said_with_the_remedy() -> None:
    plan = make_plan(replace(TERMS, budget=20.0), TIMINGS)
    assert not plan.after.fits
    assert any("raise the budget" in warning for warning in plan.warnings)


def test_confirmations_are_given_up_before_seeds() -> None:
    runs = TargetRuns(recipe=10.0, candidate=10.0)

    def choice(seconds: float) -> tuple[int, int]:
        spending = affordable(Left(seconds), runs, confirm=3, seeds=3, slots=1)
        return spending.confirm, spending.seeds

    assert choice(1e9) == (3, 3)
    # (3 + 1) + 6 runs don't fit into 9, (2 + 1) + 6 do.
    assert choice(90.0) == (2, 3)
    # 7 runs can't hold 3 seeds; 2 seeds and two confirmations fit.
    assert choice(70.0) == (2, 2)
    assert choice(0.0) == (1, 1)
    assert not affordable(Left(0.0), runs, 3, 3, 1).fits


def test_expensive_candidates_buy_fewer_runs() -> None:
    cheap = affordable(Left(150.0), TargetRuns(recipe=10.0, candidate=10.0, test=1.0), 3, 3, 2)
    dear = affordable(Left(150.0), TargetRuns(recipe=10.0, candidate=40.0, test=1.0), 3, 3, 2)
    assert (cheap.confirm, cheap.seeds) == (3, 3)
    assert (dear.seeds, dear.confirm) < (cheap.seeds, cheap.confirm)


def test_tests_on_other_tasks_are_paid_for() -> None:
    def after(tests: int) -> float:
        return make_plan(replace(TERMS, tests=tests), TIMINGS).after.seconds

    # Two final runs a seed, three seeds, two at once: each test set takes as long as three validations of the target.
    assert after(3) - after(1) == pytest.approx(2 * 3 * TIMINGS["large"].validate_seconds)


@given(
    st.floats(0, 1e5),
    st.floats(0.1, 1e3),
    st.floats(0.1, 1e3),
    st.integers(1, 10),
    st.integers(1, 10),
    st.integers(1, 8),
)
def test_what_is_said_to_fit_fits(
    seconds: float, recipe: float, candidate: float, confirm: int, seeds: int, slots: int
) -> None:
    runs = TargetRuns(recipe, candidate)
    spending = affordable(Left(seconds), runs, confirm, seeds, slots)
    assert 1 <= spending.confirm <= confirm and 1 <= spending.seeds <= seeds
    assert spending.fits == (spending.seconds <= seconds)
    more = affordable(Left(2 * seconds), runs, confirm, seeds, slots)
    assert (more.seeds, more.confirm) >= (spending.seeds, spending.confirm)
