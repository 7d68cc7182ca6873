"""Where an Optuna study lives: a database by its URL, or a journal file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock
from sqlalchemy import event

from rltune.errors import TrackerError
from rltune.redaction import hide_passwords

LOCK_SECONDS = 5
"""A journal's lock is held for one write, some milliseconds: one this old is of a process that was killed."""
BUSY_SECONDS = 60.0
"""How long SQLite waits for another process that writes."""
_SQLITE = b"SQLite format 3\x00"


def is_url(place: str) -> bool:
    """Whether it is a database's URL, and no file."""
    return "://" in place


def open_storage(place: str, *, must_exist: bool = False) -> BaseStorage:
    """The storage at a URL or in a journal file, made if it is new.

    Args:
        place: as `OptunaOptions.storage`. must_exist: to read what others have written.

    Raises:
        TrackerError: if it can't be opened.
    """
    if not is_url(place):
        return _journal(Path(place).expanduser(), must_exist)
    options = {"connect_args": {"timeout": BUSY_SECONDS}} if place.startswith("sqlite") else {"pool_pre_ping": True}
    file = Path(place.partition(":///")[2].partition("?")[0]) if place.startswith("sqlite") else None
    new = file is not None and not file.is_file()
    if must_exist and new:
        raise TrackerError(f"there is no file {file}", where=place, hint="check the URL: sqlite:///relative/path.db")
    try:
        storage = RDBStorage(place, engine_kwargs=options, skip_table_creation=must_exist)
        if new:
            with storage.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        if file is not None and not must_exist:
            event.listen(storage.engine, "connect", _sync_less)
            storage.engine.dispose()  # so that each connection is made anew
        return storage
    except Exception as error:  # whatever a driver, or Optuna before it, says of a URL
        text = str(error).strip().partition("\n")[0] or type(error).__name__
        raise TrackerError(
            f"Optuna can't open its storage: {hide_passwords(text)}",
            where=hide_passwords(place),
            hint="check the URL, and that its server runs; PostgreSQL: postgresql+psycopg://USER@HOST/DATABASE",
        ) from None


def _sync_less(connection: Any, _: object) -> None:
    """What a power cut takes back the next pass writes again. With a write-ahead log, which a new file gets, no commit
    waits for the disk then; another file stays as it is."""
    connection.execute("PRAGMA synchronous = NORMAL")


def _journal(path: Path, must_exist: bool) -> BaseStorage:
    if must_exist and not path.is_file():
        raise TrackerError("there is no such file", where=str(path), hint="name a journal file, or a database's URL")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            with path.open("rb") as file:
                head = file.read(len(_SQLITE))
            if head == _SQLITE:
                raise TrackerError("this is an SQLite file", where=str(path), hint=f"write sqlite:///{path}")
            if not must_exist:
                mend_journal(path)
        return JournalStorage(JournalFileBackend(str(path), JournalFileSymlinkLock(str(path), LOCK_SECONDS)))
    except (OSError, ValueError, KeyError, AssertionError) as error:  # what Optuna makes of lines that aren't its own
        raise TrackerError(
            f"this isn't a journal file of Optuna that can be used: {error}",
            where=str(path),
            hint="name another file, or move this one away",
        ) from error


def mend_journal(path: Path) -> None:
    """Cuts off a last line that a kill left unfinished: the next one would be glued to it, and nobody could read the
    file any more. Nothing of a trial is there before its line is whole."""
    if _whole(path):
        return
    lock = JournalFileSymlinkLock(str(path), LOCK_SECONDS)
    lock.acquire()
    try:
        if not _whole(path):  # it may have been another process that was just writing
            with path.open("rb+") as file:
                data = file.read()
                file.truncate(data.rfind(b"\n") + 1)
                file.flush()
                os.fsync(file.fileno())
    finally:
        lock.release()


def _whole(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
