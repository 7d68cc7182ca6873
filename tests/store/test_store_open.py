"""Making, opening and finding studies, and what is said when that can't be done."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from store_values import metrics, proposal, train

from rltune.errors import StoreError
from rltune.store.base import StudyState
from rltune.store.engine import DATABASE_FILE, hide_secrets, parse_location
from rltune.store.open import create_study, list_studies, open_study
from rltune.store.schema import SCHEMA_VERSION


def test_a_study_is_made_once_and_found_again(location: str, name: str) -> None:
    create_study(location, name, {"a": 1}).close()

    with pytest.raises(StoreError, match="named .* already") as caught:
        create_study(location, name, {"a": 2})
    assert caught.value.hint and "resume" in caught.value.hint
    assert open_study(location, name).study().config == {"a": 1}
    assert open_study(location, name).study().state is StudyState.CREATED


def test_an_unknown_study_is_named_with_its_like(location: str, name: str) -> None:
    create_study(location, name, {}).close()
    with pytest.raises(StoreError, match="no study named") as caught:
        open_study(location, name[:-1])
    assert caught.value.hint == f"did you mean {name!r}?"


@pytest.mark.parametrize("bad", ["", "../up", "a/b", "/etc", ".hidden", "a..b", "x" * 81, "a b", "a\n"])
def test_names_that_are_no_plain_file_names_are_refused(tmp_path: Path, bad: str) -> None:
    with pytest.raises(StoreError, match="a study's name"):
        create_study(tmp_path / "s", bad, {})
    assert list(tmp_path.iterdir()) == []


def test_a_moved_folder_still_knows_its_files(tmp_path: Path) -> None:
    store = create_study(tmp_path / "old", "s", {})
    outside = tmp_path / "elsewhere" / "c20"
    inside = tmp_path / "old" / "runs" / "c10"
    train(store, proposal(20), checkpoints=((10, inside, 1), (20, outside, 1)))
    store.close()
    shutil.move(tmp_path / "old", tmp_path / "new")

    found = open_study(tmp_path / "new", "s").checkpoints()

    assert [c.path for c in found] == [tmp_path / "new" / "runs" / "c10", outside]


def test_list_finds_studies_in_a_folder_of_folders_and_names_the_damaged_one(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        create_study(tmp_path / folder, folder, {}).close()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / DATABASE_FILE).write_bytes(b"no database at all, " * 100)

    found = list_studies(tmp_path)

    assert {f.study.name for f in found if f.study} == {"one", "two"}
    (broken,) = (f for f in found if f.study is None)
    assert broken.location == str(tmp_path / "broken") and broken.problem is not None
    assert [f.study.name for f in list_studies(tmp_path / "two") if f.study] == ["two"]


def test_list_finds_studies_on_a_server(server: str, name: str) -> None:
    create_study(server, name, {}).close()
    assert name in {f.study.name for f in list_studies(server) if f.study}


def test_a_missing_folder_is_said_to_be_missing_and_not_made(tmp_path: Path) -> None:
    for call in (lambda p: open_study(p, "s"), lambda p: open_study(p, "s", read_only=True), list_studies):
        with pytest.raises(StoreError, match="no study here|no such folder"):
            call(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    create_study(tmp_path, "s", {}).close()
    with sqlite3.connect(tmp_path / DATABASE_FILE) as database:
        database.execute("UPDATE rltune_schema SET version = version + 1")

    for call in (
        open_study,
        lambda *a: open_study(*a, read_only=True),
        lambda p, _: create_study(p, "t", {}),
    ):
        with pytest.raises(StoreError, match=f"version {SCHEMA_VERSION + 1}.* version {SCHEMA_VERSION}") as caught:
            call(tmp_path, "s")
        assert caught.value.hint == "update rltune"


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / DATABASE_FILE) as database:
        database.execute("CREATE TABLE mine (x)")
    before = (tmp_path / DATABASE_FILE).read_bytes()

    with pytest.raises(StoreError, match="isn't an rltune store"):
        open_study(tmp_path, "s")
    with pytest.raises(StoreError, match="isn't an rltune store"):
        create_study(tmp_path, "s", {})

    with sqlite3.connect(tmp_path / DATABASE_FILE) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("mine",)]
    assert len(before) == (tmp_path / DATABASE_FILE).stat().st_size


@pytest.mark.parametrize("damage", ["header", "page", "truncated"])
def test_a_damaged_file_is_recognized_when_opened(tmp_path: Path, damage: str) -> None:
    store = create_study(tmp_path, "s", {})
    run = store.run(proposal(900).configuration, "tiny", 0)
    segment = store.begin_segment(proposal(900), run.id, 0, tmp_path)
    store.add_steps(segment.id, metrics(1, 900))
    store.close()
    file = tmp_path / DATABASE_FILE
    content = bytearray(file.read_bytes())
    if damage == "header":
        content[:100] = bytes(100)
    elif damage == "page":
        middle = len(content) // 2
        content[middle : middle + 8192] = os.urandom(8192)
    else:
        del content[len(content) // 2 :]
    file.write_bytes(content)

    with pytest.raises(StoreError, match="damaged|isn't an rltune store") as caught:
        open_study(tmp_path, "s")
    assert "study.db" in str(caught.value) or str(tmp_path) in str(caught.value)


def test_records_that_contradict_each_other_are_recognized_when_opened(tmp_path: Path) -> None:
    """Each page of the file is sound; a run has lost its configuration, as after half of a log was replayed."""
    store = create_study(tmp_path, "s", {})
    train(store, proposal(10))
    store.close()
    with sqlite3.connect(tmp_path / DATABASE_FILE) as database:
        database.execute("DELETE FROM configuration")
    with pytest.raises(StoreError, match="a row of table run belongs to one of table configuration") as caught:
        open_study(tmp_path, "s")
    assert caught.value.hint and "backup" in caught.value.hint


def test_a_folder_that_cant_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="can't be made") as caught:
        create_study(tmp_path / "file" / "studies", "s", {})
    assert caught.value.where == str(tmp_path / "file" / "studies")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_is_refused_with_a_hint(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="can't be opened|can't be written") as caught:
            create_study(tmp_path, "s", {})
        assert "permissions" in str(caught.value)
    finally:
        tmp_path.chmod(0o700)


def test_a_full_disk_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    store = create_study(tmp_path, "s", {})
    train(store, proposal(10))
    before = store.history()
    run = store.run(proposal(10, number=1).configuration, "tiny", 0)
    segment = store.begin_segment(proposal(10, number=1), run.id, 0, tmp_path)

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))  # no file may grow beyond: as good as a full disk
    try:
        with pytest.raises(StoreError, match=r"disk") as caught:
            for step in range(0, 100_000, 1000):
                store.add_steps(segment.id, metrics(step, step + 999))
        assert caught.value.hint and "free" in caught.value.hint
        assert store.history().evaluations == before.evaluations
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    store.add_steps(segment.id, metrics(1, 2))
    assert store.history().evaluations == before.evaluations


@pytest.mark.parametrize("url", ["mysql://u:topsecret@h/d", "sqlite:///x.db", "postgresql+asyncpg://h/d"])
def test_other_databases_are_refused_without_their_password(url: str) -> None:
    with pytest.raises(StoreError, match="a store is a folder or a PostgreSQL database") as caught:
        create_study(url, "s", {})
    assert "topsecret" not in str(caught.value)


@pytest.mark.parametrize("url", ["postgresql://u:topsecret@h:notaport/d", "postgresql+psycopg://u:topsecret@[::/d"])
def test_impossible_urls_are_refused_without_their_password(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_study(url, "s")
    assert "topsecret" not in f"{caught.value!s} {caught.value.__cause__!s}"


def test_an_unreachable_server_is_an_error_without_its_password() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError, match="can't be reached") as caught:
        create_study("postgresql://u:topsecret@127.0.0.1:9/d", "s", {})
    assert "topsecret" not in str(caught.value) and "127.0.0.1" in str(caught.value)


def test_passwords_are_neither_shown_nor_stored(server: str, name: str) -> None:
    secret = make_url(server).password
    if not secret:
        pytest.skip("the server's URL has no password")
    config = {
        "store": server,
        "nested": [{"url": f"see {server} there"}],
        "other": "http://x:y@z/?password=hushhush&q=1",
    }

    with create_engine(server).connect() as connection:
        store = create_study(server, name, config)
        store.set_fact("store", server)
        row = connection.execute(
            text(
                "SELECT s.config || f.value FROM rltune.study s JOIN rltune.fact f ON f.study = s.pk WHERE s.name = :n"
            ),
            {"n": name},
        ).scalar_one()
    with pytest.raises(StoreError) as caught:
        store.add_steps("r0001-s1", [])

    for shown in (row, str(caught.value), repr(store.study()), str(list_studies(server))):
        assert secret not in shown and "hushhush" not in shown
    assert store.study().config["other"] == "http://x:***@z/?password=***&q=1"
    assert "***" in str(caught.value)


def test_texts_without_passwords_stay_as_they_are() -> None:
    for plain in (
        "https://example.org/a:b@c",
        "a:b@c",
        "~/studies",
        "postgresql://user@host:5432/db",
        "pw: x",
    ):
        assert hide_secrets(plain) == plain


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    odd = tmp_path / "50% of a?b #1 \u00e9"
    create_study(odd, "s", {}).close()
    assert (odd / DATABASE_FILE).is_file()
    assert open_study(odd, "s", read_only=True).study().name == "s"
    assert parse_location("~/x").folder == Path.home() / "x"
