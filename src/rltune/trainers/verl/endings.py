"""Why verl ended badly: as for any program, but for a node of the cluster that went away."""

from __future__ import annotations

from rltune.faults.base import Cause
from rltune.faults.texts import says
from rltune.trainers.external.diagnosis import diagnose
from rltune.trainers.external.endings import Position, ended_early
from rltune.trainers.external.program import Program
from rltune.types import StopKind, StopReason

_LOOK_BACK_LINES = 200


def ended(status: int, program: Program, position: Position) -> StopReason:
    """The reason for an end before the step that it had to train to: LOST if a node went away, which says nothing about
    the configuration; DIVERGED if the policy isn't finite.

    Raises:
        OutOfMemoryError, TrainerError, CheckpointError: for everything else.
    """
    lines = program.last_lines(_LOOK_BACK_LINES)
    lost = next((line for line in lines if says(Cause.NODE, line)), None)
    if status != 0 and lost is not None and diagnose(status, lines).cause is Cause.NODE:
        return StopReason(
            StopKind.LOST, position.seen, f"a node of the cluster went away: {' '.join(lost.split())[:200]}"
        )
    return ended_early(status, program, position)
