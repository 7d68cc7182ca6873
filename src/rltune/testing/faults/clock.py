"""A wall clock that jumps, as when a machine's clock is set: forth and back, by hours.

The whole study sees it, controller, trials and their programs: a small library (`clock.c`, built with the machine's C
compiler) is loaded before all others and shifts the wall clock by what a file says. The monotonic clock stays, as it
does in reality. The machine's own clock isn't touched.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from rltune.testing.faults.base import Injected, Moment, NothingToHit, Scene

SOURCE = Path(__file__).with_name("clock.c")
CLOCK_FILE = "RLTUNE_CLOCK_FILE"
"""Environment variable that names the file with the shift."""
_FARTHEST_HOURS = 12.0


def shifted_environment(folder: Path, clock: Path) -> Mapping[str, str]:
    """Environment variables under which a process has the clock of `clock`, which starts without a shift.

    Args:
        folder: where the library is built.

    Raises:
        NothingToHit: if there is no C compiler.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise NothingToHit("there is no C compiler to build the clock's library with", where="clock jumps")
    library = folder / "clock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, SOURCE, "-ldl", "-lm"], check=True)
    set_shift(clock, 0.0)
    return {"LD_PRELOAD": str(library), CLOCK_FILE: str(clock)}


def set_shift(clock: Path, seconds: float) -> None:
    """Sets by how much the clock is ahead; in place, because processes have the file mapped."""
    descriptor = os.open(clock, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.pwrite(descriptor, struct.pack("d", seconds), 0)
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class ClockJump:
    """Sets the study's wall clock up to twelve hours ahead of the real one or behind it, until the next jump."""

    name: str = "clock_jump"
    moment: Moment = Moment.RUNNING
    loses_tail: bool = False

    def inject(self, scene: Scene, rng: Random) -> Injected:
        if scene.clock is None:
            raise NothingToHit("the study has the machine's own clock", where=str(scene.folder))
        hours = rng.uniform(-_FARTHEST_HOURS, _FARTHEST_HOURS)
        set_shift(scene.clock, round(3600.0 * hours))
        return Injected(f"wall clock set to {hours:+.1f} h")
