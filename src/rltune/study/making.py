"""A study's first moment: its folder, its file and its records; and how an earlier one of that name makes room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from rltune.config.study import StudyConfig
from rltune.errors import StoreError, StudyError
from rltune.store.base import StudyStore
from rltune.store.lock import lock_holder
from rltune.store.open import create_study
from rltune.study.earlier import EarlierStudy, keeping
from rltune.study.looking import STUDY_FILE
from rltune.study.orders import unused


def write_down(
    folder: Path, text: str, config: StudyConfig, values: Mapping[str, object], earlier: Sequence[EarlierStudy] = ()
) -> StudyStore:
    """Makes the study in its folder and its store, with what it knows of earlier ones.

    The file comes first: without it a study in a database that was killed here could neither be gone on with nor be
    made again; the file alone is no study yet.
    """
    path = folder / STUDY_FILE
    there = path.exists()
    folder.mkdir(parents=True, exist_ok=True)
    if not there:
        path.write_text(text, encoding="utf-8")
    try:
        with keeping(folder, earlier):
            store = create_study(config.store or folder, config.name, values, folder=folder)
    except BaseException:
        if not there:
            path.unlink()
            with suppress(OSError):  # not empty: the store has begun there
                folder.rmdir()
        raise
    path.write_text(text, encoding="utf-8")
    return store


def set_aside(folder: Path, config: StudyConfig) -> None:
    """Renames a study's folder, so that a new one can take its name. Never under a controller that is at work.

    Raises:
        StoreError: if the study is being run. StudyError: if its records are in a database of their own.
    """
    if config.store is not None:
        raise StudyError(
            f"the study {config.name} is in a database, where it can't be set aside",
            where=str(folder),
            hint="choose another name with --name",
        )
    try:
        holder = lock_holder(folder, config.name)
    except StoreError:
        holder = None  # there are no records, or none that a controller could use
    if holder is not None:
        raise StoreError(
            f"study {config.name!r} is being run by {holder}",
            where=str(folder),
            hint="end that process first, or choose another name with --name",
        )
    stamp = datetime.fromtimestamp(folder.stat().st_mtime).strftime("%Y%m%d-%H%M%S")
    folder.rename(unused(folder.with_name(f"{folder.name}.{stamp}")))
