"""Memory levels of a training by verl: overrides on top of the user's own, and what they leave as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rltune.trainers.base import TrainJob
from rltune.trainers.resources import Foresees, NeedsGpus, SavesMemory
from rltune.trainers.verl.command import Work, train_command
from rltune.trainers.verl.footprint import footprint
from rltune.trainers.verl.memory import levels_of, overrides_at
from rltune.trainers.verl.setup import Setup, set_up
from rltune.trainers.verl.trainer import VerlTrainer

Make = Callable[..., VerlTrainer]
MICRO = "ppo_micro_batch_size_per_gpu"
ACTOR, ROLLOUT = "actor_rollout_ref.actor", "actor_rollout_ref.rollout"
SIZES = (
    f"{ACTOR}.{MICRO}=24",
    f"{ROLLOUT}.log_prob_micro_batch_size_per_gpu=8",
    f"{ROLLOUT}.gpu_memory_utilization=0.6",
)


@pytest.fixture
def setup(make_trainer: Make) -> Callable[..., Setup]:
    def make(*base: str, **settings: object) -> Setup:
        options = make_trainer("", *base, **settings)._options
        assert options is not None
        return set_up(options)

    return make


def test_micro_batches_first_then_offloading_then_the_rollouts_share(setup: Callable[..., Setup]) -> None:
    levels = levels_of(setup(*SIZES), {})
    assert [level.words for level in levels] == [
        "as your overrides say",
        "micro-batches of 6",
        "micro-batches of 1",
        "micro-batches of 1; parameters and optimizer kept outside of the GPU",
        "micro-batches of 1; parameters and optimizer kept outside of the GPU; rollouts with 0.45 of the GPU",
        "micro-batches of 1; parameters and optimizer kept outside of the GPU; rollouts with 0.3 of the GPU",
    ]
    assert levels[1].overrides == {f"{ACTOR}.{MICRO}": 6, f"{ROLLOUT}.log_prob_micro_batch_size_per_gpu": 2}
    # 24 divided the batch, and so does each of these.
    assert all(24 % int(level.overrides.get(f"{ACTOR}.{MICRO}", 24)) == 0 for level in levels)
    assert f"{ACTOR}.fsdp_config.optimizer_offload" in levels[3].overrides


def test_what_the_user_saves_already_is_no_level(setup: Callable[..., Setup]) -> None:
    offloaded = [f"{ACTOR}.fsdp_config.{name}_offload=True" for name in ("param", "optimizer")]
    levels = levels_of(setup(f"{ACTOR}.{MICRO}=1", *offloaded), {})
    assert f"{ACTOR}.fsdp_config.param_offload" not in str(levels)
    off = levels_of(setup("actor_rollout_ref.model.enable_gradient_checkpointing=False"), {})
    assert off[1].words == "activations recomputed"


def test_packed_micro_batches_hold_fewer_tokens_but_never_less_than_one_sequence(setup: Callable[..., Setup]) -> None:
    dynamic = (
        f"{ACTOR}.use_dynamic_bsz=True",
        f"{ACTOR}.ppo_max_token_len_per_gpu=16384",
        "data.max_prompt_length=1024",
    )
    levels = levels_of(setup(*dynamic), {"data.max_response_length": 2048})
    tokens = [level.overrides.get(f"{ACTOR}.ppo_max_token_len_per_gpu", 16384) for level in levels]
    assert tokens[:3] == [16384, 4096, 3072]
    assert min(int(t) for t in tokens) == 1024 + 2048


def test_a_jobs_level_is_in_its_command_and_the_batch_is_not_touched(
    setup: Callable[..., Setup], make_job: Callable[..., TrainJob], tmp_path: Path
) -> None:
    made, job = setup(*SIZES), make_job(4, hyperparameters={"prompts_per_step": 8, "updates_per_step": 2})
    plain, lean = (
        {o.key: o.value for o in train_command(replace(job, memory_level=n), made, Work(tmp_path), 1, 64).overrides}
        for n in (0, 2)
    )
    changed = {key for key in lean if lean[key] != plain.get(key)}
    assert changed == {f"{ACTOR}.{MICRO}", f"{ROLLOUT}.log_prob_micro_batch_size_per_gpu"}
    assert lean["data.train_batch_size"] == "8" and lean[f"{ACTOR}.ppo_mini_batch_size"] == "4"
    last = len(levels_of(made, {})) - 1
    assert overrides_at(made, {}, 99) == overrides_at(made, {}, last)


def test_what_7b_takes(setup: Callable[..., Setup]) -> None:
    grpo = footprint(7.6e9, setup(), {"algorithm": "grpo", "kl_coef": 0.001, "rollouts": 5, "prompts_per_step": 1024})
    assert 80e9 <= grpo.checkpoint_bytes <= 100e9 and grpo.completions == 5120 and grpo.passes == 10
    ppo = footprint(7.6e9, setup(), {"algorithm": "ppo", "kl_coef": 0.001})
    assert ppo.checkpoint_bytes == 2 * grpo.checkpoint_bytes and ppo.passes == 18
    adapters = footprint(7.6e9, setup("actor_rollout_ref.model.lora_rank=32"), {})
    assert adapters.checkpoint_bytes < 35e9


def test_gpus_are_those_of_the_settings_unless_they_are_a_clusters(
    make_trainer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = make_trainer(gpus={"proxy": 1, "target": 8})
    assert isinstance(trainer, NeedsGpus) and isinstance(trainer, SavesMemory) and isinstance(trainer, Foresees)
    assert (trainer.gpus("m", "proxy"), trainer.gpus("m", "target")) == (1, 8)
    assert make_trainer(gpus=8, nodes=2).gpus("m", "target") is None
    monkeypatch.setenv("RAY_ADDRESS", "auto")
    assert trainer.gpus("m", "target") is None
