"""RLOO, SFT, DPO and adapters: what a run reports, saves and learns, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.rloo_config import RLOOConfig
from trl.trainer.sft_config import SFTConfig
from trl_toys import Recorder, ToyTask

from rltune.config.recipes import build_recipe, recipe_names
from rltune.errors import CheckpointError, TaskError, TrainerError
from rltune.space.parameters import CategoricalParameter
from rltune.trainers.base import ScoreJob, Scoring, TrainJob
from rltune.trainers.capabilities import FrameworkTrainer
from rltune.trainers.trl.algorithms import ALGORITHMS, algorithm_named
from rltune.trainers.trl.config import Config, build_config
from rltune.trainers.trl.data import row_order
from rltune.trainers.trl.lora import Lora
from rltune.trainers.trl.settings import parse
from rltune.trainers.trl.trainer import TrlTrainer
from rltune.types import StopKind, StopReason

Make = Callable[..., TrainJob]
JOB = TrainJob("m", "t", {}, horizon=50, stop_step=5, seed=7, validation=Scoring(1, 1))
SCORES = {"score/mean", "score/greedy", "score/mean_stderr", "validate_seconds"}


def config_of(tmp_path: Path, **hyperparameters: float | int | str | bool) -> Config:
    return build_config(parse(hyperparameters), JOB, output=tmp_path, max_response=9, cpu=True)


def train(job: TrainJob, recorder: Recorder) -> StopReason:
    return TrlTrainer().train(job, recorder)


# --- settings --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", [n for n in recipe_names() if not n.startswith("verl-")])
def test_each_recipe_and_the_ends_of_its_space_reach_trl(tmp_path: Path, name: str) -> None:
    recipe = build_recipe(name, 128)
    told = {**recipe.fixed, **recipe.values}
    for parameter, interval in recipe.space.items():
        ends = interval.choices if isinstance(interval, CategoricalParameter) else (interval.low, interval.high)
        for value in ends:
            if parameter not in ("rollouts", "prompts_per_step"):
                config_of(tmp_path, **{**told, parameter: value})
    config = config_of(tmp_path, **told)
    assert config.learning_rate == recipe.values["learning_rate"]
    assert config.max_steps == 50 * parse(told).updates


def test_rloo_batches_and_kl_are_those_of_the_recipe(tmp_path: Path) -> None:
    recipe = build_recipe("trl-rloo")
    config = config_of(tmp_path, **{**recipe.fixed, **recipe.values})
    assert isinstance(config, RLOOConfig)
    assert (config.beta, config.num_generations, config.generation_batch_size) == (0.05, 2, 64)


def test_sft_and_dpo_count_rows(tmp_path: Path) -> None:
    sft = config_of(tmp_path, algorithm="sft", batch_size=16, gradient_accumulation_steps=4, max_length=77)
    assert isinstance(sft, SFTConfig)
    assert (sft.per_device_train_batch_size, sft.gradient_accumulation_steps, sft.max_steps) == (4, 4, 50)
    assert (sft.train_sampling_strategy, sft.max_length, sft.bf16) == ("sequential", 77, False)
    dpo = config_of(tmp_path, algorithm="dpo", beta=0.3, loss_type="ipo", warmup_steps=3, grad_clip=0.5)
    assert isinstance(dpo, DPOConfig)
    assert (dpo.beta, dpo.loss_type, dpo.warmup_steps, dpo.max_grad_norm) == (0.3, ["ipo"], 3, 0.5)
    assert parse({"algorithm": "sft"}).learning_rate == 2e-5


def test_memory_is_saved_by_either_name(tmp_path: Path) -> None:
    for name in ("gradient_checkpointing", "activation_checkpointing"):
        assert config_of(tmp_path, **{name: True}).activation_checkpointing is True
    assert config_of(tmp_path).activation_checkpointing is False


@pytest.mark.parametrize(
    ("hyperparameters", "message"),
    [
        ({"algorithm": "ppo"}, "unknown algorithm 'ppo'; the trainer trl knows grpo, rloo, sft, dpo"),
        ({"algorithm": "sft", "clip_ratio": 0.2}, "the algorithm sft has no clip_ratio.*trl-sft"),
        ({"algorithm": "dpo", "rollouts": 8}, "the algorithm dpo has no rollouts"),
        ({"algorithm": "grpo", "batch_size": 8}, "the algorithm grpo has no batch_size"),
        ({"algorithm": "sft", "beta": 0.1}, "unknown hyperparameter 'beta'.*trl.SFTConfig"),
        ({"algorithm": "rloo", "beta": 0.1}, "set kl_coef instead"),
        ({"algorithm": "rloo", "loss_type": "dapo"}, "unknown hyperparameter 'loss_type'.*trl.RLOOConfig"),
        ({"algorithm": "sft", "per_device_train_batch_size": 4}, "set batch_size instead"),
        ({"algorithm": "sft", "num_train_epochs": 3}, "the study's steps say how long a run is"),
        ({"algorithm": "sft", "loss_type": "ce"}, "expected one of nll, dft"),
        ({"algorithm": "dpo", "loss_type": "sigmoit"}, "expected one of sigmoid, hinge"),
        ({"algorithm": "sft", "batch_size": 10, "gradient_accumulation_steps": 4}, r"batch_size \(10\) must be div"),
        ({"algorithm": "sft", "epochs": -1.0}, "at least 0"),
        ({"use_vllm": True}, "needs the package vllm, which is not installed"),
        ({"lora_r": 8}, "lora_r has no effect without an adapter"),
        ({"use_peft": True, "lora_r": 0}, "a whole number from 1"),
        ({"use_peft": True, "lora_dropout": 1.0}, "from 0 to below 1"),
        ({"use_peft": True, "use_dora": 1}, "true or false"),
        ({"use_peft": True, "lora_alfa": 1}, "did you mean 'lora_alpha'"),
    ],
)
def test_refused_with_a_remedy(hyperparameters: dict[str, float | str | bool], message: str) -> None:
    with pytest.raises(TrainerError, match=message) as caught:
        parse(hyperparameters)
    assert (caught.value.where or "").startswith("hyperparameter ")


def test_the_section_peft_stands_for_hyperparameters() -> None:
    trainer = TrlTrainer()
    assert isinstance(trainer, FrameworkTrainer)
    peft = {"r": 8, "alpha": 16, "dropout": 0.1, "targets": ["q_proj", "v_proj"], "rslora": True}
    fields = trainer.fields({"bf16": True, "peft": peft, "accelerate": 2})
    assert fields["bf16"] is True and "accelerate" not in fields and "peft" not in fields
    lora = parse({name: value for name, value in fields.items() if isinstance(value, (bool, int, float, str))}).lora
    assert lora == Lora(8, 16, 0.1, ("q_proj", "v_proj"), rslora=True)
    assert parse({"use_peft": True}).lora == Lora()
    for wrong, where in (({"rank": 8}, "peft.rank"), ({"r": {"x": 1}}, "peft.r")):
        with pytest.raises(TrainerError) as caught:
            trainer.fields({"peft": wrong})
        assert caught.value.where == f"trainer.settings.{where}"
    with pytest.raises(TrainerError, match="lora_r is given twice"):
        trainer.fields({"peft": {"r": 8}, "lora_r": 4})


def test_what_each_algorithm_reports_is_known_before_it_runs() -> None:
    assert "reward" in TrlTrainer().reports({"algorithm": "rloo"})
    for name in ("sft", "dpo"):
        reported = TrlTrainer().reports({"algorithm": name})
        assert {"loss", "grad_norm"} <= reported and not {"reward", "entropy", "kl"} & reported


def test_rows_are_repeated_for_more_epochs() -> None:
    assert sorted(row_order(10, 20, 0.0, seed=1)[:10]) == list(range(10))
    twice, four = row_order(100, 80, 2.0, seed=1), row_order(100, 80, 4.0, seed=5)
    assert len(twice) == len(four) == 80
    assert (len(set(twice)), len(set(four))) == (40, 20)
    assert set(four) < set(twice), "which rows are left doesn't depend on the seed"
    assert len(set(row_order(10, 80, 2.0, seed=1))) == 10, "never fewer epochs than the length needs"


def test_a_task_without_rows_to_learn_from_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "train.jsonl"
    file.write_text("\n".join(f'{{"prompt": "{i}+1=", "answer": "{i + 1}"}}' for i in range(9)))
    options = {"train": str(file), "test": str(file), "validation_size": 2}
    TrlTrainer().check_data("arithmetic/easy", {}, {"algorithm": "dpo"})
    TrlTrainer().check_data("amc23", {"data": str(tmp_path)}, {"algorithm": "grpo"})
    with pytest.raises(TaskError, match="expected prompt and completion, got the columns prompt, answer"):
        TrlTrainer().check_data("file", options, {"algorithm": "sft"})


# --- training --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["rloo", "sft", "dpo"])
def test_a_run_reports_what_it_says_it_does(toy: ToyTask, make_job: Make, tmp_path: Path, name: str) -> None:
    recorder = Recorder(tmp_path)
    own = {"rloo": {"updates_per_step": 2, "kl_coef": 0.05}}.get(name, {})
    reason = train(make_job(3, hyperparameters={"algorithm": name, **own}, validate_at=(2,)), recorder)
    assert (reason.kind, reason.step) == (StopKind.REACHED, 3)
    assert [m.step for m in recorder.steps] == [1, 2, 3]
    assert set(recorder.steps[0].values) == algorithm_named(name).metrics
    assert set(recorder.steps[1].values) - set(recorder.steps[0].values) == SCORES
    assert all(m.values["tokens"] > 0 and m.values["grad_norm"] > 0 for m in recorder.steps)
    folder = tmp_path / "step-000003"
    score = ScoreJob(make_job(1).model, str(folder), "toy", "validation", Scoring(6, 2), seed=3, device="cpu")
    assert TrlTrainer().score(replace(score, hyperparameters={"algorithm": name}))["mean"] >= 0
    if name == "rloo":
        assert recorder.steps[0].values["policy_kl"] > 0


@pytest.mark.parametrize("name", ["sft", "dpo"])
def test_answers_are_learned(toy: ToyTask, make_job: Make, tmp_path: Path, name: str) -> None:
    recorder = Recorder(tmp_path)
    chosen = {"algorithm": name, "learning_rate": 2e-2, "batch_size": 10}
    train(make_job(12, hyperparameters=chosen, validate_at=(12,)), recorder)
    first, last = recorder.steps[0].values, recorder.steps[-1].values
    assert last["loss"] < 0.8 * first["loss"]
    if name == "sft":  # the demonstrations are digits, and these are what the toy task grades
        assert last["score/greedy"] == 1.0 and last["token_accuracy"] > first["token_accuracy"]
    else:
        assert last["preference_accuracy"] == 1.0 and last["preference_margin"] > first["preference_margin"]


@pytest.mark.parametrize("name", ["sft", "dpo"])
def test_weights_that_explode_are_a_divergence(toy: ToyTask, make_job: Make, tmp_path: Path, name: str) -> None:
    recorder = Recorder(tmp_path)
    reason = train(make_job(5, hyperparameters={"algorithm": name, "learning_rate": 1e30}), recorder)
    assert reason.kind is StopKind.DIVERGED
    assert recorder.checkpoints == [] or reason.step > recorder.checkpoints[-1]


def test_rows_that_are_all_too_long_are_refused(toy: ToyTask, make_job: Make, tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="no row of the training data is short enough"):
        train(make_job(2, hyperparameters={"algorithm": "dpo", "max_length": 1}), Recorder(tmp_path))


@pytest.mark.parametrize("name", ALGORITHMS)
def test_an_adapter_is_trained_saved_and_scored(toy: ToyTask, make_job: Make, tmp_path: Path, name: str) -> None:
    recorder = Recorder(tmp_path)
    lora = {"use_peft": True, "lora_r": 4, "lora_alpha": 64, "learning_rate": 1e-2}
    job = make_job(2, hyperparameters={"algorithm": name, **lora}, validate_at=(2,))
    train(job, recorder)
    folder = tmp_path / "step-000002"
    assert (folder / "adapter_model.safetensors").is_file() and not (folder / "model.safetensors").exists()
    # Scored again from its adapter, a checkpoint has the very score that it had when it was validated.
    score = ScoreJob(job.model, str(folder), "toy", "validation", Scoring(6, 2), seed=3, device="cpu")
    scores = TrlTrainer().score(replace(score, hyperparameters=job.hyperparameters))
    assert {name: recorder.steps[-1].values[f"score/{name}"] for name in scores} == scores
    (folder / "adapter_config.json").unlink()
    resumed = make_job(4, start=2, resume=folder, hyperparameters=dict(job.hyperparameters))
    with pytest.raises(CheckpointError, match=r"lacks adapter_config\.json"):
        train(resumed, Recorder(tmp_path))
