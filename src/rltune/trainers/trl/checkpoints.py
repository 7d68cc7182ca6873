"""Checkpoint folders: what a complete one holds, and how transformers' own layout is made into one."""

from __future__ import annotations

import json
from pathlib import Path

from rltune.errors import CheckpointError

_STATE = "trainer_state.json"
_NEEDED = (_STATE, "config.json", "optimizer.pt", "scheduler.pt", "rng_state.pth")
_WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)


def flatten(folder: Path) -> None:
    """Moves what transformers wrote to `folder`/checkpoint-N up into `folder`."""
    (inner,) = folder.glob("checkpoint-*")
    for file in inner.iterdir():
        # The pickled arguments are not read on a resume; they only name folders of this machine.
        if file.name == "training_args.bin":
            file.unlink()
        else:
            file.rename(folder / file.name)
    inner.rmdir()


def require_complete(folder: Path, step: int, updates: int) -> None:
    """Passes if `folder` holds a checkpoint of rollout step `step`, with `updates` optimizer updates in each step.

    Raises:
        CheckpointError: if it is missing, incomplete, unreadable or of another step.
    """
    if not folder.is_dir():
        raise CheckpointError("no such checkpoint", where=str(folder), hint="continue from an older one")
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in _WEIGHTS):
        missing.append(_WEIGHTS[0])
    if missing:
        raise CheckpointError(
            f"the checkpoint lacks {', '.join(missing)}", where=str(folder), hint="continue from an older one"
        )
    try:
        found = json.loads((folder / _STATE).read_text(encoding="utf-8"))["global_step"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{_STATE} can't be read: {error}", where=str(folder), hint="continue from an older one"
        ) from error
    if found != step * updates:
        raise CheckpointError(
            f"expected a checkpoint of step {step} ({step * updates} updates), got one of {found} updates",
            where=str(folder),
            hint="updates_per_step and num_iterations can't change within a run",
        )
