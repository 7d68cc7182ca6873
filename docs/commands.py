"""Writes docs/commands.md: what rltune starts for the example studies. Run: python docs/commands.py"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from rltune.config.load import load_study
from rltune.config.recipes import build_recipe
from rltune.config.resolve import plan_search
from rltune.config.study import StudyConfig
from rltune.trainers.base import Scoring, TrainJob
from rltune.trainers.command.launch import arguments_of
from rltune.trainers.command.trainer import CommandTrainer
from rltune.trainers.command.variables import training_variables
from rltune.trainers.external.script import in_lines
from rltune.trainers.verl.command import Work, train_command
from rltune.trainers.verl.installed import Installed
from rltune.trainers.verl.options import parse_options
from rltune.trainers.verl.schema import Schema
from rltune.trainers.verl.setup import Setup
from rltune.types import Scalar

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "commands.md"
SCHEMA = ROOT / "tests" / "trainers" / "verl" / "stand_in" / "schema-0.9.1.json"
EXAMPLES = ("open-instruct-grpo", "open-instruct-sft", "open-instruct-dpo", "openrlhf-grpo", "prime-rl")
FOLDER = Path("/scratch/run")

HEAD = """# The exact commands

What rltune starts for the example studies: the recipe, from the base model to the first rung, on the smallest model.
`/scratch/run` stands for the folder of a segment, and for a checkpoint in the registry. No shell is in between; this is
how a shell would take the arguments. `rltune check FILE --commands` prints those of a study of yours. verl also gets
the folder of its hook on `PYTHONPATH`. `rltune export STUDY` prints the command that trains a study's winner with the
study's own trainer. This page is made by `docs/commands.py`.
"""


class Recorded(Installed):
    """verl 0.9.1 as it was once asked."""

    schema = Schema.read(json.loads(SCHEMA.read_text()))  # pyright: ignore[reportAssignmentType]


def study_of(name: str) -> StudyConfig:
    return load_study(ROOT / "examples" / f"{name}.yaml").config


def hyperparameters_of(config: StudyConfig) -> dict[str, Scalar]:
    plan = plan_search(config, build_recipe(config.recipe, None))
    return {**plan.fixed, **plan.baseline}


def jobs_of(config: StudyConfig) -> tuple[TrainJob, TrainJob]:
    """The first segment of the recipe, and the one that continues it."""
    first, second = config.rungs[:2]
    proxies = config.models.proxies
    job = TrainJob(
        model=proxies[0] if proxies else config.models.target,
        task=config.task.name,
        task_options=config.task.options,
        hyperparameters=hyperparameters_of(config),
        horizon=config.rungs[-1],
        stop_step=first,
        validate_at=(first,),
        validation=Scoring(config.validation.prompts, config.validation.samples, config.validation.temperature),
        seed=config.seed,
        role="proxy" if proxies else "target",
    )
    resumed = replace(
        job, start_step=first, resume_from=f"{FOLDER}/step-{first:06d}", stop_step=second, validate_at=(second,)
    )
    return job, resumed


def verl_words(config: StudyConfig, job: TrainJob) -> tuple[list[str], Mapping[str, str]]:
    """Arguments, and what is added to the environment."""
    options = parse_options({**config.trainer.settings, "python": "python3"})
    setup = Setup(options, options.launch({}), Recorded("python3", {}))
    gpus = options.gpus_for(job.model, job.role)
    command = train_command(job, setup, Work(FOLDER), gpus, int(str(config.task.options["max_response_length"])))
    own = {name: value for name, value in command.environment.items() if name != "PYTHONPATH"}
    return [word.replace(f"{os.getcwd()}/", "") for word in command.arguments], own


def command_words(config: StudyConfig, job: TrainJob) -> list[str]:
    trainer = CommandTrainer().configure(config.trainer.settings)
    values = training_variables(trainer.settings, job, FOLDER / "output", job.resume_from or "")
    return list(arguments_of(trainer.settings, {**values, "metrics": ""}, resumes=job.start_step > 0))


def part(name: str) -> Iterator[str]:
    config = study_of(name)
    first, resumed = jobs_of(config)
    verl = config.trainer.name == "verl"
    if verl:
        words, environment = verl_words(config, first)
        again, told = verl_words(config, resumed)
    else:
        words, environment, told = command_words(config, first), {}, {}
        again = command_words(config, resumed)
    folder = config.trainer.settings.get("folder")
    yield f"## `examples/{name}.yaml`\n"
    yield "```sh" + (f"\ncd {folder}" if folder else "")
    yield from (f"export {key}={shlex.quote(value)}" for key, value in environment.items())
    lines = in_lines(words)
    yield " \\\n  ".join(lines) + "\n```\n"
    changed = [f"{key}={value}" for key, value in told.items() if environment[key] != value]
    changed += [line for line in in_lines(again) if line not in lines]
    yield f"Continuing to step {resumed.stop_step}: `{' '.join(changed)}`" + (
        ".\n" if verl or resumed.resume_from in again else ", with the checkpoint where the program looks for it.\n"
    )


def page() -> str:
    """The whole page. The examples' paths are relative to the repository."""
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        parts = [line for name in ("verl-grpo", "verl-ppo", *EXAMPLES) for line in part(name)]
    finally:
        os.chdir(before)
    return "\n".join([HEAD, *parts]).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
