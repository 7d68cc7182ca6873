"""Stores of earlier versions: a real study of each release, kept as SQL, goes on with its data intact.

`data/v1-*.sql` is a study of the toy trainer made by the first release, killed in the middle of its search;
`data/v2-*.sql` one of version 2, whose controller was killed too, on a machine that is gone.
"""

from __future__ import annotations

import importlib
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy import create_engine, inspect, text

from rltune.errors import StoreError
from rltune.store import filelock
from rltune.store import schema as t
from rltune.store.base import CheckpointState, RequestState, SegmentState
from rltune.store.engine import DATABASE_FILE, Access, open_engine, parse_location
from rltune.store.holder import Holder
from rltune.store.lock import lock_holder, lock_study
from rltune.store.migrations import run
from rltune.store.open import create_study, list_studies, open_study
from rltune.store.upgrade import upgrade
from rltune.types import StopKind

DATA = Path(__file__).parent / "data"
NAME = "first"
KEPT = "study.v1.db"
LENGTHS = [24, 12, 24, 24, 24, 11, 11]
"""Steps of the runs: the second and the sixth were stopped, the seventh was cut off."""


def restore_sqlite(folder: Path, version: int) -> str:
    """A folder with the store that this version made."""
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as database:
        database.executescript((DATA / f"v{version}-sqlite.sql").read_text())
        database.execute("PRAGMA journal_mode = WAL")
    return str(folder)


def restore_postgres(url: str, version: int) -> str:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql((DATA / f"v{version}-postgres.sql").read_text().replace("%", "%%"))
    engine.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A location with a store of version 1."""
    if request.param == "sqlite":
        return restore_sqlite(tmp_path / "old", 1)
    return restore_postgres(request.getfixturevalue("empty_database"), 1)


def rows(location: str) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, by the tables' names."""
    place = parse_location(location)
    engine = open_engine(place, Access.READ)
    schema = None if place.folder else "rltune"
    with engine.begin() as connection:
        names = inspect(connection).get_table_names(schema=schema)
        found = {
            name: sorted(map(repr, connection.execute(text(f"SELECT * FROM {schema + '.' if schema else ''}{name}"))))
            for name in names
        }
    engine.dispose()
    return found


def version_of(location: str) -> str:
    return rows(location)["rltune_schema"][0].strip("(,)")


def test_a_study_of_the_first_release_is_all_there(old: str) -> None:
    before = rows(old)
    store = open_study(old, NAME)

    assert version_of(old) == str(t.SCHEMA_VERSION)
    after = rows(old)
    for name in ("configuration", "decision", "evaluation", "metric", "run", "score", "study", "fact"):
        assert after[name] == before[name] and after[name], name
    assert len(after["segment"]) == len(before["segment"]) and len(after["checkpoint"]) == len(before["checkpoint"])
    assert "upgraded from schema version 1 to 3" in store.events()[-1].message
    history = store.history()
    assert len(history.evaluations) == 17 and len(history.pending) == 1
    assert [s.stop.kind if s.stop else None for s in store.segments()].count(StopKind.FUTILE) == 2
    assert {e.stop.rule for e in history.evaluations} == {None, "futility"}
    assert [len(store.curve(run.id)) for run in store.runs()] == LENGTHS
    kept = store.checkpoints()
    assert kept and all(c.path.as_posix().startswith(("/srv/studies", old)) for c in kept)
    assert store.checkpoints(state=CheckpointState.DELETED)
    store.close()


def test_it_goes_on_under_a_lease(old: str) -> None:
    store = open_study(old, NAME)
    with lock_study(old, NAME) as lock:
        store.fence(lock.token)
        (segment,) = (s for s in store.segments() if s.state is SegmentState.RUNNING)
        stop = store.runs()[0].stop
        assert stop is not None
        assert store.finish_segment(segment.id, stop, segment.cost, [], [], [])
        assert store.history().pending == ()


def restore(version: int, kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A location with the store that this version made."""
    if kind == "sqlite":
        return restore_sqlite(tmp_path / "old", version)
    return restore_postgres(request.getfixturevalue("empty_database"), version)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_study_of_version_two_is_all_there_and_can_be_asked_for_something(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    old = restore(2, kind, request, tmp_path)
    before = rows(old)
    store = open_study(old, NAME)
    after = rows(old)
    for name in before.keys() - {"event", "rltune_schema", "controller"}:
        assert after[name] == before[name], name
    assert len(store.history().evaluations) == 20 and len(store.history().pending) == 2
    assert len(store.checkpoints(state=CheckpointState.DELETED)) > 3
    assert store.requests() == []
    assert store.add_request("pause", {}, "cli").id == 1
    with lock_study(old, NAME) as lock:
        store.fence(lock.token)
        assert lock.token > 1 and store.answer_request(1, RequestState.DONE, "paused", facts={"paused": True})
    assert store.decisions()[-1].kind == "pause" and store.study().facts["paused"] is True
    store.close()


def test_a_controller_whose_machine_is_gone_cant_write_after_the_upgrade(empty_database: str) -> None:
    store = open_study(restore_postgres(empty_database, 2), NAME)
    store.fence(1)  # its token
    with pytest.raises(StoreError, match="has lost the study"):
        store.add_event("info", "back again")
    store.close()


@pytest.mark.parametrize("version", range(1, t.SCHEMA_VERSION))
def test_every_kept_file_comes_to_the_tables_that_are_made_today(version: int, tmp_path: Path) -> None:
    location = restore_sqlite(tmp_path / "old", version)
    create_study(tmp_path / "new", NAME, {}).close()
    assert upgrade(parse_location(location)) == version
    assert shape(location) == shape(str(tmp_path / "new"))


@pytest.mark.parametrize("version", range(1, t.SCHEMA_VERSION))
def test_every_kept_server_comes_to_the_tables_that_are_made_today(
    version: int, server: str, empty_database: str, name: str
) -> None:
    location = restore_postgres(empty_database, version)
    create_study(server, name, {}).close()
    assert upgrade(parse_location(location)) == version
    assert shape(location) == shape(server)


def shape(location: str) -> dict[str, object]:
    """What the database itself says of its tables: columns, keys, references, indexes, constraints."""
    place = parse_location(location)
    schema = None if place.folder else "rltune"
    engine = open_engine(place, Access.READ)
    with engine.begin() as connection:
        see = inspect(connection)
        found: dict[str, object] = {}
        for name in see.get_table_names(schema=schema):
            columns = {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in see.get_columns(name, schema=schema)
            }
            keys = see.get_pk_constraint(name, schema=schema)["constrained_columns"]
            references = {
                (*key["constrained_columns"], key["referred_table"], *key["referred_columns"])
                for key in see.get_foreign_keys(name, schema=schema)
            }
            unique = {tuple(key["column_names"]) for key in see.get_unique_constraints(name, schema=schema)}
            indexes = {(each["name"], tuple(each["column_names"])) for each in see.get_indexes(name, schema=schema)}
            checks = {each["sqltext"] for each in see.get_check_constraints(name, schema=schema)}
            found[name] = (columns, keys, references, unique, indexes, checks)
    engine.dispose()
    return found


def test_a_copy_of_the_former_file_is_kept(tmp_path: Path) -> None:
    location = restore_sqlite(tmp_path / "old", 1)
    before = rows(location)
    open_study(location, NAME).close()

    again = tmp_path / "again"
    again.mkdir()
    (tmp_path / "old" / KEPT).rename(again / DATABASE_FILE)
    assert rows(str(again)) == before
    assert not list((tmp_path / "old").glob("*.part"))


def test_without_room_for_a_copy_nothing_is_changed(tmp_path: Path) -> None:
    location = restore_sqlite(tmp_path / "old", 1)
    before = rows(location)
    (tmp_path / "old" / f"{KEPT}.part").mkdir()  # as good as a full disk: no file can be made there
    with pytest.raises(StoreError, match="no copy of it can be kept"):
        open_study(location, NAME)
    assert rows(location) == before


@pytest.mark.slow
def test_two_controllers_that_upgrade_at_once_do_it_once(old: str) -> None:
    code = f"import sys; from rltune.store.open import open_study; open_study(sys.argv[1], {NAME!r}).close()"
    both = [subprocess.Popen([sys.executable, "-c", code, old], stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in both:
        assert process.communicate(timeout=120)[1] == "" and process.returncode == 0
    told = [e.message for e in open_study(old, NAME, read_only=True).events() if "upgraded" in e.message]
    assert len(told) == 1


def test_a_controller_of_the_first_release_is_not_upgraded_under_its_feet(tmp_path: Path) -> None:
    location = restore_sqlite(tmp_path / "old", 1)
    before = rows(location)
    release = filelock.take(tmp_path / "old" / f"{NAME}.lock", Holder(17, "node-7", 0.0))
    assert release is not None
    with pytest.raises(StoreError, match="must be upgraded to 3, but its study 'first' is being run"):
        open_study(location, NAME)
    assert rows(location) == before
    holder = lock_holder(location, NAME)
    assert holder is not None and holder.host == "node-7", "observers see it run"
    release()
    open_study(location, NAME).close()


def test_a_controller_of_the_first_release_on_a_server_is_respected_too(empty_database: str) -> None:
    location = restore_postgres(empty_database, 1)
    key = 8539502143807773978  # of the study's name, in the first release
    engine = create_engine(location)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": key})
        with pytest.raises(StoreError, match="is being run"):
            open_study(location, NAME)
    engine.dispose()
    open_study(location, NAME).close()


def test_a_living_controller_keeps_later_upgrades_away(
    old: str, monkeypatch: pytest.MonkeyPatch, version_four: Callable[[], None]
) -> None:
    open_study(old, NAME).close()
    lock = lock_study(old, NAME)
    version_four()
    with pytest.raises(StoreError, match="is being run"):
        open_study(old, NAME)
    lock.release()
    open_study(old, NAME).close()


def test_observers_of_an_old_file_read_it_and_leave_it_alone(tmp_path: Path) -> None:
    location = restore_sqlite(tmp_path / "old", 1)
    before = (tmp_path / "old" / DATABASE_FILE).read_bytes()
    observer = open_study(location, NAME, read_only=True)
    assert len(observer.history().evaluations) == 17
    assert [each.study.name for each in list_studies(location) if each.study] == [NAME]
    assert lock_holder(location, NAME) is None
    with pytest.raises(StoreError, match="reading only"):
        observer.add_event("info", "hello")
    observer.close()
    assert (tmp_path / "old" / DATABASE_FILE).read_bytes() == before
    assert not (tmp_path / "old" / KEPT).exists()


def test_observers_of_an_old_server_are_told_what_to_do(empty_database: str) -> None:
    location = restore_postgres(empty_database, 1)
    with pytest.raises(StoreError, match="schema version 1") as caught:
        open_study(location, NAME, read_only=True)
    assert "rltune upgrade" in str(caught.value.hint)
    assert version_of(location) == "1"


def test_a_new_study_beside_old_ones_upgrades_them(old: str) -> None:
    create_study(old, "second", {}).close()
    assert {each.study.name for each in list_studies(old) if each.study} == {NAME, "second"}


# --- what a developer of version 4 does ------------------------------------------------------------------------------
def to_four(op: Operations, schema: str | None) -> None:
    """Changes a table that others refer to, and its rows: what SQLite can only do by copying it."""
    op.add_column("study", sa.Column("owner", sa.Text), schema=schema)
    op.execute(f"UPDATE {schema + '.' if schema else ''}study SET owner = 'somebody'")
    with op.batch_alter_table("study", schema=schema) as batch:
        batch.alter_column("owner", existing_type=sa.Text, nullable=False)


def to_four_and_fail(op: Operations, schema: str | None) -> None:
    to_four(op, schema)
    op.execute("SELECT no_such_column FROM nowhere")


@pytest.fixture
def version_four(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Makes this rltune one whose version 4 is reached by a given step."""

    def begin(step: Callable[[Operations, str | None], None] = to_four) -> None:
        real = importlib.import_module

        def load(name: str) -> object:
            return SimpleNamespace(upgrade=step) if name.endswith(".v4") else real(name)

        monkeypatch.setattr(run, "importlib", SimpleNamespace(import_module=load))
        for module in ("schema", "version", "upgrade"):
            monkeypatch.setattr(f"rltune.store.{module}.SCHEMA_VERSION", 4)

    yield begin


def test_a_fourth_version_is_reached_from_the_first_in_one_go(old: str, version_four: Callable[..., None]) -> None:
    version_four()
    assert upgrade(parse_location(old)) == 1
    after = rows(old)
    assert version_of(old) == "4" and "'somebody'" in after["study"][0]
    assert len(after["evaluation"]) == 17


def test_a_step_that_fails_leaves_the_store_as_it_was(old: str, version_four: Callable[..., None]) -> None:
    before = rows(old)
    version_four(to_four_and_fail)
    with pytest.raises(StoreError, match="no_such_column|nowhere"):
        upgrade(parse_location(old))
    assert rows(old) == before
