"""A study's summary: counts against what was written into the store, and sentences that say no more than is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.factory import CONFIG, RECIPE, TARGET, Filler, Study, begin, fill_finished, fill_half, propose
from rltune.analysis.finalists import Finalist
from rltune.analysis.gain import interval, measure_gain
from rltune.analysis.summary import Summary, summarize
from rltune.store.base import StudyStore
from rltune.store.open import create_study
from rltune.types import Configuration, StopKind, StopReason


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Study, Summary]]:
    store = create_study(tmp_path_factory.mktemp("summary"), "demo", CONFIG)
    study = fill_finished(store)
    yield study, summarize(store)
    store.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StudyStore]:
    store = create_study(tmp_path, "small", CONFIG)
    begin(store)
    yield store
    store.close()


def test_counts_are_those_of_the_store(finished: tuple[Study, Summary]) -> None:
    study, summary = finished
    segments = study.store.segments()
    continued = [s for s in segments if s.from_step > 0]
    assert summary.work.configurations == len(study.configurations)
    assert summary.work.evaluations == len(study.store.evaluations())
    assert sum(n for rungs in summary.work.evaluations_by.values() for n in rungs.values()) == summary.work.evaluations
    assert summary.work.promotions == summary.work.promotions_exact == len(continued)
    assert summary.work.steps_saved == sum(s.from_step for s in continued)
    assert summary.work.steps_trained == sum(len(study.store.curve(r.id)) for r in study.store.runs())
    assert summary.work.steps_retrained == 0
    assert len(summary.stops) == 2 and {s.rule for s in summary.stops} == {"kl_growth"}
    assert [f.kind for f in summary.failures] == ["failed"]


def test_winner_recipe_and_gain(finished: tuple[Study, Summary]) -> None:
    study, summary = finished
    assert summary.winner and summary.winner.configuration == study.winner
    assert summary.recipe and summary.recipe.test == pytest.approx({0: 0.597, 1: 0.585, 2: 0.606})
    assert summary.gain and summary.gain.value == pytest.approx(0.282)
    assert summary.gain.beyond_spread and summary.gain.sentence.startswith("A gain of +28.2 points")


def test_efficiency_is_measured_not_planned(finished: tuple[Study, Summary]) -> None:
    _, summary = finished
    found = summary.efficiency
    assert found.full_run_seconds == pytest.approx(61.0)  # 60 steps of 1 s, 0.8 s validation, 0.2 s start
    assert found.trial_seconds and found.speed_up == pytest.approx(61.0 / found.trial_seconds)
    assert found.tokens == pytest.approx(1280 * summary.work.steps_trained)
    assert found.tokens_per_second == pytest.approx(1280 * summary.work.steps_trained / 682.0)
    assert found.optimizer_share == pytest.approx(14 / 682)


def test_transfer_pairs_each_confirmed_configuration_with_its_best_informed_proxy_score(
    finished: tuple[Study, Summary],
) -> None:
    _, summary = finished
    assert len(summary.transfer.pairs) == 4  # three of the search and the recipe
    assert {p.proxy for p in summary.transfer.pairs} == {"embedded/xs", "embedded/s"}
    assert summary.transfer.spearman is not None and -1 <= summary.transfer.spearman <= 1
    assert "too few" in summary.transfer.note


def test_json_is_plain_and_has_the_promised_keys(finished: tuple[Study, Summary]) -> None:
    _, summary = finished
    plain = json.loads(json.dumps(summary.to_json(), allow_nan=False))
    promised = "state seconds configurations evaluations promotions steps_trained steps_retrained stops failures"
    assert set(promised.split()) < set(plain)
    assert plain["evaluations"]["by_model_and_rung"][TARGET] == {"60": 8}
    assert plain["winner"]["test_by_seed"]["1"] == pytest.approx(0.889) and plain["recipe"]["test_mean"] < 0.6
    assert {"trial_seconds", "speed_up"} < set(plain)
    assert {"rule", "step", "reason"} < set(plain["stops"][0])


def test_a_running_study_shows_its_runs_in_flight(tmp_path: Path) -> None:
    store = create_study(tmp_path, "half", CONFIG)
    fill_half(store)
    summary = summarize(store)
    store.close()
    (run,) = summary.running
    assert run.to_step == 15 and run.step == len(run.rewards) == 7
    assert summary.winner is None and summary.gain is None and summary.efficiency.full_run_seconds is None
    assert summary.best is not None and summary.best.model == "embedded/xs"


def test_a_study_without_anything_sums_up(tmp_path: Path) -> None:
    store = create_study(tmp_path, "empty", {})
    summary = summarize(store)
    store.close()
    assert summary.state == "created" and summary.work.evaluations == 0 and summary.best is None
    assert json.dumps(summary.to_json(), allow_nan=False)


def test_going_on_after_a_loss_is_no_promotion(store: StudyStore) -> None:
    filler, configuration = Filler(store), propose(2)[1]
    filler.segment(configuration, TARGET, 15)
    filler.segment(configuration, TARGET, 30, stop=StopReason(StopKind.LOST, 15, "its process vanished"))
    filler.segment(configuration, TARGET, 30)
    work = summarize(store).work
    assert (work.promotions, work.recoveries, work.steps_saved) == (1, 1, 15)


def test_the_same_configuration_on_a_larger_model_has_moved_up(store: StudyStore) -> None:
    filler, configuration = Filler(store), propose(2)[1]
    for model in ("embedded/xs", "embedded/s", TARGET):
        filler.segment(configuration, model, 15)
    work = summarize(store).work
    assert (work.moved_up, work.promotions, work.configurations) == (2, 0, 1)


def test_best_is_on_the_largest_model_though_a_proxy_scored_higher(store: StudyStore) -> None:
    filler = Filler(store)
    filler.segment(Configuration({**RECIPE, "learning_rate": 1.5e-3}), "embedded/xs", 60)
    filler.segment(Configuration(RECIPE), TARGET, 15)
    best = summarize(store).best
    assert best is not None and best.model == TARGET


def finalist(*test: float, rate: float = 1e-3) -> Finalist:
    return Finalist(Configuration({"learning_rate": rate}), "", test=dict(enumerate(test)))


@pytest.mark.parametrize(
    ("ours", "theirs", "start"),
    [
        (finalist(0.9, 0.91, 0.89), finalist(0.6, 0.61, 0.6, rate=3e-5), "A gain of"),
        (finalist(0.6, 0.61, 0.6), finalist(0.9, 0.91, 0.89, rate=3e-5), "A loss of"),
        (finalist(0.7, 0.5, 0.9), finalist(0.6, 0.65, 0.62, rate=3e-5), "No sure gain"),
        (finalist(0.9), finalist(0.6, rate=3e-5), "One seed only"),
        (finalist(0.6, 0.61), finalist(0.6, 0.61), "No gain"),
    ],
)
def test_the_sentence_says_what_the_interval_allows(ours: Finalist, theirs: Finalist, start: str) -> None:
    gain = measure_gain(ours, theirs)
    assert gain is not None and gain.sentence.startswith(start)


def test_seeds_that_only_one_was_tested_with_are_left_out() -> None:
    gain = measure_gain(finalist(0.9, 0.8, 0.1), finalist(0.6, 0.5, rate=3e-5))
    assert gain is not None and gain.seeds == 2 and gain.value == pytest.approx(0.3)


def test_interval_is_students() -> None:
    # by hand: mean 2, s 1, n 3, t(2, 0.975) = 4.30265
    assert interval([1.0, 2.0, 3.0]) == pytest.approx((2 - 4.30265 / 3**0.5, 2 + 4.30265 / 3**0.5), rel=1e-5)
    assert interval([1.0]) is None


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8), st.floats(-1, 1))
def test_interval_moves_with_its_values(values: list[float], shift: float) -> None:
    low, high = interval(values) or (0.0, 0.0)
    moved = interval([v + shift for v in values]) or (0.0, 0.0)
    assert low <= sum(values) / len(values) + 1e-12 and moved == pytest.approx((low + shift, high + shift), abs=1e-9)
