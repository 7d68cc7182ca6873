"""Freeing a study's disk by hand: what would go, what that frees, and what it would cost to train it again."""

from __future__ import annotations

from pathlib import Path

from rltune.config.load import load_study
from rltune.config.units import parse_size
from rltune.errors import StudyError, TrainerError
from rltune.store.lock import lock_study
from rltune.store.open import open_study as open_store
from rltune.store.retention import Clearance
from rltune.study.api import STUDY_FILE, open_study
from rltune.study.elsewhere import clear
from rltune.study.keeping import carry_out, plan_room, remove_damaged
from rltune.trainers.base import Trainer
from rltune.trainers.build import build_trainer

NEEDED, WINNER = "needed", "winner"


def clean(folder: Path, keep: str = NEEDED, *, dry_run: bool = False) -> Clearance:
    """Deletes checkpoints of a study that isn't running, and strips to their weights those that are only scored or kept
    for them. The winner's and pinned ones always stay.

    Args:
        keep: `needed`: what the study may still go on from; `winner`: nothing else than the winner's; or a size such as
            `100GB`: the most valuable up to so many bytes.
        dry_run: only say what would go; also while the study runs.

    Returns:
        What went, or would go, in this order.

    Raises:
        StudyError: if there is no such study, or `keep` is none of these. StoreError: if another process runs it.
    """
    room = None if keep in (NEEDED, WINNER) else _size(keep)
    with open_study(folder, read_only=True) as study:
        location, name, trainer = study.location, study.name, _trainer(folder)
        if dry_run:
            return plan_room(study.store, room, trainer, winner_only=keep == WINNER)
    with lock_study(location, name):
        store = open_store(location, name)
        try:
            found = plan_room(store, room, trainer, winner_only=keep == WINNER)
            remove_damaged(store)
            carry_out(store, found.removals, trainer, "rltune clean")
            clear(store, folder)
        finally:
            store.close()
    return found


def _size(keep: str) -> int:
    try:
        return parse_size(keep)
    except ValueError:
        raise StudyError(
            f"expected {NEEDED}, {WINNER} or a size such as 100GB, got {keep!r}",
            where="--keep",
            hint="`rltune clean STUDY --dry-run` lists what would go",
        ) from None


def _trainer(folder: Path) -> Trainer | None:
    """The study's trainer; None if it can't be had here: then nothing is stripped."""
    config = load_study(folder / STUDY_FILE).config.trainer
    try:
        return build_trainer(config.name, config.settings)
    except TrainerError:
        return None
