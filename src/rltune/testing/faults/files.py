"""The files of a study by what they hold, found anew at each look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

from rltune.executors.records import SegmentFiles
from rltune.store.engine import DATABASE_FILE
from rltune.store.manifest import MANIFEST
from rltune.testing.faults.base import NothingToHit, Scene


def _checkpoint_files(scene: Scene) -> list[Path]:
    return [path for path in scene.folder.glob("runs/*/checkpoints/step-*/**/*") if path.is_file()]


def _weights(scene: Scene) -> list[Path]:
    """The largest file of each checkpoint, beside optimizer states and the manifest."""
    largest: dict[Path, tuple[int, Path]] = {}
    for path in _checkpoint_files(scene):
        if path.name == MANIFEST or "optimizer" in path.name:
            continue
        folder = next(parent for parent in path.parents if parent.name.startswith("step-"))
        largest[folder] = max(largest.get(folder, (-1, path)), (_size(path), path))
    return [path for _, path in largest.values()]


def _optimizer(scene: Scene) -> list[Path]:
    return [path for path in _checkpoint_files(scene) if "optimizer" in path.name]


def _manifest(scene: Scene) -> list[Path]:
    return [path for path in _checkpoint_files(scene) if path.name == MANIFEST]


def _in_flight(name: str) -> Callable[[Scene], list[Path]]:
    """A file of the segments that haven't left their outcome yet; of the others too where all have."""

    def find(scene: Scene) -> list[Path]:
        found = [*scene.folder.glob(f"runs/*/segments/*/{name}"), *scene.folder.glob(f"work/*/{name}")]
        open_ones = [path for path in found if not SegmentFiles(path.parent).outcome.exists()]
        return open_ones or found

    return find


def _outcome(scene: Scene) -> list[Path]:
    """The newest outcomes: the older ones have been read long since."""
    found = [*scene.folder.glob("runs/*/segments/*/outcome.json"), *scene.folder.glob("work/*/outcome.json")]
    return sorted(found, key=_changed)[-2:]


def _database(suffix: str) -> Callable[[Scene], list[Path]]:
    return lambda scene: [scene.folder / f"{DATABASE_FILE}{suffix}"]


FILES: Mapping[str, Callable[[Scene], list[Path]]] = {
    "weights": _weights,
    "optimizer": _optimizer,
    "manifest": _manifest,
    "metrics": _in_flight("metrics.jsonl"),
    "order": _in_flight("order.json"),
    "outcome": _outcome,
    "wal": _database("-wal"),
    "shm": _database("-shm"),
}
"""What each kind's files are now; some may be gone or empty the next moment."""


def choose(kind: str, scene: Scene, rng: Random) -> tuple[Path, int]:
    """One file of a kind that isn't empty, by chance, and its size in bytes.

    Raises:
        NothingToHit: if there is none.
    """
    sizes = {path: _size(path) for path in sorted(FILES[kind](scene))}
    found = [path for path, size in sizes.items() if size > 0]
    if not found:
        raise NothingToHit(f"there is no file with {kind} now", where=str(scene.folder))
    path = rng.choice(found)
    return path, sizes[path]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
