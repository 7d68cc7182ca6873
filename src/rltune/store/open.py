"""Making, opening and finding studies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, select, text

from rltune.clock import Clock, SystemClock
from rltune.errors import RltuneError, StoreError, did_you_mean
from rltune.store import schema as t
from rltune.store.base import StudyRecord, StudyState
from rltune.store.engine import (
    DATABASE_FILE,
    WRITES,
    Access,
    Location,
    open_engine,
    parse_location,
    without_secrets,
)
from rltune.store.failures import store_errors
from rltune.store.names import check_name
from rltune.store.reading import study as read_study
from rltune.store.scope import Scope
from rltune.store.sql import SqlStudyStore
from rltune.store.upgrade import is_made, reader, upgrade
from rltune.store.version import check, prepare


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """A study that `list_studies` has seen: its record, or, where its store can't be read, the `problem`."""

    location: str
    study: StudyRecord | None
    problem: RltuneError | None = None


def create_study(
    location: str | Path,
    name: str,
    config: Mapping[str, object],
    *,
    folder: str | Path | None = None,
    clock: Clock | None = None,
) -> SqlStudyStore:
    """Makes a new study, and its store (folder, tables) where there is none yet.

    Args:
        location: a folder, or a PostgreSQL URL. Several studies can share either.
        config: its whole resolved configuration, JSON values. Passwords of URLs in it are not stored.
        folder: of its files, for a study on a server: paths in it are recorded relative to it.

    Raises:
        StoreError: if the name is taken or impossible, or the store can't be made.
    """
    check_name(name)
    place = parse_location(location)
    if place.folder is not None:
        _make_folder(place)
        if place.database.exists():
            _refuse_damage(place)
    if place.folder is None or place.database.exists():
        upgrade(place)
    engine = open_engine(place, Access.CREATE)
    now = (clock or SystemClock()).now()
    values = {"name": name, "state": StudyState.CREATED.value, "phase": "", "created": now, "seconds": 0.0}
    try:
        with store_errors(place.shown), engine.execution_options(**{WRITES: True}).begin() as connection:
            prepare(connection, place.shown)
            if connection.execute(select(t.study.c.pk).where(t.study.c.name == name)).first():
                raise StoreError(
                    f"there is a study named {name!r} already",
                    where=place.shown,
                    hint="resume it, or choose another name",
                )
            made = connection.execute(t.study.insert().values(**values, config=without_secrets(config)))
            (key,) = made.inserted_primary_key or (0,)
    except StoreError:
        engine.dispose()
        raise
    return SqlStudyStore(engine, _scope(place, key, name, folder), clock=clock)


def open_study(
    location: str | Path,
    name: str,
    *,
    read_only: bool = False,
    folder: str | Path | None = None,
    clock: Clock | None = None,
    trusting: bool = False,
) -> SqlStudyStore:
    """Opens a study. With `read_only` its methods only read, and neither write to the database nor block a writer.
    Without it, a store of an earlier version is upgraded first.

    Args:
        folder: as for `create_study`; today's place of the files, wherever they lay before.
        trusting: doesn't look for damage first, which takes a while in a large file: for a short note beside the
            controller, who has looked.

    Raises:
        StoreError: if there is no such study, or the store is damaged, of a newer version or not rltune's.
    """
    place = parse_location(location)
    _find_database(place)
    if not read_only:
        if place.folder is not None and not trusting:
            _refuse_damage(place)
        upgrade(place)
    engine = reader(place) if read_only else open_engine(place, Access.WRITE)
    try:
        key = key_of(engine, place, name)
    except StoreError:
        engine.dispose()
        raise
    return SqlStudyStore(engine, _scope(place, key, name, folder), read_only=read_only, clock=clock)


def key_of(engine: Engine, place: Location, name: str) -> int:
    """The key of a study's row.

    Raises:
        StoreError: if there is no such study, or the store isn't one of this version.
    """
    _find_database(place)
    keys = _keys(engine, place)
    if name not in keys:
        raise _unknown(name, list(keys), place)
    return keys[name]


def list_studies(location: str | Path) -> list[FoundStudy]:
    """All studies of a server, or of a folder and of the folders in it, by the time of their making. None of a server's
    database that has no tables of rltune's yet.

    Raises:
        StoreError: if the location can't be read at all.
    """
    place = parse_location(location)
    if place.folder is None:
        return _found(place) if is_made(place) else []
    if not place.folder.is_dir():
        raise StoreError("there is no such folder", where=place.shown, hint="check the path")
    found: list[FoundStudy] = []
    for folder in (place.folder, *sorted(place.folder.iterdir())):
        inner = Location(folder, None, str(folder))
        if not inner.database.is_file():
            continue
        try:
            found += _found(inner)
        except StoreError as problem:
            found.append(FoundStudy(inner.shown, None, problem))
    return sorted(found, key=lambda each: each.study.created if each.study else 0.0)


def _find_database(place: Location) -> None:
    if place.folder is not None and not place.database.is_file():
        raise StoreError(
            f"there is no study here (no file {DATABASE_FILE})",
            where=place.shown,
            hint="check the path; `rltune run` makes a new study",
        )


def _found(place: Location) -> list[FoundStudy]:
    engine = reader(place)
    try:
        keys = _keys(engine, place)
        with store_errors(place.shown), engine.begin() as connection:
            return [
                FoundStudy(place.shown, read_study(connection, _scope(place, key, name))) for name, key in keys.items()
            ]
    finally:
        engine.dispose()


def _keys(engine: Engine, place: Location) -> dict[str, int]:
    """Name -> key of all studies, oldest first; also checks that this is a store of our version."""
    with store_errors(place.shown), engine.begin() as connection:
        check(connection, place.shown)
        rows = connection.execute(select(t.study.c.name, t.study.c.pk).order_by(t.study.c.pk))
        return {row.name: row.pk for row in rows}


def _scope(place: Location, key: int, name: str, folder: str | Path | None = None) -> Scope:
    base = place.folder or (None if folder is None else Path(folder).expanduser().absolute())
    return Scope(study=key, base=base, where=f"study {name} in {place.shown}")


def _unknown(name: str, known: list[str], place: Location) -> StoreError:
    hint = did_you_mean(name, known) or f"studies here: {', '.join(known[-10:]) or 'none'}"
    return StoreError(f"there is no study named {name!r}", where=place.shown, hint=hint)


def _make_folder(place: Location) -> None:
    try:
        place.database.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the study's folder can't be made: {error.strerror}",
            where=place.shown,
            hint="choose a folder that you may write to",
        ) from error


def _refuse_damage(place: Location) -> None:
    """Raises StoreError if SQLite sees damage: better before a study spends its budget than in the midst of it.

    The whole check, indexes and references too: where part of the write-ahead log had been moved into the database
    before the log was damaged, each page may be sound while they contradict each other.
    """
    engine = open_engine(place, Access.READ)
    try:
        with store_errors(place.shown), engine.begin() as connection:
            complaint = connection.execute(text("PRAGMA integrity_check(1)")).scalar()
            if complaint == "ok" and (stray := connection.execute(text("PRAGMA foreign_key_check")).first()):
                complaint = f"a row of table {stray[0]} belongs to one of table {stray[2]} that is gone"
    finally:
        engine.dispose()
    if complaint != "ok":
        raise StoreError(
            f"the database is damaged: {complaint}",
            where=str(place.database),
            hint="restore it from a backup, or recover what can be with `sqlite3 study.db .recover`",
        )
