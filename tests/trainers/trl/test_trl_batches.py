"""Which batches TRL can make, and that every searched hyperparameter reaches its configuration."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from rltune.errors import TrainerError
from rltune.trainers.base import Scoring, TrainJob
from rltune.trainers.capabilities import Constrained
from rltune.trainers.trl.batches import batch_constraints
from rltune.trainers.trl.config import build_config
from rltune.trainers.trl.settings import parse
from rltune.trainers.trl.trainer import TrlTrainer
from rltune.types import Scalar

NAMES: tuple[str, ...] = ("prompts_per_step", "updates_per_step", "rollouts", "gradient_accumulation_steps")
JOB = TrainJob("m", "t", {}, horizon=50, stop_step=5, seed=7, validation=Scoring(1, 1))


def test_the_constraints_are_what_the_trainer_and_trl_take(tmp_path: Path) -> None:
    """For all small batches: what holds is built by GRPOConfig with the batch that was meant, all else is refused."""
    assert isinstance(TrlTrainer(), Constrained)
    found = TrlTrainer().constraints({}, NAMES)
    good = 0
    for numbers in itertools.product(range(1, 13), range(1, 6), range(1, 6), range(1, 6)):
        values = dict(zip(NAMES, numbers, strict=True))
        holds = all(constraint.holds(values) for constraint in found)
        if not holds:
            with pytest.raises(TrainerError):
                parse(values)
            continue
        settings = parse(values)
        good += 1
        if good % 40 == 0:
            config = build_config(settings, JOB, output=tmp_path, max_response=9, cpu=True)
            answers = values["prompts_per_step"] * values["rollouts"]
            assert config.generation_batch_size == answers and answers % (config.num_generations or 0) == 0
            assert config.per_device_train_batch_size * (config.steps_per_generation or 0) == answers
    assert 200 < good < 1000


def test_what_is_not_named_has_the_trainers_default() -> None:
    assert [c.text for c in batch_constraints(("rollouts", "gradient_accumulation_steps"))] == [
        "1 divides 32",
        "gradient_accumulation_steps divides 32 * rollouts",
        "2 <= rollouts",
    ]


def test_processes_share_each_pass_equally() -> None:
    names = ("prompts_per_step", "rollouts")
    with_eight = [c.text for c in batch_constraints(names, processes=(8, 1, 8))]
    assert with_eight == ["1 divides prompts_per_step", "8 divides prompts_per_step * rollouts", "2 <= rollouts"]
    trainer = TrlTrainer().configure({"accelerate": {"num_processes": {"target": 8, "proxy": 2}}})
    found = trainer.constraints({"prompts_per_step": 4, "rollouts": 3}, ("rollouts",))
    for rollouts in range(2, 17):
        values: dict[str, Scalar] = {"prompts_per_step": 4, "rollouts": rollouts}
        holds = all(constraint.holds(values) for constraint in found)
        assert holds == (rollouts % 2 == 0)
        if holds:
            trainer.check(values)
        else:
            with pytest.raises(TrainerError, match="processes can't share equally"):
                trainer.check(values)


@pytest.mark.parametrize("algorithm", ["sft", "dpo"])
def test_without_rollouts_the_batch_is_divided(algorithm: str) -> None:
    values: dict[str, Scalar] = {"algorithm": algorithm, "batch_size": 12, "gradient_accumulation_steps": 3}
    trainer = TrlTrainer().configure({"accelerate": {"num_processes": 2}})
    assert [c.text for c in trainer.constraints(values, ())] == ["2 * gradient_accumulation_steps divides batch_size"]
    assert TrlTrainer().constraints({"algorithm": algorithm, "batch_size": 12}, ()) == ()


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("clip_ratio", 0.15, "epsilon", 0.15),
        ("epsilon_high", 0.28, "epsilon_high", 0.28),
        ("delta", 2.0, "delta", 2.0),
        ("kl_coef", 0.02, "beta", 0.02),
        ("temperature", 0.7, "temperature", 0.7),
        ("entropy_coef", 0.01, "entropy_coef", 0.01),
        ("mask_truncated_completions", True, "mask_truncated_completions", True),
        ("prompts_per_step", 16, "per_device_train_batch_size", 64),
        ("rollouts", 4, "num_generations", 4),
        ("updates_per_step", 4, "steps_per_generation", 8),
        ("gradient_accumulation_steps", 4, "gradient_accumulation_steps", 4),
        ("gradient_accumulation_steps", 4, "steps_per_generation", 4),
        ("num_iterations", 3, "num_iterations", 3),
        ("loss_type", "dr_grpo", "loss_type", "dr_grpo"),
        ("scale_rewards", "none", "scale_rewards", "none"),
    ],
)
def test_each_searched_hyperparameter_reaches_trl(
    tmp_path: Path, name: str, value: Scalar, field: str, expected: Scalar
) -> None:
    plain: dict[str, Scalar] = {"rollouts": 8, "prompts_per_step": 32, "gradient_accumulation_steps": 2}
    before, after = (
        getattr(build_config(parse(values), JOB, output=tmp_path, max_response=9, cpu=True), field)
        for values in (plain, {**plain, name: value})
    )
    assert after == expected != before
