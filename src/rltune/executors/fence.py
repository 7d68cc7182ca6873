"""Which attempt may write a run's checkpoints: one at a time, whoever else believes to be alive.

A run's checkpoint folder is shared by all of its attempts: the next one reads what the last one left. An attempt that
was given up as lost (its node didn't answer, its process stood still) may come back. Beside the folder lies a small
file with the id of the order that holds it, and every change of a published checkpoint asks it, as
`rltune.store.manifest` describes. An attempt that isn't named there any more can change nothing, and ends itself
(`rltune.executors.lease`).

All else that an attempt writes lies in its own segment's folder, which nobody reads again once its end is recorded.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from rltune.errors import ExecutorError
from rltune.store.manifest import break_claims

_NOBODY = ""


class FencedError(ExecutorError):
    """This attempt has lost its run to another one."""


@dataclass(frozen=True, slots=True)
class Fence:
    """An attempt's view: `checkpoints` is the run's folder, `holder` the attempt's order id."""

    checkpoints: Path
    holder: str

    def check(self) -> None:
        """Raises FencedError if the run is held by somebody else; OSError if that can't be read."""
        current = read_holder(self.checkpoints)
        if current != self.holder:
            raise FencedError(
                f"expected to hold the run as {self.holder}, but it is held by {current or 'nobody'}: this attempt "
                "was given up as lost",
                where=str(self.checkpoints),
                hint="nothing is to be done: its successor goes on from the newest checkpoint",
            )


def read_holder(checkpoints: Path) -> str:
    """The id of the order that holds the run; empty if none does. Raises OSError if it can't be read."""
    try:
        return _file(checkpoints).read_text(encoding="utf-8")
    except FileNotFoundError:
        return _NOBODY


def grant(checkpoints: Path, holder: str) -> None:
    """Gives the run to an order, and takes it from any other. Raises OSError if it can't be written."""
    _set(checkpoints, holder)


def revoke(checkpoints: Path) -> None:
    """Takes the run from whoever holds it: from now on its checkpoints stay as they are until it is granted again.
    A run that nobody was ever given is left alone. Raises OSError if it can't be written."""
    if _file(checkpoints).exists():
        _set(checkpoints, _NOBODY)


def _set(checkpoints: Path, holder: str) -> None:
    path = _file(checkpoints)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8") as stream:
        stream.write(holder)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    break_claims(checkpoints)


def _file(checkpoints: Path) -> Path:
    return checkpoints.with_name(f"{checkpoints.name}.holder")
