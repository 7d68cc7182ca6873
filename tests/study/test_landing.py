"""However a sitting ends, also without its records: no process of it stays, and no connection of its executor."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rltune.errors import StoreError
from rltune.executors.local.executor import LocalExecutor
from rltune.executors.processes import SERVER_MARK
from rltune.store.sql import SqlStudyStore
from rltune.study import api
from rltune.study.observer import Silent
from study.toy import toy_study


def own_processes() -> list[str]:
    """Pids of the living processes that executors of this process have made."""
    mark = f"{SERVER_MARK}={os.getpid()}-".encode()
    return [pid for pid in os.listdir("/proc") if pid.isdigit() and pid != str(os.getpid()) and _carries(pid, mark)]


def _carries(pid: str, mark: bytes) -> bool:
    try:
        return any(entry.startswith(mark) for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"))
    except OSError:
        return False  # ended meanwhile


class AtStep(Silent):
    """Does something at the first trial's second step."""

    def __init__(self, action: Callable[[], object]) -> None:
        self.action: Callable[[], object] | None = action

    def stepped(self, run: object, metrics: object) -> None:
        if self.action is not None:
            action, self.action = self.action, None
            assert own_processes()
            action()


@pytest.mark.slow
def test_records_out_of_reach_leave_no_process_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_reach(*_: object, **__: object) -> None:
        raise StoreError("the database can't be reached")

    def vanish() -> None:
        for name in ("study", "add_all_steps", "finish_segment", "add_seconds", "set_state"):
            monkeypatch.setattr(SqlStudyStore, name, out_of_reach)

    with toy_study(tmp_path, fixed={"step_time": 0.05}) as study:
        with pytest.raises(StoreError, match="can't be reached"):
            study.run(AtStep(vanish))
        assert own_processes() == []


def test_an_executor_is_closed_if_the_study_cannot_be_recovered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[LocalExecutor] = []

    def broken(*_: object) -> list[str]:
        raise StoreError("the store is damaged")

    with toy_study(tmp_path) as study:
        monkeypatch.setattr(api, "recover", broken)
        monkeypatch.setattr(LocalExecutor, "close", lambda executor: closed.append(executor))
        with pytest.raises(StoreError, match="is damaged"):
            study.run()
        assert len(closed) == 1
