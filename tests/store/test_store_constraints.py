"""What the tables themselves refuse, whatever code writes to them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from store_values import metrics, proposal, train

from rltune.store.engine import DATABASE_FILE
from rltune.store.open import create_study

DOUBLES = {
    "evaluation": "INSERT INTO evaluation SELECT NULL, {rest} FROM evaluation",
    "run": "INSERT INTO run SELECT NULL, study, number + 1, 'r0099', configuration, model, seed FROM run",
    "study": "INSERT INTO study SELECT NULL, {rest} FROM study",
    "checkpoint": "INSERT INTO checkpoint SELECT * FROM checkpoint",
    "metric": "INSERT INTO metric SELECT * FROM metric",
    "segment": "INSERT INTO segment (run, number, id, from_step, to_step, phase, reason, proposal_values,"
    " state, folder, started, train_seconds, validate_seconds, start_seconds, retrained, log_tail)"
    " SELECT run, number + 1, 'x', from_step, to_step, phase, reason, proposal_values, state,"
    " folder, started, 0, 0, 0, 0, '' FROM segment WHERE state = 'running'",
}


@pytest.mark.parametrize("table", DOUBLES)
def test_nothing_can_be_there_twice(tmp_path: Path, table: str) -> None:
    store = create_study(tmp_path, "s", {})
    run_id = train(store, proposal(10), checkpoints=((10, tmp_path / "c", 1),))
    segment = store.begin_segment(proposal(20), run_id, 10, tmp_path)
    store.add_steps(segment.id, metrics(11, 12))
    store.close()

    with sqlite3.connect(tmp_path / DATABASE_FILE) as database:
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        statement = DOUBLES[table].format(rest=", ".join(columns[1:]))
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            database.execute(statement)
