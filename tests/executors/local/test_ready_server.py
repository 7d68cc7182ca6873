"""A server that is ready before anyone asks for it."""

from __future__ import annotations

import select

import pytest

from rltune.executors.local import connection
from rltune.executors.local.connection import ServerConnection


def test_that_it_is_ready_is_not_lost_on_who_looks_for_ended_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "READY_SECONDS", 5.0)
    server = ServerConnection(["rltune.testing.toy_trainer:ToyTrainer"], 1.0)
    try:
        assert server._process.stdout is not None
        select.select([server._process.stdout], [], [])
        assert server.replies(0.0) == []
        server.wait_ready()
        assert server.alive()
    finally:
        server.shut_down(5.0)
