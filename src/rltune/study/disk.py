"""How much disk the checkpoints of a study take at most: their sizes, and how many the registry keeps."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rltune.store.registry import KEEP_CHECKPOINTS

_UNITS = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6))

IN_FLIGHT = KEEP_CHECKPOINTS + 1
"""Checkpoints that each trial in flight has beside those that its run had before: its own newest, and the one that is
being written. What it went on from is let go only at its end."""


@dataclass(frozen=True, slots=True)
class Disk:
    """What checkpoints take.

    Attributes:
        sizes: bytes of a complete checkpoint, by model. measured: models whose size was seen, not computed.
        runs: by model, runs that may go on, and so keep their newest checkpoints.
        most: bytes at most. free: bytes that are free where the study lies; None: unknown.
    """

    sizes: Mapping[str, int]
    measured: tuple[str, ...]
    runs: Mapping[str, int]
    most: int
    free: int | None

    @property
    def warnings(self) -> list[str]:
        if self.free is None or self.most <= self.free:
            return []
        return [
            f"checkpoints may take up to {gigabytes(self.most)}, and {gigabytes(self.free)} are free: name another "
            "`output`, or lower the number of trials (`budget.trials`), `confirm.top` or `final.seeds`"
        ]


def forecast_disk(
    sizes: Mapping[str, int],
    runs: Mapping[str, int],
    at_once: Mapping[str, int],
    free: int | None = None,
    measured: Sequence[str] = (),
) -> Disk:
    """The most that can be on disk at a time: each run that may go on keeps its newest checkpoints, and each trial in
    flight has some of its own. Runs that died keep none, so that it is less in fact.

    Args:
        runs: by model, how many there may be in the end. at_once: by model, trials at once.
    """
    kept = sum(KEEP_CHECKPOINTS * count * sizes.get(model, 0) for model, count in runs.items())
    written = max((IN_FLIGHT * count * sizes.get(model, 0) for model, count in at_once.items()), default=0)
    return Disk(dict(sizes), tuple(measured), dict(runs), kept + written, free)


def free_bytes(folder: Path) -> int | None:
    """Bytes that are free where a folder is, or will be made; None if the system doesn't say."""
    existing = next((p for p in (folder, *folder.absolute().parents) if p.exists()), None)
    try:
        return None if existing is None else shutil.disk_usage(existing).free
    except OSError:
        return None


def gigabytes(size: float) -> str:
    """`0.9 MB`, `91 GB`, `1.2 TB`."""
    unit, scale = next(((unit, scale) for unit, scale in _UNITS if size >= scale), _UNITS[-1])
    return f"{size / scale:.0f} {unit}" if size >= 10 * scale else f"{size / scale:.1f} {unit}"
