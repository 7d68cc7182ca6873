"""What is wrong when a program ends before its time, or doesn't do what it was launched for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rltune.errors import CheckpointError, KilledError, OutOfMemoryError, RltuneError, TrainerError
from rltune.faults.base import Cause
from rltune.trainers.external.diagnosis import Diagnosis, describe_status, diagnose
from rltune.trainers.external.program import Program
from rltune.types import StopKind, StopReason

_LOOK_BACK_LINES = 200
_SHOWN_LINES = 40
_ERRORS: Mapping[Cause, type[RltuneError]] = {Cause.MEMORY: OutOfMemoryError, Cause.KILLED: KilledError}


@dataclass(frozen=True, slots=True)
class Position:
    """How far a launch has come.

    Attributes:
        start, stop: it continued after `start` and had to train to `stop`. seen: the last step in its metrics.
        checkpoint: where its checkpoint of `stop` was expected.
    """

    start: int
    stop: int
    seen: int
    checkpoint: Path


def ended_early(status: int, program: Program, position: Position) -> StopReason:
    """Why the run ended, if sampling failed because the policy is not finite: a result about the configuration.

    Prints the end of the program's output, so that it is in the trial's log.

    Raises:
        OutOfMemoryError: if memory ran out. KilledError: if it was killed.
        CheckpointError: if a resumed program trained no step.
        TrainerError: for everything else.
    """
    lines = program.last_lines(_LOOK_BACK_LINES)
    print("\n".join([f"--- the last lines of {program.output} ---", *lines[-_SHOWN_LINES:]]), flush=True)
    if status == 0:
        raise _ended_well(program, position)
    diagnosis = diagnose(status, lines)
    if diagnosis.cause is Cause.DIVERGED:
        return StopReason(StopKind.DIVERGED, position.seen, diagnosis.reason)
    raise failure(diagnosis, f"after step {position.seen}", program)


def failure(diagnosis: Diagnosis, where: str, program: Program) -> RltuneError:
    """The error for a program that failed."""
    kind = _ERRORS.get(diagnosis.cause, TrainerError)
    return kind(diagnosis.reason, where=where, hint=f"its output: {program.output}")


def no_checkpoint(program: Program, position: Position, how: str) -> TrainerError:
    """For a program that reached its last step, but left no checkpoint of it; `how` it went on."""
    folder = position.checkpoint.parent
    names = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    there = ", ".join(names[:10]) if names else "nothing"
    return TrainerError(
        f"the program {how} without a complete checkpoint of step {position.stop}",
        where=str(position.checkpoint),
        hint=f"in its folder there is: {there}; do the checkpoint settings fit what it saves? It was: {program}",
    )


def did_not_resume(step: int, program: Program, position: Position) -> CheckpointError:
    """For a program that was given a checkpoint and trained a step from before it."""
    return CheckpointError(
        f"expected the program to continue after step {position.start}, but it trained step {step}",
        where=str(program),
        hint="it seems not to have loaded the checkpoint",
    )


def _ended_well(program: Program, position: Position) -> TrainerError | CheckpointError:
    if position.seen >= position.stop:
        return no_checkpoint(program, position, describe_status(0))
    if position.seen > position.start:
        return TrainerError(
            f"expected the program to train to step {position.stop}, but after step {position.seen} it "
            f"{describe_status(0)}",
            where=str(program),
            hint="is it told a smaller number of steps, or out of data?",
        )
    if position.start:
        return CheckpointError(
            f"expected the program to continue after step {position.start}, but it ended without training a step",
            where=str(program),
            hint="by its own count, the checkpoint's step may already be its last",
        )
    return TrainerError(
        "the program ended well, but no step was found in its metrics",
        where=str(program),
        hint=f"do the metrics settings fit what it writes? Its output: {program.output}",
    )
