"""The Ray executor against the contract, on a real cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rltune.executors.base import Executor
from rltune.executors.build import build_executor

from ..contract import ExecutorContract
from ..orders import TOY

pytestmark = pytest.mark.slow


@pytest.fixture
def executor(cluster: Any) -> Iterator[Executor]:
    options = {"slots": 2, "trainers": [TOY], "grace_seconds": 3.0, "address": cluster.address, "device": "cpu"}
    made = build_executor("ray", options)
    made.open()
    yield made
    made.close()


class TestRayExecutor(ExecutorContract):
    pass
