"""The real `verl.trainer.main_ppo` 0.9.1 on the CPU, driven by the trainer: only on demand, for a launch takes minutes.

RLTUNE_VERL_REAL=<python of an environment with verl and torch> pytest tests/trainers/verl/test_verl_real.py
"""

from __future__ import annotations

import math
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from verl_toys import Recorder

from rltune.trainers.base import ScoreJob, Scoring, TrainJob
from rltune.trainers.verl.trainer import VerlTrainer
from rltune.types import Scalar, StepMetrics, StopKind, StopReason

PYTHON = os.environ.get("RLTUNE_VERL_REAL")
CPU = Path(__file__).with_name("cpu")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PYTHON is None, reason="on demand: RLTUNE_VERL_REAL names a python with verl 0.9.1 and torch"),
]
RATE, HORIZON = 1e-3, 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("verl")
    subprocess.run([str(PYTHON), str(CPU / "tiny.py"), str(made)], check=True)
    (made / "rows.jsonl").write_text("".join(f'{{"prompt": "{i}", "answer": "{i}"}}\n' for i in range(8)))
    return made


def trainer(folder: Path, *more: str) -> VerlTrainer:
    base = f"""
        data.train_files={folder}/train.parquet data.val_files={folder}/test.parquet data.max_prompt_length=48
        data.max_response_length=12 data.dataloader_num_workers=0 actor_rollout_ref.model.use_remove_padding=False
        actor_rollout_ref.model.enable_gradient_checkpointing=False actor_rollout_ref.actor.strategy=fsdp2
        +actor_rollout_ref.model.override_config.attn_implementation=sdpa critic.ppo_micro_batch_size_per_gpu=8
        actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=8 actor_rollout_ref.actor.use_torch_compile=False
        actor_rollout_ref.actor.fsdp_config.use_torch_compile=False reward.num_workers=1
        actor_rollout_ref.ref.fsdp_config.use_torch_compile=False actor_rollout_ref.rollout.name=cpuhf
        actor_rollout_ref.rollout.tensor_model_parallel_size=1 actor_rollout_ref.rollout.agent.num_workers=1
        actor_rollout_ref.rollout.log_prob_micro_batch_size_per_gpu=8 critic.model.use_remove_padding=False
        actor_rollout_ref.ref.log_prob_micro_batch_size_per_gpu=8 critic.strategy=fsdp2 trainer.device=cpu
        critic.model.enable_gradient_checkpointing=False ray_kwargs.ray_init.num_cpus=16
        +ray_kwargs.ray_init.num_gpus=1 reward.custom_reward_function.path={CPU}/reward.py
    """.split()
    env = {
        "PYTHONPATH": str(CPU),
        "VERL_USE_EXTERNAL_MODULES": "verl_cpu",
        "VERL_ENGINE_DEVICE": "cuda",
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
    }
    made = VerlTrainer().configure(
        {"python": PYTHON, "base": [*base, *more], "gpus": 1, "env": env, "folder": str(folder)}
    )
    assert isinstance(made, VerlTrainer)
    return made


def job(folder: Path, start: int, stop: int, resume: Path | None = None, **hyperparameters: Scalar) -> TrainJob:
    values: dict[str, Scalar] = {
        "learning_rate": RATE,
        "lr_scheduler": "cosine",
        "clip_ratio": 0.2,
        "grad_clip": 1.0,
        "kl_coef": 0.01,
        "rollouts": 4,
        "prompts_per_step": 8,
        "updates_per_step": 1,
    }
    rows = str(folder / "rows.jsonl")
    return TrainJob(
        model=str(folder / "tiny"),
        task="file",
        task_options={"train": rows, "validation": rows, "test": rows, "reward": "exact"},
        hyperparameters={**values, **hyperparameters},
        horizon=HORIZON,
        start_step=start,
        stop_step=stop,
        resume_from=str(resume) if resume else None,
        validate_at=(stop,),
        seed=7,
        validation=Scoring(16, 1),
    )


def cosine(step: int) -> float:
    """The rate after a step: verl logs the next step's."""
    return RATE * 0.5 * (1 + math.cos(math.pi * step / HORIZON))


@pytest.mark.parametrize(
    ("more", "hyperparameters"),
    [((), {"algorithm": "grpo"}), (("trainer.use_v1=False",), {"algorithm": "ppo", "critic_learning_rate": 1e-4})],
    ids=["grpo-v1", "ppo-v0"],
)
def test_a_stop_a_resume_and_a_rung_of_the_full_schedule(
    folder: Path, tmp_path: Path, more: tuple[str, ...], hyperparameters: dict[str, Scalar]
) -> None:
    def second(metrics: StepMetrics) -> StopReason | None:
        return StopReason(StopKind.RULE, 2, "a rule") if metrics.step == 2 else None

    reporter = Recorder(tmp_path / "run", second)
    reason = trainer(folder, *more).train(job(folder, 0, 4, **hyperparameters), reporter)
    assert (reason.kind, reporter.checkpoints) == (StopKind.RULE, [2])
    reporter.stop, reporter.began = lambda _: None, 0
    resume = reporter.root / "step-000002"
    reason = trainer(folder, *more).train(job(folder, 2, 4, resume, **hyperparameters), reporter)
    assert (reason.kind, reporter.checkpoints) == (StopKind.REACHED, [2, 4])
    assert reporter.values("learning_rate") == pytest.approx([cosine(step) for step in (1, 2, 3, 4)])
    assert 0 <= reporter.steps[-1].values["score/mean"] <= 1
    assert all(math.isfinite(metrics.values["reward"]) for metrics in reporter.steps)


def test_a_base_model_is_scored(folder: Path) -> None:
    scored = ScoreJob(
        str(folder / "tiny"),
        None,
        "file",
        "validation",
        Scoring(16, 2),
        0,
        job(folder, 0, 1).task_options,
        {"rollouts": 4, "prompts_per_step": 8},
    )
    assert 0 <= trainer(folder, "actor_rollout_ref.actor.ppo_mini_batch_size=8").score(scored)["mean"] <= 1


def test_a_memory_level_changes_nothing_but_rounding(folder: Path, tmp_path: Path) -> None:
    """Micro-batches of 8, of 2, and of 1 with recomputed activations: the first step's rewards and gradient."""
    seen = []
    for level in (0, 1, 3):
        reporter = Recorder(tmp_path / str(level))
        trainer(folder).train(replace(job(folder, 0, 1), memory_level=level), reporter)
        seen.append(reporter.steps[0].values)
    words = trainer(folder).memory_levels(job(folder, 0, 1).hyperparameters, "target")
    assert words[1] == "micro-batches of 2" and words[3] == "micro-batches of 1; activations recomputed"
    for values in seen[1:]:
        assert values["reward"] == pytest.approx(seen[0]["reward"], abs=1e-6)
        # Two runs of verl at the same level differ by up to 1e-3, since it shuffles the batch by random names.
        assert values["grad_norm"] == pytest.approx(seen[0]["grad_norm"], rel=5e-3)
    print([{name: values[name] for name in ("reward", "grad_norm", "entropy")} for values in seen])
