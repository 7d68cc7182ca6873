"""How long work is expected to take, and what a trial is shortened to."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from rltune.study.estimates import Estimates
from rltune.study.plan import ModelTiming
from rltune.study.work import Score, Train, View
from rltune.testing.surfaces import LARGE, SMALL, GrpoSurface
from rltune.types import Configuration, Cost, Evaluation, Fidelity, History, Phase, Proposal, StopKind, StopReason

PROBLEM = replace(GrpoSurface().problem(0, (SMALL,), LARGE), rungs=(10, 20, 40))
ESTIMATES = Estimates(PROBLEM, PROBLEM.recipe)
TIMING = ModelTiming(step_seconds=2.0, validate_seconds=1.0, start_seconds=5.0)
FACTS = {"timings": {SMALL.name: asdict(TIMING)}}


def view(*evaluations: Evaluation) -> View:
    return View(History(evaluations), evaluations, (), (), FACTS, (), 0.0, 0)


def proposal(steps: int, configuration: Configuration = PROBLEM.recipe, **values: float) -> Proposal:
    return Proposal(configuration, Fidelity(SMALL.name, steps), 0, Phase.SEARCH, "because", values)


def measured(steps: int, configuration: Configuration, seconds: float) -> Evaluation:
    stop = StopReason(StopKind.REACHED, steps, "")
    fidelity = Fidelity(SMALL.name, steps)
    return Evaluation(configuration, fidelity, 0, Phase.SEARCH, 0.5, Cost(train_seconds=seconds), stop, steps)


def test_by_timed_steps_and_only_what_is_missing() -> None:
    assert ESTIMATES.seconds(Train(proposal(40)), view()) == pytest.approx(5 + 40 * 2 + 3)
    gone = measured(20, PROBLEM.recipe, 40.0)
    assert ESTIMATES.seconds(Train(proposal(40)), view(gone)) == pytest.approx(5 + 20 * 2 + 1)
    assert ESTIMATES.seconds(Score(SMALL.name, "validation"), view()) == pytest.approx(6.0)
    assert ESTIMATES.seconds(Score("unknown", "validation"), view()) is None


def test_a_configuration_whose_steps_cost_more_takes_longer() -> None:
    dear = Configuration({**PROBLEM.recipe.values, "rollouts": 16})
    known = view(measured(10, PROBLEM.recipe, 20.0), measured(10, dear, 60.0))
    plain, slow = (ESTIMATES.seconds(Train(proposal(40, c)), known) for c in (PROBLEM.recipe, dear))
    assert plain is not None and slow is not None
    assert slow - TIMING.start_seconds == pytest.approx(3 * (plain - TIMING.start_seconds))


def test_the_cost_models_word_counts_before_the_timed_steps() -> None:
    assert ESTIMATES.seconds(Train(proposal(40, expected_seconds=17.0)), view()) == 17.0


@pytest.mark.parametrize(("longest", "steps"), [(88.0, 40), (87.0, 20), (46.9, 10), (26.0, 10), (25.0, None)])
def test_a_trial_is_shortened_to_the_highest_rung_that_fits_or_not_begun(longest: float, steps: int | None) -> None:
    # From the start: 26 s to step 10, 47 s to step 20, 88 s to step 40.
    fitted = ESTIMATES.fitted(proposal(40), longest, view())
    assert (fitted.fidelity.steps if fitted else None) == steps
    if fitted is not None and steps != 40:
        assert "instead of 40" in fitted.reason
        shortened = ESTIMATES.seconds(Train(fitted), view())
        assert shortened is not None and shortened <= longest


def test_a_run_is_not_shortened_to_what_it_has_already() -> None:
    gone = measured(20, PROBLEM.recipe, 40.0)
    assert ESTIMATES.fitted(proposal(40), 40.0, view(gone)) is None
    assert ESTIMATES.fitted(proposal(40), 46.0, view(gone)) == proposal(40)
