"""The local executor against the contract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rltune.executors.base import Executor
from rltune.executors.build import build_executor

from ..contract import ExecutorContract
from ..orders import TOY


@pytest.fixture
def executor() -> Iterator[Executor]:
    made = build_executor("local", {"slots": 2, "trainers": [TOY], "grace_seconds": 3.0})
    made.open()
    yield made
    made.close()


class TestLocalExecutor(ExecutorContract):
    pass
