"""How much disk the checkpoints of a study take: what they may, their sizes, and how many the registry keeps."""

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


LIMITED_KEEP = 1
"""Own checkpoints that a trial in flight keeps where there is a limit: the room of a spare is worth more elsewhere."""


@dataclass(frozen=True, slots=True)
class RoomTerms:
    """What the study file says about the room.

    Attributes:
        limit: bytes of all checkpoints; None: any. margin: bytes of the disk that stay free.
        sizes: by model, bytes of a checkpoint as computed, where it can be: for before one was seen.
        elsewhere: checkpoints go to object storage, so that the disk is no matter.
    """

    limit: int | None = None
    margin: int = 0
    sizes: Mapping[str, int] | None = None
    elsewhere: bool = False

    @property
    def keep(self) -> int:
        """Own checkpoints that a trial in flight keeps."""
        return KEEP_CHECKPOINTS if self.limit is None else LIMITED_KEEP


@dataclass(frozen=True, slots=True)
class Disk:
    """What checkpoints take.

    Attributes:
        sizes: bytes of a complete checkpoint, by model. measured: models whose size was seen, not computed.
        runs: by model, runs that may go on, and so keep their newest checkpoints.
        most: bytes at most. free: bytes that are free where the study lies; None: unknown.
        limit: bytes that they may take (`checkpoints.limit`); None: any. asked: bytes that they would take without it.
    """

    sizes: Mapping[str, int]
    measured: tuple[str, ...]
    runs: Mapping[str, int]
    most: int
    free: int | None
    limit: int | None = None
    asked: int = 0

    @property
    def warnings(self) -> list[str]:
        least = (LIMITED_KEEP + 2) * max(self.sizes.values(), default=0)
        if self.limit is not None and self.limit < least:
            return [
                f"the limit of {gigabytes(self.limit)} for checkpoints is too small: a trial of the largest model goes "
                f"on from one and writes two, {gigabytes(least)}; raise `checkpoints.limit`"
            ]
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
    limit: int | None = None,
) -> Disk:
    """The most that can be on disk at a time: each run that may go on keeps its newest checkpoints, and each trial in
    flight has some of its own. Runs that died keep none, so that it is less in fact.

    Args:
        runs: by model, how many there may be in the end. at_once: by model, trials at once.
        limit: bytes that they may take together; None: any.
    """
    kept = sum(KEEP_CHECKPOINTS * count * sizes.get(model, 0) for model, count in runs.items())
    written = max((IN_FLIGHT * count * sizes.get(model, 0) for model, count in at_once.items()), default=0)
    asked = kept + written
    most = asked if limit is None else min(asked, limit)
    return Disk(dict(sizes), tuple(measured), dict(runs), most, free, limit, asked)


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
