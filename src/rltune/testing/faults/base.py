"""The contract of fault injectors: what is done to a study, for real, and how it ends.

A fault finds something of one study (a process, a file, its disk), strikes it, and says what it did. It touches
nothing else: processes are recognized by pid and start time, files by the study's folder. What it does is decided by
the random numbers that it is given, so that a seed and a scene tell the whole of it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from random import Random
from typing import Protocol

from rltune.errors import RltuneError
from rltune.executors.base import ProcessIdentity


class NothingToHit(RltuneError):
    """The scene holds nothing that this fault could strike now, or the machine lacks what it takes."""


class Moment(Enum):
    """When a fault can strike."""

    RUNNING = "while a controller runs the study"
    DOWN = "while nobody runs it"
    ANY = "at any time"


def nothing() -> None:
    """The undoing of what needs none."""


def run_rltune(arguments: Sequence[str]) -> tuple[int, str]:
    """Runs `rltune ARGUMENTS` in a process of its own; its exit status and what it printed."""
    ended = subprocess.run([sys.executable, "-m", "rltune", *arguments], capture_output=True, text=True)
    return ended.returncode, f"{ended.stdout}{ended.stderr}"


@dataclass(frozen=True, slots=True)
class Scene:
    """A study under fire.

    Attributes:
        folder: the study's. controller: the process that runs it; None: nobody does.
        clock: the file that shifts the wall clock of the study's processes (see `clock`); None: they have the real one.
        rltune: runs an rltune command, as `run_rltune` does.
    """

    folder: Path
    controller: ProcessIdentity | None = None
    clock: Path | None = None
    rltune: Callable[[Sequence[str]], tuple[int, str]] = run_rltune


@dataclass(frozen=True, slots=True)
class Injected:
    """A fault that has struck.

    Attributes:
        what: what was done, for people. undo: ends it; idempotent, and safe when its victim is gone.
        complaint: what the study did wrong in the face of it, where that shows at once; None: nothing.
    """

    what: str
    undo: Callable[[], None] = nothing
    complaint: str | None = None


class Fault(Protocol):
    """One way to harm a study.

    Attributes:
        moment: when it can strike.
        loses_tail: it may cost the newest transactions of the store, or make a controller refuse the study; what is
            left must still be true.
    """

    @property
    def name(self) -> str: ...

    @property
    def moment(self) -> Moment: ...

    @property
    def loses_tail(self) -> bool: ...

    def inject(self, scene: Scene, rng: Random) -> Injected:
        """Strikes once.

        Raises:
            NothingToHit: if it can't now; nothing was done then.
        """
        ...
