"""Checkpoint folders: what a complete one holds, and how transformers' own layout is made into one."""

from __future__ import annotations

import json
from pathlib import Path

from rltune.errors import CheckpointError

_STATE = "trainer_state.json"
_NEEDED = (_STATE, "scheduler.pt")
_WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
_ADAPTER = ("adapter_config.json", "adapter_model.safetensors")
_OPTIMIZER = "optimizer.pt"
_SHARDED_OPTIMIZERS = ("global_step*", "optimizer_*", "optimizer.bin")
"""Where DeepSpeed and FSDP keep the optimizer's state."""


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


def training_only(folder: Path) -> frozenset[Path]:
    """Files that only a resume needs: the states of optimizer, schedule and random numbers. None where the weights
    don't lie apart from them, as DeepSpeed and FSDP save them without gathering."""
    whole = any((folder / name).is_file() for name in _WEIGHTS) or (folder / _ADAPTER[1]).is_file()
    if not whole:
        return frozenset()
    names = (_OPTIMIZER, "scheduler.pt", "scaler.pt", "rng_state*.pth", *_SHARDED_OPTIMIZERS)
    found = [path for name in names for path in folder.glob(name)]
    files = [file for path in found for file in (path.rglob("*") if path.is_dir() else (path,)) if file.is_file()]
    return frozenset(file.relative_to(folder) for file in files)


def require_complete(folder: Path, step: int, updates: int, *, adapter: bool = False, processes: int = 1) -> None:
    """Passes if `folder` holds a checkpoint of step `step`, with `updates` optimizer updates in each step.

    Args:
        adapter: whether it has to hold an adapter instead of whole weights.
        processes: that train together; each has a random state of its own.

    Raises:
        CheckpointError: if it is missing, incomplete, unreadable or of another step.
    """
    if not folder.is_dir():
        raise CheckpointError("no such checkpoint", where=str(folder), hint="continue from an older one")
    missing = [name for name in _expected(adapter, processes) if not (folder / name).is_file()]
    if not adapter and not any((folder / name).is_file() for name in _WEIGHTS):
        missing.append(_WEIGHTS[0])
    if not any((folder / _OPTIMIZER).is_file() or any(folder.glob(name)) for name in _SHARDED_OPTIMIZERS):
        missing.append(_OPTIMIZER)
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


def _expected(adapter: bool, processes: int) -> tuple[str, ...]:
    states = ("rng_state.pth",) if processes == 1 else tuple(f"rng_state_{rank}.pth" for rank in range(processes))
    return (*_NEEDED, *states, *(_ADAPTER if adapter else ("config.json",)))
