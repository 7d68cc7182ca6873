"""The real `verl.trainer.main_ppo` 0.9.1 on the CPU, driven by the trainer: only on demand, for a launch takes minutes.

RLTUNE_VERL_REAL=<python of an environment with verl and torch> pytest tests/trainers/verl/test_verl_real.py
"""

from __future__ import annotations

import json
import math
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from verl_toys import Recorder

from rltune.store.base import StudyState
from rltune.study.api import create
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


def settings(folder: Path, *more: str) -> dict[str, object]:
    """Settings of the trainer: verl on the CPU."""
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
    return {"python": PYTHON, "base": [*base, *more], "gpus": 1, "env": env, "folder": str(folder)}


def trainer(folder: Path, *more: str) -> VerlTrainer:
    made = VerlTrainer().configure(settings(folder, *more))
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


def test_a_base_model_is_scored_and_its_answers_are_kept(folder: Path, tmp_path: Path) -> None:
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
    kept = tmp_path / "answers.jsonl"
    scorer = trainer(folder, "actor_rollout_ref.actor.ppo_mini_batch_size=8")
    mean = scorer.score(replace(scored, answers=str(kept)))["mean"]
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert len(lines) == 16 * 2 and all(line["prompt"] and line["reference"] for line in lines)
    assert mean == pytest.approx(sum(line["score"] for line in lines) / len(lines))


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


@dataclass(frozen=True)
class Acts:
    """A changed hyperparameter, a metric that the change is seen in, at a step, and how: old, new -> as it should."""

    name: str
    value: Scalar
    metric: str
    step: int
    holds: Callable[[float, float], bool]


@pytest.fixture(scope="module")
def before(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Mapping[str, float]]:
    return three_steps(folder, tmp_path_factory.mktemp("before"))


def three_steps(folder: Path, root: Path, **changed: Scalar) -> dict[int, Mapping[str, float]]:
    """Metrics by step of a run with two updates a step, so that the second is off the policy that answered."""
    recorder = Recorder(root)
    trainer(folder).train(job(folder, 0, 3, None, **{"updates_per_step": 2, "kl_coef": 0.001, **changed}), recorder)
    return {metrics.step: metrics.values for metrics in recorder.steps}


@pytest.mark.parametrize(
    "acts",
    [
        Acts("learning_rate", 1e-5, "kl", 3, lambda old, new: new < 0.1 * old),  # it hardly leaves the reference
        Acts("lr_scheduler", "constant", "learning_rate", 3, lambda old, new: old < 0.6 * new == 0.6 * RATE),
        Acts("clip_ratio", 1e-4, "clip_fraction", 2, lambda old, new: new > old + 0.05),
        Acts("grad_clip", 1e-9, "kl", 3, lambda old, new: new < 0.1 * old),  # below Adam's epsilon
        Acts("kl_coef", 100.0, "grad_norm", 3, lambda old, new: new > 3 * old),
        Acts("rollouts", 8, "tokens", 1, lambda old, new: 1.7 * old < new < 2.3 * old),
    ],
    ids=lambda acts: acts.name,
)
def test_each_searched_hyperparameter_acts(
    folder: Path, tmp_path: Path, before: dict[int, Mapping[str, float]], acts: Acts
) -> None:
    after = three_steps(folder, tmp_path, **{acts.name: acts.value})
    old, new = before[acts.step][acts.metric], after[acts.step][acts.metric]
    print(f"{acts.name} {acts.value}: {acts.metric} at step {acts.step} from {old:.4g} to {new:.4g}")
    assert acts.holds(old, new)


@pytest.mark.parametrize(
    ("recipe", "more"), [("verl-grpo", ()), ("verl-ppo", ("trainer.use_v1=False",))], ids=["grpo", "ppo"]
)
def test_a_whole_study(folder: Path, tmp_path: Path, recipe: str, more: tuple[str, ...]) -> None:
    """Search with a promotion, a run that a rule ends, confirmation, final training and test, all by main_ppo."""
    rows = {split: tmp_path / f"{split}.jsonl" for split in ("train", "validation", "test")}
    for split, path in rows.items():
        path.write_text("".join(f'{{"prompt": "{split} {i}", "answer": "{i}"}}\n' for i in range(8)))
    source: dict[str, object] = {
        "name": "real",
        "models": {"target": str(folder / "tiny")},
        "task": {"name": "file", "reward": "exact", **{split: str(path) for split, path in rows.items()}},
        "trainer": {
            "name": "verl",
            "settings": {**settings(folder, *more), "test_files": str(folder / "train.parquet")},
        },
        "recipe": recipe,
        "space": {"learning_rate": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True}},
        "fixed": {"prompts_per_step": 8, "updates_per_step": 2, "rollouts": 4},
        "validation": {"prompts": 16, "samples": 1},
        "optimizer": {"name": "bohb", "options": {"eta": 2}},
        "stopping": {"rules": [{"rule": "reward_drop", "drop": 0.5}]},
        "budget": {"time": "2h", "trials": 4},
        "steps": 4,
        "rungs": [2, 4],
        "confirm": {"top": 1},
        "final": {"seeds": 1},
        "executor": {"slots": 1},
        "output": str(tmp_path),
    }
    with create(source) as study:
        assert study.run() is StudyState.FINISHED
        found = study.summary().to_json()
        (tmp_path / "summary.json").write_text(json.dumps(found, default=str))
        print(study.folder, found["winner"])
        assert "critic.optim.lr" in study.export("verl") or recipe == "verl-grpo"
