"""Which hyperparameters matter: known answers for known models, refusals, and what it says of a known surface."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rltune.analysis.effects import Grid, Predict, with_value
from rltune.analysis.importance import PedAnova
from rltune.analysis.sensitivity import LEAST, SAFE_FROM, Sensitivity, sensitivity
from rltune.space.parameters import CategoricalParameter, FloatParameter, IntParameter
from rltune.space.space import Space
from rltune.testing.surfaces import GrpoSurface, grpo_recipe, grpo_space
from rltune.types import Configuration, Fidelity, History, Phase, Proposal

SPACE = Space(
    {
        "rate": FloatParameter(low=1e-5, high=1e-2, log=True),
        "clip": FloatParameter(low=0.1, high=0.4),
        "idle": IntParameter(low=4, high=40),
    }
)
GOAL = Fidelity("large", 40)


def linear(rate: float, clip: float = 0.0) -> Predict:
    """A score linear in unit values: 0.3 + rate u_rate + clip u_clip."""

    def predict(x: np.ndarray, fidelity: Fidelity) -> tuple[np.ndarray, np.ndarray]:
        return 0.3 + rate * x[:, 0] + clip * x[:, 1], np.full(len(x), 0.02)

    return predict


def history(count: int, models: tuple[str, ...] = ("small",)) -> History:
    rng, found = np.random.default_rng(1), History(base_scores={"small": 0.3, "large": 0.3})
    surface = GrpoSurface(sizes={"small": 0.13e6, "large": 0.8e6})
    for number in range(count):
        configuration = SPACE.sample(rng)
        values = {**grpo_recipe().values, "learning_rate": configuration.values["rate"]}
        for model in models if number < 5 else models[:1]:
            run = Proposal(Configuration(values), Fidelity(model, 40), 0, Phase.SEARCH, "")
            done = surface.evaluate(run, History())
            found = found.with_evaluation(
                type(done)(configuration, run.fidelity, 0, run.phase, done.score, done.cost, done.stop, 40)
            )
    return found


def test_main_effects_are_the_shares_of_an_additive_score() -> None:
    effects = {e.name: e for e in Grid(SPACE).effects(linear(0.4, 0.2), GOAL)}
    assert effects["rate"].share == pytest.approx(0.8, abs=0.01)  # 0.4² / (0.4² + 0.2²)
    assert effects["clip"].share == pytest.approx(0.2, abs=0.01)
    assert effects["idle"].share < 1e-3
    assert np.all(np.diff(effects["rate"].mean) > 0) and np.ptp(effects["idle"].mean) < 1e-9
    assert effects["rate"].high - effects["rate"].mean == pytest.approx(np.full(17, 1.645 * 0.02))


def test_an_interaction_belongs_to_no_hyperparameter_alone() -> None:
    def predict(x: np.ndarray, fidelity: Fidelity) -> tuple[np.ndarray, np.ndarray]:
        return (x[:, 0] - 0.5) * (x[:, 1] - 0.5), np.zeros(len(x))

    assert all(effect.share < 0.02 for effect in Grid(SPACE).effects(predict, GOAL))


def test_a_score_that_is_the_same_everywhere_has_no_effects() -> None:
    assert [e.share for e in Grid(SPACE).effects(linear(0.0), GOAL)] == [0.0, 0.0, 0.0]


def test_the_score_along_a_conditional_hyperparameter_is_that_where_it_is_present() -> None:
    space = Space(
        {
            "scheduler": CategoricalParameter(choices=("constant", "cosine")),
            "cycles": FloatParameter(low=0.0, high=1.0, when={"scheduler": ("cosine",)}),
        }
    )

    def predict(x: np.ndarray, fidelity: Fidelity) -> tuple[np.ndarray, np.ndarray]:
        return 0.5 + x[:, 1] * (x[:, 2] - 0.5), np.zeros(len(x))

    near = space.configuration({"scheduler": "constant"})
    scheduler, cycles = Grid(space, near).effects(predict, GOAL)
    assert cycles.near is None and cycles.mean[-1] == pytest.approx(0.5 + 16.5 / 17 - 0.5)
    assert scheduler.values == ("constant", "cosine") and len(scheduler.near if scheduler.near is not None else ()) == 2
    assert "cycles" in with_value(near, space, "scheduler", "cosine").values


def test_importance_goes_to_what_decides_and_not_to_chance(capfd: pytest.CaptureFixture[str]) -> None:
    rate, clip, idle = PedAnova(SPACE).shares(linear(0.4), [linear(0.4), linear(0.3, 0.1)], GOAL)
    assert rate.value > 0.99 and clip.value < 0.005 and idle.value < 0.005
    assert rate.low <= rate.value <= rate.high and clip.high > 0.001
    out, err = capfd.readouterr()
    assert out == err == ""  # Optuna tells of each study that it makes


def test_a_score_without_differences_gives_equal_importance_that_nothing_is_known_of() -> None:
    for share in PedAnova(SPACE).shares(linear(0.0), [], GOAL):
        assert (share.value, share.low, share.high) == (pytest.approx(1 / 3), 0.0, 1.0)


def told(count: int = SAFE_FROM, predict: Predict | None = None, **more: Configuration) -> Sensitivity:
    predict = predict or linear(0.4, 0.03)
    return sensitivity(
        history(count, ("small", "large")), SPACE, GOAL, predict, [predict, predict], models=("small", "large"), **more
    )


def test_what_matters_and_what_may_stay_at_the_recipe() -> None:
    recipe = Configuration({"rate": 1e-4, "clip": 0.1, "idle": 4})
    winner = Configuration({"rate": 9e-3, "clip": 0.35, "idle": 40})
    found = told(recipe=recipe, winner=winner)
    assert [s.name for s in found.matters] == ["rate"]
    assert [s.name for s in found.may_stay] == ["idle"]  # the whole of clip's interval is worth 0.03
    costs = {s.name: s.cost for s in found.goal.stakes} if found.goal else {}
    assert costs["rate"] == pytest.approx(0.4 * (16.5 / 17 - 1 / 3), abs=1e-6)
    assert costs["idle"] == 0.0


def test_nothing_is_safe_at_the_recipe_with_too_few_configurations() -> None:
    recipe = Configuration({"rate": 1e-4, "clip": 0.1, "idle": 4})
    found = told(SAFE_FROM - 1, recipe=recipe, winner=recipe)
    assert found.may_stay == () and [s.name for s in found.matters] == ["rate"]


def test_each_fidelity_tells_how_many_configurations_it_rests_on_and_refuses_with_few() -> None:
    found = told()
    small, large = found.by_fidelity
    assert small.refused is None and len(small.projection) == SAFE_FROM and len(small.shares) == 3
    assert large.shares == () and large.refused == f"5 configurations; it takes {LEAST}"
    assert found.proxy is not None and found.proxy.fidelity == Fidelity("small", 40)


def test_too_few_configurations_are_refused_with_their_number() -> None:
    found = told(LEAST - 1)
    assert found.goal is None and found.matters == () and found.may_stay == ()
    assert found.refused is not None and found.refused.startswith(f"{LEAST - 1} configurations were evaluated")


def test_without_a_model_nothing_is_told() -> None:
    found = sensitivity(history(24), SPACE, GOAL, None)
    assert found.refused == "there is no model of the scores"


def test_an_empty_history_is_refused() -> None:
    assert "0 configurations" in (sensitivity(History(), SPACE, GOAL, linear(0.4)).refused or "")


@pytest.mark.slow
def test_the_same_history_tells_the_same() -> None:
    first, second = told(), told()
    assert [f.shares for f in first.by_fidelity] == [f.shares for f in second.by_fidelity]
    assert first.matters == second.matters


def test_true_sensitivities_of_the_surface_are_found_by_a_model_that_knows_it() -> None:
    """The estimators alone, without any fitting: the figures that the docs compare a fitted model's with."""
    space, surface = grpo_space(), GrpoSurface(deaths=False)

    def predict(x: np.ndarray, fidelity: Fidelity) -> tuple[np.ndarray, np.ndarray]:
        scores = [surface.value(space.decode(row), fidelity) for row in x]
        return np.array(scores), np.zeros(len(x))

    shares = {e.name: e.share for e in Grid(space, settings=32).effects(predict, Fidelity("middle", 40))}
    assert shares["learning_rate"] > 0.85 and math.fsum(shares.values()) < 1.0
    assert max(v for n, v in shares.items() if n != "learning_rate") == shares["kl_coef"] < 0.05
