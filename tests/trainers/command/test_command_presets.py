"""Presets of known trainers: the command that they make is one that the tool's published parser takes.

`parsers/*.json` holds each tool's flags with types and choices, read from its source at the commit that the file names.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from command_toys import HYPERPARAMETERS, job
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from rltune.config.load import load_study
from rltune.config.recipes import build_recipe
from rltune.config.resolve import plan_search
from rltune.errors import TrainerError
from rltune.trainers.command.launch import arguments_of, plan_launch, stream_of
from rltune.trainers.command.presets.build import PRESETS, with_preset
from rltune.trainers.command.settings import Settings, parse
from rltune.trainers.command.trainer import CommandTrainer
from rltune.trainers.command.variables import training_variables
from rltune.types import Scalar

PARSERS = {
    "open_instruct/grpo_fast": ("open_instruct_grpo_fast", "open-instruct-grpo"),
    "open_instruct/finetune": ("open_instruct_finetune", "open-instruct-sft"),
    "open_instruct/dpo": ("open_instruct_dpo", "open-instruct-dpo"),
    "openrlhf/grpo": ("openrlhf", "openrlhf-grpo"),
    "prime_rl/rl": ("prime_rl", "prime-rl"),
}
PROGRAMS = {
    "open_instruct/grpo_fast": ["python", "open_instruct/grpo_fast.py"],
    "open_instruct/finetune": [
        "accelerate", "launch", "--mixed_precision", "bf16", "--num_processes", "2", "open_instruct/finetune.py",
    ],
    "open_instruct/dpo": [
        "accelerate", "launch", "--mixed_precision", "bf16", "--num_processes", "8", "open_instruct/dpo_tune_cache.py",
    ],
    "openrlhf/grpo": ["python", "-m", "openrlhf.cli.train_ppo_ray"],
    "prime_rl/rl": ["uv", "run", "rl"],
}  # fmt: skip


def truth(text: str) -> bool:
    """As transformers' argument parser reads it."""
    if text.lower() in ("true", "yes", "1"):
        return True
    if text.lower() in ("false", "no", "0"):
        return False
    raise argparse.ArgumentTypeError(f"no truth value: {text}")


def parser_of(name: str) -> argparse.ArgumentParser:
    """The tool's parser, rebuilt from its published flags."""
    published = json.loads((Path(__file__).parent / "parsers" / f"{name}.json").read_text())
    kinds: Mapping[str, Callable[[str], object]] = {"int": int, "float": float, "bool": truth}
    parser = argparse.ArgumentParser(exit_on_error=False, allow_abbrev=False)
    for flag, spec in published["flags"].items():
        if spec["type"] == "flag":
            parser.add_argument(flag, action="store_true")
        else:
            parser.add_argument(
                flag, type=kinds.get(spec["type"], str), choices=spec.get("choices"), nargs=spec.get("nargs")
            )
    return parser


def settings_of(preset: str, repository: Path) -> tuple[Settings, dict[str, Scalar]]:
    """The settings of a preset's example study, and the hyperparameters of its recipe."""
    config = load_study(repository / "examples" / f"{PARSERS[preset][1]}.yaml").config
    assert config.trainer.settings["preset"] == preset
    plan = plan_search(config, build_recipe(config.recipe, None))
    trainer = CommandTrainer().configure(config.trainer.settings)
    trainer.check({**plan.fixed, **plan.baseline})
    assert not trainer.dead(plan.parameters)
    return trainer.settings, {**plan.fixed, **plan.baseline}


def command_of(preset: str, repository: Path, *, resumes: bool) -> list[str]:
    settings, hyperparameters = settings_of(preset, repository)
    steps = {"start_step": 50, "resume_from": "old"} if resumes else {}
    given = job(100, horizon=200, hyperparameters=hyperparameters, checkpoint_at=(25, 50, 75), role="proxy", **steps)
    values = training_variables(settings, given, Path("/out"), "/out/resumed" if resumes else "")
    return list(arguments_of(settings, {**values, "metrics": "/out/m"}, resumes=resumes))


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("resumes", [False, True])
def test_the_tools_own_parser_takes_the_command(preset: str, resumes: bool, repository: Path) -> None:
    command = command_of(preset, repository, resumes=resumes)
    program = PROGRAMS[preset]
    assert command[: len(program)] == program
    rest = command[len(program) :]
    if preset == "prime_rl/rl":  # `@ FILE` names a configuration file
        at = rest.index("@")
        del rest[at : at + 2]
    parsed, unknown = parser_of(PARSERS[preset][0]).parse_known_args(rest)
    assert not unknown
    assert not {"{", "}"} & set("".join(rest))
    flags = [argument for argument in rest if argument.startswith("--")]
    assert len(flags) == len(set(flags)), "a flag is given twice"
    assert parsed is not None


@pytest.mark.parametrize("preset", PRESETS)
def test_a_flag_that_the_tool_has_not_is_refused(preset: str, repository: Path) -> None:
    """So the test above would notice one."""
    _, unknown = parser_of(PARSERS[preset][0]).parse_known_args(["--learning_rates", "1"])
    assert unknown


def values_of(preset: str, repository: Path, **hyperparameters: Scalar) -> argparse.Namespace:
    settings, usual = settings_of(preset, repository)
    given = job(100, horizon=200, hyperparameters={**usual, **hyperparameters}, role="proxy")
    values = {**training_variables(settings, given, Path("/out"), ""), "metrics": "m"}
    rest = [a for a in arguments_of(settings, values, resumes=False) if a != "@"]
    return parser_of(PARSERS[preset][0]).parse_known_args(rest)[0]


@pytest.mark.parametrize(("rate", "steps"), [(200, 0), (200, 1), (200, 7), (200, 33)])
def test_warm_up_is_exact_in_steps(rate: int, steps: int, repository: Path) -> None:
    """open-instruct takes the whole part of ratio x updates, OpenRLHF rounds it up."""
    ours = values_of("open_instruct/grpo_fast", repository, warmup_steps=steps)
    updates = rate * ours.num_mini_batches
    assert int(updates * ours.warmup_ratio) == steps * ours.num_mini_batches
    theirs = vars(values_of("openrlhf/grpo", repository, warmup_steps=steps))
    assert -int(-(rate * 4 * theirs["actor.lr_warmup_ratio"]) // 1) == steps * 4


def test_the_horizon_is_the_studys_whatever_the_stop(repository: Path) -> None:
    grpo = values_of("open_instruct/grpo_fast", repository)
    per_step = grpo.num_unique_prompts_rollout * grpo.num_samples_per_prompt_rollout
    assert grpo.total_episodes // per_step == 200
    rlhf = vars(values_of("openrlhf/grpo", repository))
    updates = rlhf["data.max_samples"] * rlhf["rollout.n_samples_per_prompt"] // rlhf["train.batch_size"]
    assert updates == 200 * 4
    assert vars(values_of("prime_rl/rl", repository))["max_steps"] == 200


def test_without_a_kl_there_is_no_reference_model(repository: Path) -> None:
    assert values_of("open_instruct/grpo_fast", repository, kl_coef=0.0).load_ref_policy is False
    assert values_of("open_instruct/grpo_fast", repository, kl_coef=0.01).load_ref_policy is True


def test_grpo_fasts_table_is_read(tmp_path: Path) -> None:
    """The table as the tool prints it: its own function's code, on a console as wide as the preset's COLUMNS."""
    settings = parse(with_preset({"preset": "open_instruct/grpo_fast", "folder": str(tmp_path)}))
    launch = plan_launch(settings, job(3, hyperparameters=HYPERPARAMETERS), tmp_path)
    stream = stream_of(settings, launch)
    width = int(settings.env["COLUMNS"])
    for step in (1, 2):
        table = Table(show_header=False, box=None)
        table.add_column("Category")
        table.add_column("Values")
        table.add_row("loss", f"policy_avg: 0.01 | kl_avg: 2.50e-0{step} | total_avg: 0.02")
        table.add_row("optim", "grad_norm: 0.31")
        others = "| x: 1.0 " * 90
        table.add_row("other", f"episode: 512 | training_step: {step} | scores: 0.{step}5 | lr: 1.00e-06 {others}")
        table.add_row("policy", "clipfrac_avg: 0.02 | entropy_avg: 0.45")
        table.add_row("time", "total: 12.50 | training: 3.00")
        table.add_row("val", "sequence_lengths: 210.40 | num_step_tokens: 53000")
        with launch.metrics.open("a") as log:
            Console(file=log, width=width).print(Panel(table, title="Metrics", expand=False))
            Console(file=log, width=width).print(Panel("eval/scores: 0.9", title="Eval", expand=False))
    rows = stream.read()
    assert [row.step for row in rows] == [1, 2]
    assert dict(rows[1].values) == {
        "reward": 0.25, "learning_rate": 1e-6, "grad_norm": 0.31, "clip_fraction": 0.02, "entropy": 0.45,
        "response_length": 210.4, "tokens": 53000.0, "step_seconds": 12.5,
    }  # fmt: skip


def test_finetunes_log_is_read(tmp_path: Path) -> None:
    settings = parse(with_preset({"preset": "open_instruct/finetune", "folder": str(tmp_path)}))
    launch = plan_launch(settings, job(3, hyperparameters=HYPERPARAMETERS), tmp_path)
    launch.metrics.write_text("08/20 10:00:00 - INFO - finetune -   Step: 3, LR: 1.9e-05, Loss: 0.71, TPS: 812.0\n")
    assert [(m.step, m.values["learning_rate"]) for m in stream_of(settings, launch).read()] == [(3, 1.9e-5)]


def test_openrlhfs_log_is_read(tmp_path: Path) -> None:
    settings = parse(with_preset({"preset": "openrlhf/grpo", "folder": str(tmp_path)}))
    launch = plan_launch(settings, job(3, hyperparameters=HYPERPARAMETERS), tmp_path)
    line = (
        "(PPOTrainer pid=7) 2026 INFO ✨ Global step 3: {'rollout/reward_mean': 0.5, 'kl': 0.01, 'actor_lr': 1e-06}\n"
    )
    launch.metrics.write_text(line)
    (row,) = stream_of(settings, launch).read()
    assert (row.step, dict(row.values)) == (3, {"reward": 0.5, "kl": 0.01, "learning_rate": 1e-6})


def test_own_settings_lie_over_those_of_the_preset() -> None:
    given = {"preset": "openrlhf/grpo", "checkpoint": {"put_back": False}, "grace_time": 5}
    merged = with_preset(given)
    assert merged["grace_time"] == 5
    checkpoint = merged["checkpoint"]
    assert isinstance(checkpoint, dict)
    assert checkpoint["put_back"] is False and "global_step" in checkpoint["path"]


def test_an_unknown_preset_lists_the_known() -> None:
    with pytest.raises(TrainerError) as error:
        with_preset({"preset": "openrlhf"})
    assert "openrlhf/grpo" in (error.value.hint or "")
