"""What of a history the models learn from."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from rltune.bayes.data import FidelityScale, Layout, layout_of, training_data
from rltune.optimizers.runs import read_runs
from rltune.space.parameters import CategoricalParameter, FloatParameter, IntParameter
from rltune.space.space import Space
from rltune.types import Configuration, Cost, Evaluation, Fidelity, History, Phase, StopKind, StopReason

SPACE = Space({"learning_rate": FloatParameter(low=1e-5, high=1e-3, log=True)})
SCALE = FidelityScale(10, 40, {"small": 1e5, "large": 1e7}, "large")


def evaluation(
    rate: float,
    steps: int,
    score: float | None,
    kind: StopKind = StopKind.REACHED,
    model: str = "small",
    **names: float,
) -> Evaluation:
    configuration = Configuration({"learning_rate": rate, **names})
    stop = StopReason(kind, steps, "")
    return Evaluation(
        configuration, Fidelity(model, steps), 0, Phase.SEARCH, score, Cost(1.0), stop, steps, last_score=0.6
    )


def scores(history: History) -> dict[float, float]:
    """Learning rate -> what the models are told."""
    data = training_data(history, SPACE, SCALE)
    rates = [SPACE.decode(x[: SPACE.dimension]).values["learning_rate"] for x in data.x]
    return {float(f"{float(rate):.3g}"): y for rate, y in zip(rates, data.y.tolist(), strict=True)}


def test_fidelities_become_logarithmic_coordinates() -> None:
    assert SCALE.coordinates("small", 10) == (0.0, 0.0)
    assert SCALE.coordinates("small", 20) == (0.5, 0.0)
    assert SCALE.goal == (1.0, 1.0)
    assert FidelityScale(40, 40, {"one": 1e6}, "one").goal == (1.0, 1.0)


def test_dead_runs_are_worth_the_base_model() -> None:
    history = History(
        (
            evaluation(1e-4, 20, 0.5),
            evaluation(1e-3, 20, None, StopKind.RULE),
            evaluation(9e-4, 20, None, StopKind.DIVERGED),
            evaluation(8e-4, 20, math.nan),
            evaluation(7e-4, 20, 0.01),
        ),
        base_scores={"small": 0.3},
    )
    assert scores(history) == {1e-4: 0.5, 1e-3: 0.3, 9e-4: 0.3, 8e-4: 0.3, 7e-4: 0.3}


def test_a_futile_run_is_worth_its_forecast_but_never_less_than_the_base_model() -> None:
    def ended(rate: float, kind: StopKind, **values: float) -> Evaluation:
        return replace(evaluation(rate, 40, None, kind), stop=StopReason(kind, 25, "", "rule", values))

    runs = (
        ended(1e-4, StopKind.FUTILE, forecast=0.55),
        ended(2e-4, StopKind.FUTILE, forecast=0.1),
        ended(3e-4, StopKind.FUTILE),
        ended(4e-4, StopKind.FUTILE, forecast=7.0),
        ended(5e-4, StopKind.PLATEAU, forecast=0.93),
    )
    history = History(runs, base_scores={"small": 0.3})
    assert scores(history) == {1e-4: 0.55, 2e-4: 0.3, 3e-4: 0.3, 4e-4: 0.3, 5e-4: 0.93}
    runs_of = read_runs(history, seed=0)
    dead = {e.configuration for e in runs if e.stop.kind is StopKind.FUTILE}
    assert runs_of.dead == dead, "a run on its plateau is no dead one"


def test_without_a_base_score_the_lowest_seen_stands_in() -> None:
    history = History((evaluation(1e-4, 20, 0.5), evaluation(1e-5, 20, 0.2), evaluation(1e-3, 20, None)))
    assert scores(history) == {1e-4: 0.5, 1e-5: 0.2, 1e-3: 0.2}
    only_dead = History((evaluation(1e-3, 20, None, StopKind.FAILED),))
    assert scores(only_dead) == {1e-3: 0.0}


def test_what_says_nothing_is_left_out() -> None:
    history = History(
        (
            evaluation(1e-4, 20, None, StopKind.LOST),
            evaluation(1e-4, 20, None, StopKind.INTERRUPTED),
            evaluation(1e-4, 20, 0.5, model="of another study"),
            evaluation(1e-2, 40, 0.4),  # outside of the space: moved onto its edge
        )
    )
    data = training_data(history, SPACE, SCALE)
    assert data.x.tolist() == [[1.0, 1.0, 0.0, 0.0]]
    assert len(training_data(History(), SPACE, SCALE)) == 0
    assert np.isfinite(data.x).all()


def test_rungs_of_one_run_share_a_number_and_seeds_don_t() -> None:
    first, second = evaluation(1e-4, 10, 0.4), evaluation(1e-4, 20, 0.5)
    data = training_data(History((first, replace(first, seed=7), second)), SPACE, SCALE)
    run = {(row[1], number): None for row, number in zip(data.x, data.x[:, -1], strict=True)}
    assert len(run) == 3 and len(set(data.x[:, -1])) == 2
    assert data.runs[first.configuration, "small", 0] != data.runs[first.configuration, "small", 7]


def test_the_order_of_the_history_makes_no_difference() -> None:
    some = [evaluation(10.0**-k, steps, 0.1 * k) for k in (3, 4, 5) for steps in (10, 20)]
    one, other = (training_data(History(tuple(order)), SPACE, SCALE) for order in (some, some[::-1]))
    assert (one.x == other.x).all() and (one.y == other.y).all() and one.runs == other.runs


def test_the_layout_knows_where_the_learning_rate_is() -> None:
    mixed = Space(
        {
            "lr_scheduler": CategoricalParameter(choices=("constant", "cosine", "linear")),
            "learning_rate": FloatParameter(low=1e-5, high=1e-3, log=True),
        }
    )
    assert layout_of(mixed) == Layout(4, 3)
    assert layout_of(Space({"rollouts": IntParameter(low=2, high=8)})) == Layout(1, None)
    chosen = Space({"learning_rate": CategoricalParameter(choices=(1e-5, 1e-4))})
    assert layout_of(chosen).rate is None, "choices have no order to shift in"
