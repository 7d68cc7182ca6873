"""Hyperparameters: canonical names, TRL's own fields, and what is refused with which remedy."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trl.trainer.grpo_config import GRPOConfig

from rltune.errors import TrainerError
from rltune.trainers.base import CANONICAL_HYPERPARAMETERS, Scoring, TrainJob
from rltune.trainers.trl.algorithms import ALGORITHMS
from rltune.trainers.trl.config import _CONFIGS, build_config
from rltune.trainers.trl.fields import config_fields
from rltune.trainers.trl.owned import _ALIVE, _DEAD, _REASONS, CANONICAL, OF_ROLLOUTS, OF_ROWS
from rltune.trainers.trl.settings import parse

JOB = TrainJob("m", "t", {}, horizon=50, stop_step=5, seed=7, validation=Scoring(1, 1))


def config_of(tmp_path: Path, **hyperparameters: float | int | str | bool) -> GRPOConfig:
    return build_config(parse(hyperparameters), JOB, output=tmp_path, max_response=9, cpu=True)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_fields_read_from_source_are_those_of_the_class(algorithm: str) -> None:
    assert set(config_fields(algorithm)) == {f.name for f in dataclasses.fields(_CONFIGS[algorithm])}


def test_every_rule_about_a_field_names_a_real_field() -> None:
    known = {name: set(config_fields(name)) for name in ALGORITHMS}
    assert {*CANONICAL, *_REASONS, *_DEAD} <= set.union(*known.values())
    for name, algorithm in ALGORITHMS.items():
        own = OF_ROLLOUTS if algorithm.generates else OF_ROWS
        assert {*CANONICAL, *own, *algorithm.choices, *_ALIVE.get(name, ())} <= known[name]


def test_every_canonical_hyperparameter_has_a_default() -> None:
    settings = parse({})
    assert all(hasattr(settings, name) for name in CANONICAL_HYPERPARAMETERS)
    assert all(hasattr(settings, name) for algorithm in ALGORITHMS.values() for name in algorithm.canonical)
    assert settings.lr_scheduler == "constant"


def test_all_canonical_hyperparameters_reach_trl(tmp_path: Path) -> None:
    config = config_of(
        tmp_path,
        learning_rate=2e-5,
        lr_scheduler="cosine",
        warmup_steps=3,
        clip_ratio=0.15,
        grad_clip=0.7,
        kl_coef=0.02,
        rollouts=6,
        prompts_per_step=8,
        updates_per_step=4,
        temperature=0.9,
    )
    assert config.learning_rate == 2e-5
    assert config.lr_scheduler_type == "cosine"
    assert (config.epsilon, config.epsilon_high) == (0.15, None)
    assert config.max_grad_norm == 0.7
    assert config.beta == 0.02
    assert config.temperature == 0.9
    # A step is 8 x 6 completions, generated at once and used in 4 updates of 12.
    assert (config.num_generations, config.generation_batch_size) == (6, 48)
    assert (config.per_device_train_batch_size, config.steps_per_generation) == (12, 4)
    # TRL counts updates; the horizon is the job's, not the step where this segment stops.
    assert (config.max_steps, config.warmup_steps) == (200, 12)
    assert config.seed == 7


def test_native_fields_reach_trl_and_beat_rltunes_own_choice(tmp_path: Path) -> None:
    config = config_of(
        tmp_path, loss_type="dr_grpo", epsilon_high=0.28, top_k=5.0, num_iterations=2, max_completion_length=33
    )
    assert (config.loss_type, config.epsilon_high, config.top_k) == ("dr_grpo", 0.28, 5)
    assert config.max_steps == 100  # twice the updates from each rollout
    assert config.max_completion_length == 33
    assert config_of(tmp_path).max_completion_length == 9


def test_a_warm_up_is_not_lost_with_a_constant_schedule(tmp_path: Path) -> None:
    assert config_of(tmp_path, warmup_steps=3).lr_scheduler_type == "constant_with_warmup"


def test_accumulation_divides_the_batch_but_not_the_update(tmp_path: Path) -> None:
    config = config_of(tmp_path, gradient_accumulation_steps=2, updates_per_step=2, prompts_per_step=8, rollouts=4)
    assert (config.per_device_train_batch_size, config.steps_per_generation) == (8, 4)
    assert config.max_steps == 100


@pytest.mark.parametrize(
    ("hyperparameters", "message"),
    [
        ({"lerning_rate": 1e-3}, "unknown hyperparameter 'lerning_rate'.*did you mean 'learning_rate'"),
        ({"los_type": "grpo"}, "did you mean 'loss_type'"),
        ({"epsilon": 0.2}, "set clip_ratio instead"),
        ({"beta": 0.2}, "set kl_coef instead"),
        ({"max_steps": 5}, "horizon"),
        ({"output_dir": "x"}, "executor"),
        ({"save_steps": 5}, "checkpoints are saved"),
        ({"resume_from_checkpoint": "x"}, "registry"),
        ({"sync_ref_model": True}, "resumed run would differ"),
        ({"label_smoothing_factor": 0.1}, "no effect"),
        ({"loss_type": "gpro"}, "expected one of grpo"),
        ({"lr_scheduler": "cosin"}, "did you mean 'cosine'"),
        ({"rollouts": 1}, "at least 2"),
        ({"rollouts": 2.5}, "expected a value of type int"),
        ({"rollouts": True}, "expected a value of type int"),
        ({"learning_rate": "1e-3"}, "expected a value of type float"),
        ({"learning_rate": float("nan")}, "expected a value of type float"),
        ({"learning_rate": -1.0}, "0 or more"),
        ({"clip_ratio": 0}, "more than 0"),
        ({"temperature": 0.0}, "more than 0"),
        ({"warmup_steps": 0.1}, "expected a value of type int"),
        ({"num_iterations": 0}, "at least 1"),
        ({"prompts_per_step": 32, "updates_per_step": 5}, r"prompts_per_step \(32\) must be divisible"),
        ({"gradient_accumulation_steps": 7}, "must be divisible"),
    ],
)
def test_refused_with_a_remedy(hyperparameters: dict[str, float | str | bool], message: str) -> None:
    with pytest.raises(TrainerError, match=message) as caught:
        parse(hyperparameters)
    assert (caught.value.where or "").startswith("hyperparameter ")


def test_what_grpo_config_itself_refuses_is_a_trainer_error(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="GRPOConfig refuses"):
        config_of(tmp_path, lr_scheduler_kwargs="{not json")


@given(prompts=st.integers(1, 64), rollouts=st.integers(2, 16), updates=st.integers(1, 8))
def test_accepted_batches_divide_evenly(prompts: int, rollouts: int, updates: int) -> None:
    chosen = {"prompts_per_step": prompts, "rollouts": rollouts, "updates_per_step": updates}
    if prompts % updates:
        with pytest.raises(TrainerError):
            parse(chosen)
    else:
        settings = parse(chosen)
        assert settings.completions % settings.updates == 0
