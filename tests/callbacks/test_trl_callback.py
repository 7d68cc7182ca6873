"""The stopping callback: how it counts steps, what it shows the rules, and a real TRL run that it stops."""

from __future__ import annotations

import logging
import math
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from datasets import Dataset
from transformers import TrainerControl, TrainerState
from trl import GRPOConfig, GRPOTrainer

from rltune.callbacks.trl import StoppingCallback, updates_per_step
from rltune.errors import RuleError
from rltune.models.embedded import embedded_folder
from rltune.stopping.base import Decision
from rltune.stopping.reward_zero import RewardZero
from rltune.trainers.logs.build import read_log
from rltune.types import StopKind


class Run:
    """A training run as transformers tells its callbacks of it."""

    def __init__(
        self,
        callback: StoppingCallback,
        *,
        history: list[dict[str, Any]] | None = None,
        max_steps: int = 0,
        **args: int,
    ) -> None:
        self.callback = callback
        self.args: Any = SimpleNamespace(**{"gradient_accumulation_steps": 1, "logging_steps": 1, **args})
        history = history or []
        done = history[-1]["step"] if history else 0
        self.state = TrainerState(log_history=history, global_step=done, max_steps=max_steps)
        self.control = TrainerControl()
        callback.on_train_begin(self.args, self.state, self.control)

    def log(self, step: int, **logs: float | None) -> bool:
        """Logs after update `step`; returns whether training is to stop."""
        self.state.global_step = step
        self.callback.on_log(self.args, self.state, self.control, logs=logs)
        return self.control.should_training_stop


def test_a_rule_stops_the_run_once_with_one_line(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[Decision] = []
    callback = StoppingCallback([RewardZero(patience=2)], on_stop=seen.append)
    run = Run(callback)
    with caplog.at_level(logging.WARNING, logger="rltune"):
        assert [run.log(step, reward=reward) for step, reward in [(1, 0.5), (2, 0.0), (3, 0.0), (4, 0.0)]] == [
            False,
            False,
            True,
            True,
        ]
    assert callback.decision is not None and (callback.decision.rule, callback.decision.step) == ("reward_zero", 3)
    assert seen == [callback.decision]
    (record,) = caplog.records
    assert "step 3 (rule reward_zero)" in record.getMessage() and "no learning signal" in record.getMessage()


def test_only_the_main_process_prints(caplog: pytest.LogCaptureFixture) -> None:
    run = Run(StoppingCallback([RewardZero(patience=1)]))
    run.state.is_world_process_zero = False
    assert run.log(1, reward=0.0)
    assert caplog.records == []


@pytest.mark.parametrize("value", [math.nan, math.inf, None])
def test_numbers_that_are_not_finite_reach_the_rules(value: float | None) -> None:
    callback = StoppingCallback("default")
    assert Run(callback).log(1, reward=0.5, grad_norm=value)
    assert callback.decision is not None and callback.decision.kind is StopKind.DIVERGED


def test_updates_of_one_generation_are_one_step() -> None:
    callback = StoppingCallback([RewardZero(patience=2)])
    run = Run(callback, gradient_accumulation_steps=2, steps_per_generation=4, num_iterations=2)
    # Four updates from one generation: only the first of them logs a reward, and all make one step.
    logs = [{"reward": 0.0, "grad_norm": 1.0}, {"grad_norm": 1.0}, {"grad_norm": 1.0}, {"grad_norm": 1.0}]
    stops = [run.log(update, **logs[(update - 1) % 4]) for update in range(1, 9)]
    assert stops == [False] * 7 + [True]
    assert callback.decision is not None and callback.decision.step == 2
    assert callback.abstentions == {}


@pytest.mark.parametrize(
    ("args", "updates"),
    [
        ({}, 1),
        ({"steps_per_generation": None, "num_iterations": 3}, 3),
        ({"gradient_accumulation_steps": 2, "steps_per_generation": 3}, Fraction(3, 2)),
        ({"gradient_accumulation_steps": 4, "steps_per_generation": 2}, 1),
    ],
)
def test_updates_in_a_step_follow_from_the_arguments(args: dict[str, Any], updates: Fraction) -> None:
    namespace: Any = SimpleNamespace(**{"gradient_accumulation_steps": 1, "logging_steps": 1, **args})
    assert updates_per_step(namespace) == updates


def test_with_sparse_logging_each_log_is_a_step_under_its_own_number(caplog: pytest.LogCaptureFixture) -> None:
    callback = StoppingCallback([RewardZero(patience=2)])
    run = Run(callback, logging_steps=10)
    assert "they see one step in 10; set logging_steps=1" in caplog.text
    assert [run.log(step, reward=0.0) for step in (10, 20)] == [False, True]
    assert callback.decision is not None and callback.decision.step == 20


def test_a_resumed_run_is_judged_with_its_earlier_steps() -> None:
    history = [{"step": 1, "reward": 0.5}, {"step": 2, "reward": 0.0}, {"step": 3, "reward": 0.0, "epoch": 0.1}]
    callback = StoppingCallback([RewardZero(patience=3)])
    run = Run(callback, history=history)
    assert callback.decision is None
    assert run.log(4, reward=0.0)
    assert callback.decision is not None and callback.decision.step == 4
    # Trained from the start again, the callback begins anew.
    again = Run(callback)
    assert callback.decision is None and not again.log(1, reward=0.0)


def test_validation_and_summaries_are_no_steps() -> None:
    callback = StoppingCallback("paper")
    run = Run(callback)
    run.log(1, reward=0.5, kl=0.0)
    run.log(1, eval_reward=0.0)
    run.log(1, train_runtime=1.0)
    assert callback.abstentions == {}


def test_rules_that_lack_their_metric_say_so() -> None:
    callback = StoppingCallback("paper")
    Run(callback).log(1, reward=0.5)
    assert "kl is not reported" in callback.abstentions["kl_growth"]


def test_rules_that_look_ahead_are_told_the_planned_length_and_the_best_run() -> None:
    rewards = [min(0.02 * step, 0.3) for step in range(1, 61)]
    stops = []
    for best in (None, 0.9):
        callback = StoppingCallback("default", best=best)
        run = Run(callback, max_steps=100)
        stops.append(any(run.log(step, reward=reward) for step, reward in enumerate(rewards, start=1)))
    assert stops == [False, True]
    assert callback.decision is not None and callback.decision.rule == "futility"


def test_what_is_no_rule_is_refused() -> None:
    with pytest.raises(RuleError, match="did you mean 'paper'"):
        StoppingCallback("papers")
    with pytest.raises(RuleError, match="expected rules"):
        StoppingCallback([{"rule": "reward_zero"}])  # pyright: ignore[reportArgumentType]


@pytest.mark.slow
def test_a_real_run_ends_where_the_rule_fires_and_again_when_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def train(callback: StoppingCallback, resume: str | None = None) -> GRPOTrainer:
        config = GRPOConfig(
            output_dir=str(tmp_path),
            max_steps=40,
            per_device_train_batch_size=4,
            num_generations=4,
            steps_per_generation=2,
            max_completion_length=4,
            learning_rate=1e-5,
            logging_steps=1,
            save_steps=1,
            report_to="none",
            use_cpu=True,
            bf16=False,
            disable_tqdm=True,
        )
        data = Dataset.from_dict({"prompt": [f"{i}+1=" for i in range(40)]})
        trainer = GRPOTrainer(
            model=str(embedded_folder("embedded/xs")),
            reward_funcs=lambda completions, **_: [0.0] * len(completions),
            args=config,
            train_dataset=data,
            callbacks=[callback],
        )
        trainer.train(resume_from_checkpoint=resume)
        return trainer

    callback = StoppingCallback([RewardZero(patience=3)])
    trainer = train(callback)
    assert callback.decision is not None and callback.decision.step == 3
    assert trainer.state.global_step == 6  # two updates a step
    printed = tmp_path / "console.log"
    printed.write_text(capsys.readouterr().out)
    for log in (tmp_path / "checkpoint-6" / "trainer_state.json", printed):
        (run,) = read_log(log)
        assert [(m.step, m.values["reward"], m.values["zero_std_fraction"]) for m in run.steps] == [
            (step, 0.0, 1.0) for step in (1, 2, 3)
        ]
        assert "2 updates are made from each generation: they were averaged to one step" in run.notes
    resumed = StoppingCallback([RewardZero(patience=4)])
    assert train(resumed, str(tmp_path / "checkpoint-6")).state.global_step == 8
    assert resumed.decision is not None and resumed.decision.step == 4
