"""A whole study with verl's stand-in: search on a proxy, confirmation, final training and test on the target."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from verl_toys import STAND_IN

from rltune.errors import RltuneError
from rltune.store.base import StudyState
from rltune.study.api import create, read_source
from rltune.study.blueprint import draw_blueprint


def study_file(tmp_path: Path, **more: object) -> dict[str, object]:
    rows = {split: tmp_path / f"{split}.jsonl" for split in ("train", "validation", "test")}
    for split, path in rows.items():
        path.write_text("".join(json.dumps({"prompt": f"{split} {i}", "answer": str(i)}) + "\n" for i in range(12)))
    for split in rows:
        (tmp_path / f"{split}.parquet").touch()
    return {
        "name": "verl",
        "models": {"target": "org/thing-0.02B", "proxies": ["org/thing-0.01B"]},
        "task": {"name": "file", "reward": "exact", **{split: str(path) for split, path in rows.items()}},
        "trainer": {
            "name": "verl",
            "settings": {
                "python": str(STAND_IN / "python"),
                "gpus": 1,
                "base": [
                    f"data.train_files={tmp_path}/train.parquet",
                    f"data.val_files={tmp_path}/validation.parquet",
                    "actor_rollout_ref.rollout.tensor_model_parallel_size=1",
                ],
                "test_files": str(tmp_path / "test.parquet"),
            },
        },
        "recipe": "verl-ppo",
        "fixed": {"prompts_per_step": 8, "updates_per_step": 2},
        "optimizer": "random",
        "budget": {"time": 600, "trials": 2},
        "steps": 4,
        "rungs": [2, 4],
        "transfer": False,
        "confirm": {"top": 1},
        "final": {"seeds": 1},
        "output": str(tmp_path / "studies"),
        **more,
    }


@pytest.fixture(autouse=True)
def interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN_PYTHON", sys.executable)


@pytest.mark.slow
def test_a_study_runs_to_its_end(tmp_path: Path) -> None:
    with create(study_file(tmp_path)) as study:
        assert study.run() is StudyState.FINISHED
        runs = list(study.folder.glob("runs/*"))
        assert {run.name.split("-s")[0][5:] for run in runs} == {"org-thing-0.01B", "org-thing-0.02B"}
        assert not list(study.folder.glob("**/workspace/verl"))
        exported = study.export()
        assert "-m verl.trainer.main_ppo" in exported and 'critic.model.path="$MODEL"' in exported
        assert "critic.optim.lr" in exported and "tensor_model_parallel_size=1" in exported
        versions = study.store.study().facts["versions"]
        assert isinstance(versions, dict) and (versions["verl"], versions["ray"]) == ("0.9.1", "2.51.0")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"space": {"critic.grad_clip": {"type": "float", "low": 0.1, "high": 1.0}}}, "critic.grad_clip"),
        ({"fixed": {"actor_rollout_ref.actor.loss_agg_mod": "token-mean"}}, "did you mean.*loss_agg_mode"),
        ({"fixed": {"data.max_prompt_length": "long"}}, "data.max_prompt_length takes a whole number"),
        ({"fixed": {"prompts_per_step": 9, "updates_per_step": 2}}, "divisible"),
        ({"space": {"data.trian_batch_size": {"type": "int", "low": 1, "high": 8}}}, "space.data.trian_batch_size"),
    ],
)
def test_a_study_file_with_a_mistake_is_refused_before_anything_runs(
    tmp_path: Path, more: dict[str, object], words: str
) -> None:
    with pytest.raises(RltuneError, match=words):
        create(study_file(tmp_path, **more))


def test_a_test_on_another_task_that_verl_has_no_file_for_is_refused_before_anything_runs(tmp_path: Path) -> None:
    source = study_file(tmp_path)
    task = source["task"]
    assert isinstance(task, dict)
    task["test_ood"] = ["arithmetic/hard"]
    with pytest.raises(RltuneError, match="verl needs parquet files of the test split of arithmetic/hard"):
        create(source)


def test_a_person_is_told_of_overrides_that_do_nothing(tmp_path: Path) -> None:
    source = study_file(tmp_path)
    trainer = source["trainer"]
    assert isinstance(trainer, dict)
    trainer["settings"]["base"].append("actor_rollout_ref.actor.grad_clip=0.5")
    notes = "\n".join(draw_blueprint(read_source(source)).notes)
    assert "actor_rollout_ref.actor.grad_clip changes nothing" in notes
