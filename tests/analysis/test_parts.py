"""Test scores in parts: which runs count in which part, and what a failed one counts as."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from report.factory import BASE_SCORES, CONFIG, TARGET, Filler, Study, fill_failing
from rltune.analysis.parts import group_parts, other_parts
from rltune.analysis.summary import summarize
from rltune.store.base import ScoreRecord, StudyStore
from rltune.store.open import create_study


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StudyStore]:
    store = create_study(tmp_path, "parts", CONFIG)
    yield store
    store.close()


def fill(store: StudyStore, failing: int) -> Study:
    """Seeds 1 to 4, the winner's last `failing` ones diverged; the groups' scores hang together with the seed."""
    study = fill_failing(store, failing=failing)
    filler = Filler(store)
    for seed in (1, 2, 3, 4):
        filler.test_parts(study.recipe, seed, {"level_5": 0.1 * seed}, {"aime24": 0.05 * seed})
        if seed <= 4 - failing:
            filler.test_parts(study.winner, seed, {"level_5": 0.1 * seed + 0.2}, {"aime24": 0.05 * seed + 0.1})
    return study


def test_groups_and_other_tests_have_means_over_the_same_seeds(store: StudyStore) -> None:
    fill(store, failing=0)
    summary = summarize(store)
    assert summary.winner and summary.recipe
    (level,) = group_parts(summary.winner, summary.recipe)
    assert (level.name, level.seeds) == ("level_5", (1, 2, 3, 4))
    assert (level.winner, level.recipe, level.gain) == pytest.approx((0.45, 0.25, 0.2))
    whole, hard = other_parts(summary.winner, summary.recipe)
    assert (whole.name, hard.name) == ("aime24", "aime24/hard")
    assert (whole.winner, whole.recipe) == pytest.approx((0.225, 0.125)) and hard.gain == pytest.approx(0.05)
    # The scores on other tasks are no scores of the study's own test.
    assert summary.winner.mean == pytest.approx(0.925)


def test_a_failed_run_is_left_out_where_the_untrained_model_has_no_score(store: StudyStore) -> None:
    fill(store, failing=2)
    summary = summarize(store)
    assert summary.winner and summary.recipe and summary.winner.failed_seeds == (3, 4)
    assert [p.seeds for p in other_parts(summary.winner, summary.recipe)] == [(1, 2), (1, 2)]
    assert [p.seeds for p in group_parts(summary.winner, summary.recipe)] == [(1, 2)]


def test_a_failed_run_counts_as_the_untrained_model_where_its_score_is_known(store: StudyStore) -> None:
    fill(store, failing=2)
    values = {"mean": BASE_SCORES[TARGET], "greedy": 0.99, "level_5": 0.05}
    store.add_score(ScoreRecord(TARGET, None, 0, "validation", values, 0.7))
    summary = summarize(store)
    assert summary.winner and summary.recipe
    (level,) = group_parts(summary.winner, summary.recipe)
    assert level.seeds == (1, 2, 3, 4) and level.winner == pytest.approx((0.3 + 0.4 + 0.05 + 0.05) / 4)


def test_a_study_without_groups_and_other_tests_has_no_parts(store: StudyStore) -> None:
    fill_failing(store, failing=0)
    summary = summarize(store)
    assert summary.winner and summary.recipe
    assert group_parts(summary.winner, summary.recipe) == other_parts(summary.winner, summary.recipe) == ()


def test_status_tells_them_by_seed(store: StudyStore) -> None:
    fill(store, failing=0)
    winner = summarize(store).to_json()["winner"]
    assert isinstance(winner, dict)
    assert winner["test_by_group"]["level_5"]["1"] == pytest.approx(0.3)
    assert set(winner["other_tests"]) == {"aime24", "aime24/hard"}
