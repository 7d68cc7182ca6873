"""The winner as the command that trains it: the study's own program, with all its arguments and its environment."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from rltune.errors import ReportError
from rltune.models.inspect import model_source
from rltune.report.export.verl import export_verl
from rltune.report.export.winner import Winner
from rltune.trainers.base import Scoring, TrainJob
from rltune.trainers.command.launch import program_for
from rltune.trainers.command.presets.build import with_preset
from rltune.trainers.command.settings import parse


def export_command(winner: Winner) -> str:
    """A shell script that trains the winner from the base model to the study's last step.

    Raises:
        ReportError: if the study's trainer is started by no command.
        TrainerError: if its settings can't be used any more.
    """
    if winner.trainer == "verl":
        return export_verl(winner)
    if winner.trainer != "command":
        raise ReportError(
            f"the trainer {winner.trainer} runs inside of rltune, and has no command",
            where=f"study {winner.provenance['study']}",
            hint="export it as trl, verl or json",
        )
    folder = Path(f"{winner.provenance['study']}-winner").absolute()
    program = program_for(parse(with_preset(winner.settings)), _job(winner), folder)
    return f"{winner.comment()}mkdir -p {shlex.quote(str(folder / 'output'))}\n{program.script()}\n"


def _job(winner: Winner) -> TrainJob:
    task, validation, executor = (_section(winner, name) for name in ("task", "validation", "executor"))
    prompts, samples = (int(str(validation.get(name, 1))) for name in ("prompts", "samples"))
    return TrainJob(
        model=model_source(winner.target),
        task=str(task.get("name", "")),
        hyperparameters=winner.hyperparameters,
        horizon=winner.horizon,
        stop_step=winner.horizon,
        seed=winner.seed,
        validation=Scoring(prompts, samples, float(str(validation.get("temperature", 1.0)))),
        validate_at=(winner.horizon,),
        threads=int(str(executor.get("threads", 1))),
        device=str(executor.get("device", "auto")),
        memory_level=winner.memory_level,
    )


def _section(winner: Winner, name: str) -> Mapping[str, object]:
    value = winner.config.get(name)
    return value if isinstance(value, Mapping) else {}
