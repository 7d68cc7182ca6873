"""What Hydra lets pass, and the schema doesn't: with the recorded schema of verl 0.9.1."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from verl_toys import STAND_IN

from rltune.errors import TrainerError
from rltune.trainers.verl.installed import Installed
from rltune.trainers.verl.override import parse_override
from rltune.trainers.verl.schema import Schema, kind_of


@pytest.fixture(scope="module")
def schema() -> Schema:
    return Schema.read(json.loads((STAND_IN / "schema-0.9.1.json").read_text()))


@pytest.mark.parametrize(
    "text",
    [
        "actor_rollout_ref.actor.optim.lr=1e-6",
        "actor_rollout_ref.actor.optim.lr=1",
        "data.train_files=['a.parquet','b.parquet']",
        "trainer.total_training_steps=null",
        "trainer.total_training_steps=60",
        'trainer.logger=["console","wandb"]',
        "actor_rollout_ref.rollout.name=vllm",
        "algorithm.adv_estimator=rloo",
        "actor_rollout_ref.actor.kl_loss_type=k3+",
        "actor_rollout_ref.actor.ppo_mini_batch_size=${data.train_batch_size}",
        "+actor_rollout_ref.model.override_config.attn_implementation=sdpa",
        "++reward.reward_kwargs.overlong_buffer_cfg.len=128",
        "+ray_kwargs.ray_init.num_gpus=1",
        "actor@actor_rollout_ref.actor=megatron_actor",
        "~algorithm.kl_ctrl",
    ],
)
def test_what_verl_takes_passes(schema: Schema, text: str) -> None:
    schema.check(parse_override(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("actor_rollout_ref.actor.optim.learning_rate=1", "no key actor_rollout_ref.actor.optim.learning_rate"),
        ("actor_rollout_ref.actor.clip_ration=0.2", "did you mean 'actor_rollout_ref.actor.clip_ratio'"),
        ("actor_rollout_ref.rollot.n=4", "did you mean 'actor_rollout_ref.rollout.n'"),
        ("trainer.total_training_steps=abc", "takes a whole number or null, got 'abc'"),
        ("data.train_batch_size=1.5", "takes a whole number"),
        ("actor_rollout_ref.actor.optim.lr=abc", "takes a number, got 'abc'"),
        ("actor_rollout_ref.actor.use_kl_loss=yes", "takes true or false"),
        ("algorithm.adv_estimator=gpro", "did you mean 'grpo'"),
        ("actor_rollout_ref.actor.policy_loss.loss_mode=ppo", "takes one of vanilla"),
        ("actor_rollout_ref.actor.loss_agg_mode=token_mean", "did you mean 'token-mean'"),
        ("+actor_rollout_ref.actor.clip=0.2", "no key actor_rollout_ref.actor.clip"),
        ("+unknown.key=1", "no key unknown.key"),
    ],
)
def test_what_would_fail_after_a_minute_or_do_nothing_is_named_at_once(schema: Schema, text: str, words: str) -> None:
    with pytest.raises(TrainerError, match=words.replace("+", r"\+")):
        schema.check(parse_override(text))


def test_a_field_that_the_config_does_not_list_is_to_be_appended(schema: Schema) -> None:
    hidden = next(name for name, key in schema.keys.items() if key.append and key.types == "bool")
    schema.check(parse_override(f"+{hidden}=true"))
    with pytest.raises(TrainerError, match=r"append it: \+"):
        schema.check(parse_override(f"{hidden}=true"))


@pytest.mark.parametrize(
    ("text", "kind"),
    [("1", "int"), ("-1_000", "int"), ("1e-6", "float"), (".5", "float"), ("nan", "float"), ("True", "bool")]
    + [("null", "null"), ("", "str"), ("'1'", "str"), ("1a", "str"), ("[1]", "list"), ("{a:1}", "dict")]
    + [("${x}", "any")],
)
def test_values_are_taken_as_hydra_takes_them(text: str, kind: str) -> None:
    assert kind_of(text) == kind


def test_an_interpreter_that_is_killed_is_told_from_one_that_is_silent(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nkill -9 $$\n")
    python.chmod(0o755)
    with Installed(str(python), {}) as killed, pytest.raises(TrainerError, match="it was ended by SIGKILL"):
        _ = killed.schema
