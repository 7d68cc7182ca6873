"""Which GPUs this machine lends us, and which of them a trial gets.

A trial is shown exactly its GPUs through CUDA_VISIBLE_DEVICES, which CUDA reads once, when it is initialized. So the
controller must know the GPUs without initializing CUDA (and without importing torch).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

VISIBLE_DEVICES = "CUDA_VISIBLE_DEVICES"
DEVICES = ("auto", "cpu", "cuda")
_DRIVER_FOLDER = Path("/proc/driver/nvidia/gpus")  # an entry a GPU
_SMI_SECONDS = 20.0


def visible_gpus(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The GPUs that a process with this environment may use, named as CUDA_VISIBLE_DEVICES names them."""
    listed = environment.get(VISIBLE_DEVICES)
    if listed is not None:
        return listed_gpus(listed)
    return tuple(str(index) for index in range(_installed()))


def listed_gpus(value: str) -> tuple[str, ...]:
    """The GPUs in a value of CUDA_VISIBLE_DEVICES: indices or identifiers. As for CUDA, the first entry that is
    neither (such as -1) hides itself and all that follow."""
    found: list[str] = []
    for entry in map(str.strip, value.split(",")):
        if not (entry.isdecimal() or entry.startswith(("GPU-", "MIG-"))):
            break
        found.append(entry)
    return tuple(dict.fromkeys(found))


def slots_for(device: str, gpus: Sequence[str], cores: int, threads: int, share: int = 1) -> int:
    """Trials at once, at least 1: as many as the GPUs give `share` each if trials use them, else the cores divided by
    the threads of a trial."""
    if device == "cuda" or (device == "auto" and gpus):
        return max(1, len(gpus) // share)
    return max(1, cores // max(1, threads))


def free_gpus(gpus: Sequence[str], taken: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Those that no trial has. Args: gpus: all that there are. taken: the GPUs of each trial in flight."""
    busy = {gpu for own in taken for gpu in own}
    return tuple(gpu for gpu in gpus if gpu not in busy)


def gpu_for(gpus: Sequence[str], busy: Sequence[str]) -> str | None:
    """The GPU for the next trial: the first of those with the fewest trials, so that they are shared evenly.

    Args:
        gpus: all that there are. busy: the GPU of each trial in flight.

    Returns:
        None if there is none: a trial is then left to find out by itself.
    """
    return min(gpus, key=busy.count) if gpus else None


def _installed() -> int:
    try:
        return len(list(_DRIVER_FOLDER.iterdir()))
    except OSError:
        return _told_by_smi()


def _told_by_smi() -> int:
    """For systems whose driver shows nothing in /proc, such as WSL."""
    try:
        told = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=_SMI_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return 0
    return sum(line.startswith("GPU ") for line in told.stdout.splitlines())
