"""GPUs that trials have to themselves: what a study file may say, and that trials of a study never meet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rltune.config.load import StudyFile
from rltune.errors import ConfigError
from rltune.store.base import StudyState
from rltune.study.api import create, read_source
from rltune.study.blueprint import draw_blueprint
from rltune.study.budget import Resources
from rltune.study.shares import check_gpus, gpu_shares
from rltune.study.terms import plan_terms
from rltune.testing.toy_trainer import ToyTrainer
from study.toy import study_source

EIGHT = {"CUDA_VISIBLE_DEVICES": "0,1,2,3,4,5,6,7"}
NONE = {"CUDA_VISIBLE_DEVICES": ""}
SEEING = """
import os
from pathlib import Path
from rltune.testing.toy_trainer import ToyTrainer
class Seeing(ToyTrainer):
    def train(self, job, reporter):
        shown = Path(os.environ["SHOWN"])
        mine = set(os.environ["CUDA_VISIBLE_DEVICES"].split(","))
        marks = [shown / gpu for gpu in mine]
        for mark in marks:
            mark.mkdir()  # fails if another trial has it
        try:
            with (shown / "log").open("a") as log:
                print(job.role, len(mine), file=log)
            return super().train(job, reporter)
        finally:
            for mark in marks:
                mark.rmdir()
"""


class EightGpus(ToyTrainer):
    """A trainer whose own settings say how many GPUs it takes."""

    def gpus(self, model: str, role: str) -> int | None:
        return 8 if role == "target" else 1


def file_of(tmp_path: Path, gpus: object, **more: object) -> StudyFile:
    return read_source(study_source(tmp_path, executor={"gpus": gpus, **more}))


@pytest.mark.parametrize(
    ("gpus", "shares"),
    [
        (None, {}),
        (2, {"embedded/s": 2, "embedded/xs": 2}),
        ({"target": 8}, {"embedded/s": 8, "embedded/xs": 1}),
        ({"target": 8, "proxy": 2}, {"embedded/s": 8, "embedded/xs": 2}),
        ({"proxy": 2, "embedded/xs": 4}, {"embedded/s": 1, "embedded/xs": 4}),
    ],
)
def test_shares_by_role_or_name(tmp_path: Path, gpus: object, shares: dict[str, int]) -> None:
    assert gpu_shares(file_of(tmp_path, gpus), ToyTrainer()) == shares


def test_the_trainers_own_settings_count_where_the_study_says_nothing(tmp_path: Path) -> None:
    assert gpu_shares(file_of(tmp_path, None), EightGpus()) == {"embedded/s": 8, "embedded/xs": 1}
    assert gpu_shares(file_of(tmp_path, {"target": 8}), EightGpus()) == {"embedded/s": 8, "embedded/xs": 1}
    with pytest.raises(ConfigError, match="gets 4 GPUs, but the trainer's settings say 8"):
        gpu_shares(file_of(tmp_path, {"target": 4}), EightGpus())


def test_a_misspelt_model_is_an_error_with_the_known_names(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none of the study's models") as error:
        gpu_shares(file_of(tmp_path, {"targt": 8}), ToyTrainer())
    assert "executor.gpus.targt" in (error.value.where or "") and "'target'" in (error.value.hint or "")


def test_more_than_there_is_is_an_error_of_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3")
    file = file_of(tmp_path, {"target": 8})
    with pytest.raises(ConfigError, match="a trial of embedded/s needs 8 GPUs, and this machine has 4") as error:
        draw_blueprint(file)
    assert "executor.gpus" in (error.value.where or "")
    assert draw_blueprint(file_of(tmp_path, {"target": 4})).gpus == {"embedded/s": 4, "embedded/xs": 1}


def test_a_machine_without_gpus_may_check_what_runs_elsewhere(tmp_path: Path) -> None:
    shares = {"embedded/s": 8, "embedded/xs": 1}
    assert "has no GPU" in check_gpus(file_of(tmp_path, None), shares, NONE)[0]
    assert check_gpus(file_of(tmp_path, None), shares, EIGHT) == ()
    assert check_gpus(file_of(tmp_path, {"target": 8}, device="cpu"), shares, NONE) == ()
    with pytest.raises(ConfigError, match="this machine has 0"):
        check_gpus(file_of(tmp_path, {"target": 8}), shares, NONE)
    with pytest.raises(ConfigError, match=r"has 7"):
        check_gpus(file_of(tmp_path, None), shares, {"CUDA_VISIBLE_DEVICES": "0,1,2,3,4,5,6"})


@pytest.mark.slow
def test_trials_of_a_study_wait_for_gpus_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three GPUs: up to three trials of the proxy at once, one of the target, none of them on another's GPU."""
    (tmp_path / "seeing_shares.py").write_text(SEEING)
    shown = tmp_path / "shown"
    shown.mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("SHOWN", str(shown))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    changes = {"trainer": "seeing_shares:Seeing", "fixed": {"step_time": 0.05}, "budget": {"time": 600, "trials": 6}}
    executor = {"gpus": {"target": 2, "proxy": 1}, "grace_time": 5}
    with create(study_source(tmp_path, executor=executor, **changes)) as study:
        assert study.run() is StudyState.FINISHED
        assert not study.summary().failures
        plan = study.store.study().facts["plan"]
    assert isinstance(plan, dict) and plan["slots"] == 3 and plan["unit"] == "GPU-hours"
    assert set((shown / "log").read_text().splitlines()) == {"target 2", "proxy 1"}
    assert json.dumps(plan)


def test_on_a_cluster_with_gpus_a_trial_holds_the_one_that_it_reserves(tmp_path: Path) -> None:
    pytest.importorskip("ray")

    def resources(there: int, **executor: object) -> Resources:
        file = read_source(study_source(tmp_path, executor={"slots": 8, **executor}))
        return plan_terms(draw_blueprint(file), 8, there).resources

    ray = resources(4, name="ray")
    assert (ray.capacity, ray.units("embedded/s")) == (4.0, 1.0)
    assert resources(0, name="ray").unit == "place"
    assert resources(4).units("embedded/s") == 0.5  # on one machine they share
