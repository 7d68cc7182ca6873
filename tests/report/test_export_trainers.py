"""The winner of a study that another program trained, as that program's own command."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest

from report.factory import CONFIG, FIXED, Study, fill_finished
from rltune.errors import ReportError
from rltune.report.export.build import export
from rltune.store.base import StudyStore
from rltune.store.open import create_study

ACTOR = "actor_rollout_ref.actor"


def trained_by(tmp_path: Path, name: str, settings: Mapping[str, object], **facts: object) -> tuple[StudyStore, Study]:
    store = create_study(tmp_path, "other", {**CONFIG, "trainer": {"name": name, "settings": settings}})
    study = fill_finished(store, count=9)
    store.set_fact("target", "org/thing-7B")
    for fact, value in facts.items():
        store.set_fact(fact, value)
    return store, study


def words_of(text: str, program: str) -> list[str]:
    return shlex.split(text[text.index(program) :].replace("\\\n", " "))


def test_verls_command_is_the_users_own_with_the_winner_on_top(tmp_path: Path) -> None:
    script = tmp_path / "run.sh"
    script.write_text(
        "export VLLM_USE_V1=1\n"
        "python3 -m verl.trainer.main_ppo --config-name=own algorithm.adv_estimator=gae data.train_files=a.parquet "
        f"data.max_response_length=99 {ACTOR}.optim.lr=7 reward.custom_reward_function.path=mine.py trainer.save_freq=1"
    )
    base = [f"{ACTOR}.kl_loss_type=k1", "+data.mine='x y'", "trainer.nnodes=9"]
    settings = {"python": "/verl/python", "script": str(script), "base": base, "gpus": {"target": 4, "proxy": 1}}
    store, study = trained_by(tmp_path, "verl", settings, versions={"verl": "0.9.0"})
    text = export(store)
    store.close()
    assert "export VLLM_USE_V1=1\n" in text and "GPUS=4\n" in text and "MODEL=org/thing-7B\n" in text
    words = words_of(text, "/verl/python")
    assert words[:5] == ["/verl/python", "-m", "verl.trainer.main_ppo", "--config-name", "own"]
    got = dict(word.split("=", 1) for word in words[5:])
    assert len(got) == len(words[5:])
    assert float(got[f"{ACTOR}.optim.lr"]) == study.winner.values["learning_rate"]
    assert got["reward.custom_reward_function.path"] == "mine.py" and got["+data.mine"] == "'x y'"
    assert (got["data.train_files"], got["data.val_files"]) == ("a.parquet", "$VAL_FILES")
    assert (got["algorithm.adv_estimator"], got["critic.model.path"]) == ("gae", "$MODEL")
    assert (got[f"{ACTOR}.kl_loss_type"], got["data.max_response_length"]) == ("k1", "99")
    assert (got["trainer.nnodes"], got["trainer.total_training_steps"], got["trainer.save_freq"]) == ("1", "60", "60")
    assert "actor_rollout_ref.rollout.name" not in got  # theirs to say


def test_the_command_of_another_program_has_all_its_arguments(tmp_path: Path) -> None:
    settings = {
        "command": [
            "train",
            "--lr",
            "{learning_rate}",
            "--batch",
            "{prompts_per_step * rollouts}",
            "--out",
            "{output}",
        ],
        "arguments": ["--steps", "{horizon}", "--seed", "{seed}", "--model", "{model}", "--gpus", "{gpus}"],
        "prefix": ["srun", "--exclusive"],
        "memory": [["--micro", "4"], ["--micro", "1"]],
        "env": {"NOTE": "a b"},
        "gpus": {"target": 8, "proxy": 1},
        "folder": str(tmp_path),
        "checkpoint": "{output}/{step}",
        "resume": ["--resume"],
        "score": "transformers",
    }
    memory = {"org/thing-7B": {"level": 2, "settings": "--micro 1"}}
    store, study = trained_by(tmp_path, "command", settings, memory=memory)
    text = export(store)
    store.close()
    values = study.winner.values
    words = words_of(text, "srun")
    assert words[:4] == ["srun", "--exclusive", "train", "--lr"] and "--resume" not in words
    got = dict(zip(words[3::2], words[4::2], strict=True))
    assert float(got["--lr"]) == values["learning_rate"]
    assert int(got["--batch"]) == int(FIXED["prompts_per_step"]) * int(values["rollouts"])
    assert (got["--steps"], got["--seed"], got["--gpus"], got["--micro"]) == ("60", "0", "8", "1")
    assert got["--model"] == "org/thing-7B" and f"mkdir -p {shlex.quote(got['--out'])}" in text
    assert f"cd {tmp_path}\n" in text and "export NOTE='a b'\n" in text and "# memory: --micro 1\n" in text


def test_a_trainer_without_a_command_is_said_to_have_none(finished: Study) -> None:
    with pytest.raises(ReportError, match="trl runs inside of rltune, and has no command"):
        export(finished.store, "command")
    assert export(finished.store) == export(finished.store, "trl")
