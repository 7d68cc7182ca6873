"""What the phases choose, from a view alone."""

from __future__ import annotations

from rltune.study.plan import relative_cost
from rltune.types import Configuration, Cost, Evaluation, Fidelity, History, Phase, StopKind, StopReason

RECIPE = Configuration({"rollouts": 5})
LARGE = Configuration({"rollouts": 15})


def evaluation(configuration: Configuration, model: str, steps: int, seconds: float) -> Evaluation:
    stop = StopReason(StopKind.REACHED, steps, "done")
    return Evaluation(configuration, Fidelity(model, steps), 0, Phase.SEARCH, 0.5, Cost(seconds), stop, steps)


def test_the_cost_of_a_configuration_is_measured_against_the_recipe_on_the_same_model() -> None:
    history = History((evaluation(RECIPE, "small", 40, 40.0), evaluation(LARGE, "small", 20, 60.0)))
    assert relative_cost(LARGE, RECIPE, history) == 3.0
    assert relative_cost(RECIPE, RECIPE, history) == 1.0


def test_without_a_common_model_a_configuration_counts_as_dear_as_the_recipe() -> None:
    history = History((evaluation(RECIPE, "small", 40, 40.0), evaluation(LARGE, "middle", 20, 60.0)))
    assert relative_cost(LARGE, RECIPE, history) == 1.0
