"""Broken JSON in one row: what is said, and that other studies of the database are none of its business."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from store_values import proposal, train

from rltune.errors import StoreError
from rltune.store.base import ScoreRecord
from rltune.store.engine import DATABASE_FILE
from rltune.store.open import create_study
from rltune.store.sql import SqlStudyStore

READS: dict[tuple[str, str], Callable[[SqlStudyStore], object]] = {
    ("study", "config"): SqlStudyStore.study,
    ("fact", "value"): SqlStudyStore.study,
    ("configuration", "content"): SqlStudyStore.runs,
    ("segment", "proposal_values"): SqlStudyStore.segments,
    ("segment", "stop_values"): SqlStudyStore.segments,
    ("evaluation", "stop_values"): SqlStudyStore.history,
    ("score", "content"): SqlStudyStore.scores,
    ("decision", "content"): SqlStudyStore.decisions,
}


@pytest.mark.parametrize(("table", "column"), READS)
def test_broken_json_is_named_with_its_table_and_row(tmp_path: Path, table: str, column: str) -> None:
    store = create_study(tmp_path, "s", {"a": 1})
    train(store, proposal(10))
    store.set_fact("target", "tiny")
    store.add_score(ScoreRecord("tiny", None, 0, "validation", {"mean": 0.5}, 1.0))
    store.add_decision("winner", "c", "it scored best", {"score": 0.5})
    with sqlite3.connect(tmp_path / DATABASE_FILE) as database:
        database.execute(f"UPDATE {table} SET {column} = '{{\"mean\": 0.' WHERE pk = 1")

    with pytest.raises(StoreError, match=f"column {column} of table {table}, row 1, isn't valid JSON") as caught:
        READS[table, column](store)
    store.close()
    assert str(tmp_path) in str(caught.value.where) and "backup" in str(caught.value.hint)
