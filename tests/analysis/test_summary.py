"""A study's summary: counts against what was written into the store, and sentences that say no more than is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.factory import CONFIG, RECIPE, TARGET, Filler, Study, begin, fill_failing, fill_finished, fill_half, propose
from rltune.analysis.finalists import Finalist
from rltune.analysis.gain import interval, measure_gain
from rltune.analysis.summary import Summary, summarize
from rltune.store.base import StudyState, StudyStore
from rltune.store.open import create_study
from rltune.types import Configuration, Phase, StopKind, StopReason


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


def test_transfer_pairs_confirmed_configurations_at_one_step_of_one_proxy(
    finished: tuple[Study, Summary],
) -> None:
    _, summary = finished
    assert len(summary.transfer.pairs) == 4  # three of the search and the recipe, which wasn't trained on embedded/s
    assert {(p.proxy, p.proxy_steps) for p in summary.transfer.pairs} == {("embedded/xs", 15)}
    assert summary.transfer.spearman is not None and -1 <= summary.transfer.spearman <= 1
    assert summary.transfer.note.startswith("4 configurations at step 15 of embedded/xs, too few")


def test_transfer_leaves_out_what_lacks_the_common_step_and_says_so(store: StudyStore) -> None:
    filler, configurations = Filler(store), propose(5)
    reached = (60, 30, 30, 30)
    for configuration, last in zip(configurations, reached, strict=False):
        for step in (s for s in (15, 30, 60) if s <= last):
            filler.segment(configuration, "embedded/xs", step)
    for configuration in configurations:  # the last one was never on a proxy
        filler.segment(configuration, TARGET, 60, phase=Phase.CONFIRM)
    found = summarize(store).transfer
    assert [p.configuration for p in found.pairs] == [c.id for c in configurations[:4]]
    assert {p.proxy_steps for p in found.pairs} == {30}
    assert "4 configurations at step 30 of embedded/xs, 1 left out that has no score there" in found.note


def test_a_study_that_no_process_runs_has_crashed(store: StudyStore) -> None:
    assert [summarize(store, alive=a).state for a in (None, True, False)] == ["running", "running", "crashed"]
    store.set_state(StudyState.INTERRUPTED)
    assert summarize(store, alive=False).state == "interrupted"


def test_failed_final_runs_count_as_the_untrained_model(store: StudyStore) -> None:
    study = fill_failing(store, failing=2)
    summary = summarize(store)
    assert summary.winner and summary.winner.configuration == study.winner and summary.winner.failed_seeds == (3, 4)
    assert summary.winner.test == pytest.approx({1: 0.91, 2: 0.92, 3: 0.43, 4: 0.43})
    assert summary.recipe and summary.recipe.failed_seeds == ()
    plain = summary.to_json()
    assert plain["winner"]["test_mean"] == pytest.approx(0.6725) and plain["winner"]["failed_seeds"] == [3, 4]  # type: ignore[index]
    assert summary.gain and summary.gain.value == pytest.approx(0.6725 - 0.625) and summary.gain.seeds == 4
    assert summary.gain.sentence.startswith("No sure gain")  # of the two runs that lived: +29 points
    assert "2 of 4 runs of the winner failed and count as the untrained model." in summary.gain.sentence


def test_a_final_run_that_was_tried_again_and_ended_well_has_not_failed(store: StudyStore) -> None:
    study = fill_failing(store, failing=1)
    Filler(store).segment(study.winner, TARGET, 60, seed=4, phase=Phase.FINAL)
    found = summarize(store)
    assert found.winner and found.winner.failed_seeds == () and found.winner.counted == (1, 2, 3)


def test_means_are_over_the_seeds_that_both_have(store: StudyStore) -> None:
    study = fill_failing(store, failing=0)
    filler = Filler(store)
    filler.final(study.winner, 5, 0.1)  # the recipe's run of seed 5 isn't finished yet
    summary = summarize(store)
    assert summary.winner and summary.recipe and summary.gain
    assert summary.winner.counted == summary.recipe.counted == (1, 2, 3, 4)
    assert summary.winner.mean == pytest.approx(0.925) and summary.gain.value == pytest.approx(0.3)
    assert summary.winner.test[5] == 0.1 and summary.winner.failed_seeds == ()


def test_without_a_base_score_failed_runs_allow_no_verdict(tmp_path: Path) -> None:
    store = create_study(tmp_path, "unknown", CONFIG)
    fill_failing(store, failing=1, base=False)
    summary = summarize(store)
    store.close()
    assert summary.gain is None and summary.undecided and "1 final run of the winner failed" in summary.undecided


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
