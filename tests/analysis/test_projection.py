"""What is known at one fidelity: deaths reach later steps, seeds are averaged, order doesn't matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.analysis.projection import project
from rltune.space.parameters import FloatParameter
from rltune.space.space import Space
from rltune.types import Configuration, Cost, Evaluation, Fidelity, History, Phase, StopKind, StopReason

SPACE = Space({"rate": FloatParameter(low=0.0, high=1.0)})


def evaluation(
    rate: float, model: str, steps: int, score: float | None, seed: int = 0, kind: StopKind | None = None
) -> Evaluation:
    kind = kind or (StopKind.REACHED if score is not None else StopKind.RULE)
    stop = StopReason(kind, steps, "why")
    return Evaluation(
        Configuration({"rate": rate}), Fidelity(model, steps), seed, Phase.SEARCH, score, Cost(1.0), stop, steps
    )


def test_a_death_counts_as_the_base_score_at_all_later_steps_of_its_model_only() -> None:
    history = History(
        (
            evaluation(0.1, "small", 10, None),
            evaluation(0.5, "small", 10, 0.6),
            evaluation(0.5, "small", 40, 0.9),
            evaluation(0.5, "large", 40, 0.8),
        ),
        base_scores={"small": 0.35},
    )
    small10, small40, large40 = project(history, SPACE, ("small", "large"))
    assert [p.fidelity for p in (small10, small40, large40)] == [
        Fidelity("small", 10),
        Fidelity("small", 40),
        Fidelity("large", 40),
    ]
    assert sorted(small40.worth) == [0.35, 0.9] and small40.dead.sum() == 1
    assert len(large40) == 1 and not large40.dead.any()


def test_seeds_are_averaged_and_scores_below_the_base_count_as_it() -> None:
    history = History(
        (evaluation(0.5, "m", 10, 0.6), evaluation(0.5, "m", 10, 0.8, seed=1), evaluation(0.2, "m", 10, 0.1)),
        base_scores={"m": 0.35},
    )
    (found,) = project(history, SPACE)
    by_rate = dict(zip((c.values["rate"] for c in found.configurations), found.worth, strict=True))
    assert by_rate == {0.5: pytest.approx(0.7), 0.2: 0.35}
    assert found.evaluations == 3


def test_a_configuration_from_outside_is_moved_into_the_space() -> None:
    (found,) = project(History((evaluation(7.0, "m", 10, 0.5),)), SPACE)
    assert found.configurations == (Configuration({"rate": 1.0}),)


def test_what_says_nothing_is_left_out() -> None:
    assert project(History((evaluation(0.5, "m", 10, None, kind=StopKind.LOST),)), SPACE) == ()


@given(st.permutations(range(5)))
def test_the_order_of_evaluations_does_not_matter(order: list[int]) -> None:
    evaluations = (
        evaluation(0.1, "m", 10, 0.4),
        evaluation(0.1, "m", 20, None),
        evaluation(0.1, "m", 40, 0.6, seed=1),
        evaluation(0.5, "m", 40, 0.9),
        evaluation(0.5, "m", 40, None, seed=1),
    )

    def facts(history: History) -> list[dict[Configuration, float]]:
        return [dict(zip(p.configurations, np.round(p.worth, 12), strict=True)) for p in project(history, SPACE)]

    assert facts(History(tuple(evaluations[i] for i in order))) == facts(History(evaluations))
