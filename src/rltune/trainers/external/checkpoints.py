"""The checkpoints that a program saves: where, when they are complete, and how they come into the registry and back.

A published checkpoint holds what the program's own folder of that step held, and in folders of their own what lay
elsewhere: `rltune-file` (a checkpoint that is a single file), `rltune-model` (weights for scoring) and `rltune-beside`
(files beside the checkpoint that belong to it, such as the name of the latest one).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rltune.errors import CheckpointError
from rltune.trainers.external.trees import copy_to, hand_back, move_into, remove

FILE = "rltune-file"
MODEL = "rltune-model"
BESIDE = "rltune-beside"
_ADDED = ("manifest.json", FILE, MODEL, BESIDE)
"""What the registry and this module add; no part of the program's own folder."""

SETTLE_SECONDS = 30.0
"""A checkpoint of a running program that hasn't changed for so long counts as complete, where nothing better tells."""

_NUMBER = re.compile(r"([0-9]+)\D*$")
_Fingerprint = frozenset[tuple[str, int, int]]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a program keeps the checkpoint of a step.

    Attributes:
        path: step -> its folder or file.
        model: step -> folder with weights to score; None: in `path`.
        beside: files that belong to the newest checkpoint; names differ.
        marker: step -> file that tells that the checkpoint is complete: by being there if it has the step in its name,
            else by holding the number of this step or a later one. None: nothing tells.
    """

    path: Callable[[int], Path]
    model: Callable[[int], Path] | None = None
    beside: tuple[Path, ...] = ()
    marker: Callable[[int], Path] | None = None


class Saves:
    """The checkpoints of one launch.

    Args:
        settle_seconds: see SETTLE_SECONDS.
    """

    def __init__(self, layout: Layout, settle_seconds: float = SETTLE_SECONDS) -> None:
        self.layout = layout
        self._settle_seconds = settle_seconds
        self._seen: dict[int, tuple[_Fingerprint, float]] = {}

    def begun(self, step: int) -> bool:
        """Whether there is anything of the checkpoint of this step."""
        return self.layout.path(step).exists()

    def complete(self, step: int, *, passed: bool) -> bool:
        """Whether the checkpoint of this step is complete.

        Args:
            passed: the program has ended well, or trained on: enough where there is no marker.
        """
        parts = self._parts(step)
        if not all(part.exists() for part in parts):
            return False
        if self.layout.marker is not None:
            return self._marked(step, self.layout.marker)
        return passed or self._settled(step, parts)

    def publish(self, step: int, folder: Path) -> None:
        """Moves the checkpoint of this step into an empty folder. Raises OSError if that fails."""
        source = self.layout.path(step)
        if source.is_dir():
            move_into(source, folder)
        else:
            (folder / FILE).mkdir()
            move_into(source, folder / FILE)
        if self.layout.model is not None:
            (folder / MODEL).mkdir()
            move_into(self.layout.model(step), folder / MODEL)
        for file in self.layout.beside:
            (folder / BESIDE).mkdir(exist_ok=True)
            copy_to(file, folder / BESIDE / file.name)

    def clear(self, step: int) -> None:
        """Deletes what the program saved at a step, to free the disk."""
        remove(self.layout.path(step))
        if self.layout.model is not None:
            remove(self.layout.model(step))

    def _parts(self, step: int) -> list[Path]:
        model = [] if self.layout.model is None else [self.layout.model(step)]
        return [self.layout.path(step), *model, *self.layout.beside]

    def _marked(self, step: int, marker: Callable[[int], Path]) -> bool:
        file = marker(step)
        if marker(step + 1) != file:
            return file.exists()
        try:
            found = _NUMBER.search(file.read_text(errors="replace"))
        except OSError:
            return False
        # A program may count in another unit than steps; then its folder's name has the number too.
        own = _NUMBER.search(self.layout.path(step).name)
        return found is not None and int(found[1]) >= (int(own[1]) if own else step)

    def _settled(self, step: int, parts: list[Path]) -> bool:
        now, print_ = time.monotonic(), frozenset().union(*map(_fingerprint, parts))
        before = self._seen.get(step)
        if before is None or before[0] != print_:
            self._seen[step] = (print_, now)
            return False
        return bool(print_) and now - before[1] >= self._settle_seconds


def model_of(checkpoint: Path) -> Path:
    """The folder with the weights of a published checkpoint."""
    inner = checkpoint / MODEL
    return inner if inner.is_dir() else checkpoint


def training_only(checkpoint: Path) -> frozenset[Path]:
    """Files of a published checkpoint that a scoring doesn't need: all but the weights, where the program keeps these
    in a place of their own; else those that Accelerate and transformers give names of their own."""
    if (checkpoint / MODEL).is_dir():
        files = (path.relative_to(checkpoint) for path in checkpoint.rglob("*") if path.is_file())
        return frozenset(path for path in files if path.parts[0] != MODEL and path.name != _ADDED[0])
    if not any(checkpoint.glob("model*.safetensors")) and not any(checkpoint.glob("adapter_model*.safetensors")):
        return frozenset()
    names = ("optimizer*.pt", "optimizer*.bin", "scheduler*.pt", "scheduler*.bin", "rng_state*.pth", "random_states*")
    return frozenset(path.relative_to(checkpoint) for name in names for path in checkpoint.glob(name))


def resume_path(checkpoint: Path) -> Path:
    """What a program is told to resume from: the published folder or, if the program saves single files, the file.

    Raises:
        CheckpointError: if there is nothing in it.
    """
    inner = checkpoint / FILE
    found = list((inner if inner.is_dir() else checkpoint).iterdir()) if checkpoint.is_dir() else []
    if not found:
        raise CheckpointError(
            "expected a checkpoint, got a missing or empty folder",
            where=str(checkpoint),
            hint="continue from an older one",
        )
    return found[0] if inner.is_dir() else checkpoint


def restore(checkpoint: Path, layout: Layout, step: int) -> Path:
    """Puts a published checkpoint where the program keeps its own, as if it had just saved it; returns that place.

    Raises:
        CheckpointError: if there is nothing in it, or a file can't be read or written.
    """
    source, place = resume_path(checkpoint), layout.path(step)
    try:
        hand_back(source, place, without=_ADDED)
        for file in layout.beside:
            copy_to(checkpoint / BESIDE / file.name, file)
    except OSError as error:
        raise CheckpointError(
            f"the checkpoint can't be put back: {error}", where=str(checkpoint), hint="continue from an older one"
        ) from error
    return place


def _fingerprint(path: Path) -> _Fingerprint:
    files = path.rglob("*") if path.is_dir() else (path,)
    found = set()
    for file in files:
        try:
            state = file.stat()
        except OSError:
            continue  # just renamed or removed: the next look will differ
        found.add((str(file), state.st_size, state.st_mtime_ns))
    return frozenset(found)
