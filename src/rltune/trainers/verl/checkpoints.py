"""verl's checkpoints: `<published>/global_step_N/{actor,critic}/..._world_size_W_rank_R.pt`, complete ones."""

from __future__ import annotations

import re
from pathlib import Path

from rltune.errors import CheckpointError

_PARTS = ("model", "optim", "extra_state")
_RANK = re.compile(r"(?P<part>\w+?)_world_size_(?P<size>\d+)_rank_(?P<rank>\d+)\.pt")
_DATA = "data.pt"
_HINT = "continue from an older one"


def step_folder(folder: Path, step: int) -> Path:
    """verl's folder of a step, below its `default_local_dir` or a published checkpoint."""
    return folder / f"global_step_{step}"


def step_of(checkpoint: Path) -> int:
    """The step of a published checkpoint, from verl's folder in it.

    Raises:
        CheckpointError: if it holds no such folder, or several.
    """
    found = [int(path.name.rpartition("_")[2]) for path in checkpoint.glob("global_step_*")]
    if len(found) != 1:
        raise CheckpointError(f"expected one folder global_step_N, got {len(found)}", where=str(checkpoint), hint=_HINT)
    return found[0]


def training_only(checkpoint: Path) -> frozenset[Path]:
    """Files of a published checkpoint that only a resume needs: each process's part of the optimizer, two thirds of
    the bytes. The rest verl wants for its validation too."""
    parts = checkpoint.glob("global_step_*/*/optim_world_size_*.pt")
    return frozenset(path.relative_to(checkpoint) for path in parts)


def require_complete(folder: Path, processes: int, *, critic: bool) -> None:
    """Passes if verl's folder of a step holds all that an exact resume on `processes` GPUs reads.

    Raises:
        CheckpointError: if something is missing, or it was saved by another number of processes: each saves its part.
    """
    missing = [] if (folder / _DATA).is_file() else [_DATA]
    for role in ("actor", "critic") if critic else ("actor",):
        found = [match for path in (folder / role).glob("*.pt") if (match := _RANK.fullmatch(path.name))]
        sizes = {int(match["size"]) for match in found}
        if sizes and sizes != {processes}:
            raise CheckpointError(
                f"it was saved by {max(sizes)} processes, and can be resumed by so many only; this job has {processes}",
                where=str(folder),
                hint="keep `gpus` and `nodes` of the trainer's settings as they were",
            )
        have = {(match["part"], int(match["rank"])) for match in found}
        missing += [f"{role}/{part} of rank {r}" for part in _PARTS for r in range(processes) if (part, r) not in have]
    if missing:
        raise CheckpointError(f"the checkpoint lacks {', '.join(missing)}", where=str(folder), hint=_HINT)
