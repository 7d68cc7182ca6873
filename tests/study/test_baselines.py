"""Whole studies with the baselines as their optimizers, chosen in the study file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from rltune.errors import OptimizerError
from rltune.store.base import StudyState
from rltune.types import Phase
from study.toy import toy_study

BUDGET = {"time": 600, "search": 0.9}
SPACE = {
    "learning_rate": {"type": "float", "low": 1e-6, "high": 1e-2, "log": True},
    "kl_coef": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True},
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("bohb", {"eta": 2}),
        ("grid", {"points": 3, "fine_points": 2, "seeds": 2}),
        ("optuna", {"sampler": "tpe", "pruner": "successive_halving", "pruner_options": {"reduction_factor": 2}}),
        ("optuna", {"sampler": "qmc", "pruner": "none"}),
    ],
)
def test_a_study_with_a_baseline(name: str, options: dict[str, object], tmp_path: Path) -> None:
    optimizer = {"name": name, "options": options}
    with toy_study(
        tmp_path, optimizer=optimizer, space=SPACE, budget={**BUDGET, "trials": 16}, transfer=False
    ) as study:
        assert study.run() is StudyState.FINISHED
        summary = study.summary()
        assert summary.winner is not None and len(summary.winner.test) == 2
        segments = [s for s in study.store.segments() if s.phase is Phase.SEARCH]
        assert len(segments) == 16
        assert {run.model for run in study.store.runs() if run.id in {s.run_id for s in segments}} == {"embedded/xs"}
        steps = Counter(s.to_step for s in segments)
        if name == "grid" or options.get("pruner") == "none":
            assert set(steps) == {8}
        else:
            # promotions continue where their run stopped, and train no step twice
            assert steps[2] > steps[8] > 0
            promotions = [s for s in segments if s.from_step > 0]
            assert promotions and all(s.from_step in (2, 4) for s in promotions)
            assert summary.work.steps_retrained == 0
        assert study.report().read_text().startswith("<!doctype html>")


@pytest.mark.slow
def test_the_seeds_of_a_fine_sweep_are_trained_and_averaged(tmp_path: Path) -> None:
    optimizer = {"name": "grid", "options": {"points": 2, "fine_points": 1, "seeds": 3}}
    with toy_study(tmp_path, optimizer=optimizer, space=SPACE, budget={**BUDGET, "trials": 30}) as study:
        assert study.run() is StudyState.FINISHED
        search = [e for _, e in study.store.evaluations() if e.phase is Phase.SEARCH and e.fidelity.steps == 8]
        seeds = Counter(e.configuration for e in search)
        refined = [c for c, n in seeds.items() if n == 3]
        assert 1 <= len(refined) <= 2 and all(n in (1, 3) for n in seeds.values())
        confirmed = {e.configuration for _, e in study.store.evaluations() if e.phase is Phase.CONFIRM}
        assert set(refined) <= confirmed


@pytest.mark.parametrize(
    ("optimizer", "word"),
    [
        ({"name": "bohb", "options": {"etta": 3}}, "did you mean 'eta'"),
        ({"name": "optuna", "options": {"sampler": "tpx"}}, "known: brute_force"),
        ({"name": "optun"}, "did you mean 'optuna'"),
    ],
)
def test_a_wrong_option_is_told_when_the_file_is_read(optimizer: dict[str, object], word: str, tmp_path: Path) -> None:
    with pytest.raises(OptimizerError, match=word):
        toy_study(tmp_path, optimizer=optimizer)
    assert not list(tmp_path.iterdir())
