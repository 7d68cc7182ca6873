"""The user's own launch script, read as a shell would read it and without running it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from rltune.errors import TrainerError
from rltune.trainers.verl.options import parse_options
from rltune.trainers.verl.script import Launch, read_script

MAIN = "python3 -m verl.trainer.main_ppo"
FULL = r"""#!/usr/bin/env bash
set -xeuo pipefail  # as everybody does
export VLLM_USE_V1=1
DATA=${DATA:-"${HOME}/data"}   # a comment with a 'quote
train_files="['$DATA/gsm8k/train.parquet', '$DATA/math/train.parquet']"
batch=$((4 * (8 + 8)))
mini=$((batch / 4))
MODEL_ID=Qwen/Qwen2.5-7B-Instruct
name="$(basename ${MODEL_ID})-$(date +%s)"
ALGORITHM=(
    algorithm.adv_estimator=grpo   # group-relative
    algorithm.use_kl_in_reward=False
)
EXTRA=()
if [ "$1" = "long" ]; then
    unused=4096
fi
HYDRA_FULL_ERROR=1 python3 -m verl.trainer.main_ppo \
    "${ALGORITHM[@]}" "${EXTRA[@]}" \
    data.train_files="$train_files" \
    data.train_batch_size=$batch actor_rollout_ref.actor.ppo_mini_batch_size=${mini} \
    trainer.logger='["console","wandb"]' \
    trainer.experiment_name="${name,,}" \
    actor_rollout_ref.rollout.name=${ENGINE:-vllm} \
    "+actor_rollout_ref.model.override_config.attn_implementation=sdpa" \
    actor_rollout_ref.actor.optim.lr=1e-6 $@ 2>&1 | tee log.txt
"""


def read(tmp_path: Path, text: str, **environment: str) -> Launch:
    script = tmp_path / "launch.sh"
    script.write_text(text)
    return read_script(script, {"HOME": "/home/me", "PWD": "/home/me/here", **environment})


def words_of_bash(tmp_path: Path, text: str) -> list[str]:
    """What bash itself gives to the program."""
    program = tmp_path / "bin/python3"
    program.parent.mkdir()
    program.write_text('#!/bin/bash\nprintf "%s\\n" "${@:3}" > "$WORDS"\n')
    program.chmod(0o755)
    script = tmp_path / "run.sh"
    script.write_text(text.replace("-xeuo pipefail", "-x"))
    environment = {"HOME": "/home/me", "PATH": f"{program.parent}:/usr/bin:/bin", "WORDS": str(tmp_path / "words")}
    subprocess.run(["bash", str(script)], env=environment, cwd=tmp_path, capture_output=True, check=True)
    return (tmp_path / "words").read_text().splitlines()


def test_arguments_are_what_bash_makes_of_them(tmp_path: Path) -> None:
    expected = words_of_bash(tmp_path, FULL)
    got = [override.text for override in read(tmp_path, FULL).overrides]
    # The experiment's name holds the time, and is the study's to give.
    assert got == [word for word in expected if not word.startswith("trainer.experiment_name")]
    assert "data.train_batch_size=64" in got and len(got) == 9


def test_what_the_script_exports_comes_along(tmp_path: Path) -> None:
    assert read(tmp_path, FULL).environment == {"VLLM_USE_V1": "1", "HYDRA_FULL_ERROR": "1"}


def test_a_config_of_the_users_own_is_named(tmp_path: Path) -> None:
    launch = read(tmp_path, f"{MAIN} --config-path=conf --config-name 'own' trainer.nnodes=2 data.shuffle=True")
    assert (launch.config, launch.config_folder) == ("own", "conf")
    assert [o.text for o in launch.overrides] == ["data.shuffle=True"]  # nodes are the study's


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{MAIN} data.train_files=$UNSET/x", r"line 1: \$UNSET is not set"),
        (f"\n{MAIN} data.train_files=$(ls)", r"line 2: \$\(ls\) is known only when the script runs"),
        (f"n=1\nif true; then\n n=2\nfi\n{MAIN} data.seed=1 a.b=$n", r"line 5: \$n depends on a condition in line 3"),
        (f"[ -d x ] && n=2\n{MAIN} a.b=$n", r"depends on a condition in line 1"),
        (f"{MAIN} --multirun a.b=1", "--multirun isn't understood"),
        (f"{MAIN} a.b", "expected an override such as"),
        ("python train.py", "expected a command with"),
        ("python -m recipe.dapo.main_dapo a.b=1", "algorithm: dapo"),
        (f"{MAIN} a.b=1\n{MAIN} a.b=2", r"got 2 \(lines 1, 2\)"),
    ],
)
def test_what_cannot_be_told_is_said_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(TrainerError, match=words):
        read(tmp_path, text)


def test_the_environment_settles_what_a_condition_leaves_open(tmp_path: Path) -> None:
    text = f"n=1\nif true; then n=2; fi\nstamp=$(date)\n{MAIN} a.b=$stamp"
    assert read(tmp_path, text, stamp="now").overrides[0].text == "a.b=now"


def test_own_overrides_come_on_top_of_the_script(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text(f"export X=1\n{MAIN} a.b=1 a.c=$MODE\n")
    options = parse_options(
        {"script": "run.sh", "folder": str(tmp_path), "base": ["a.b=2"], "env": {"MODE": "fast", "X": 2}}
    )
    launch = options.launch({})
    assert [o.text for o in launch.overrides] == ["a.b=1", "a.c=fast", "a.b=2"]
    assert launch.environment == {"X": "2", "MODE": "fast"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"bases": []}, "did you mean 'base'"),
        ({"gpus": 0}, "whole number from 1"),
        ({"gpus": {"proxy": "one"}}, "gpus.proxy.*whole number"),
        ({"base": "a=1"}, "expected a list of texts"),
        ({"env": {"A": [1]}}, "env.A: expected text"),
        ({"nodes": True}, "whole number from 1"),
    ],
)
def test_settings_are_checked_by_name(settings: dict[str, object], words: str) -> None:
    with pytest.raises(TrainerError, match=words):
        parse_options(settings)


def test_gpus_go_by_model_or_by_role() -> None:
    options = parse_options({"gpus": {"proxy": 1, "target": 8, "org/medium": 2}})
    assert [options.gpus_for(*who) for who in (("org/small", "proxy"), ("org/medium", "proxy"), ("x", "target"))] == [
        1,
        2,
        8,
    ]
    with pytest.raises(TrainerError, match="add `target: <count>`"):
        parse_options({"gpus": {"proxy": 1}}).gpus_for("x", "target")
