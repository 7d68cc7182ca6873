from __future__ import annotations

import os

import pytest

from rltune.errors import ExecutorError
from rltune.executors.build import build_executor, executor_names


def test_builds_by_name_with_options() -> None:
    assert "local" in executor_names()
    assert build_executor("local", {"slots": 3}).slots == 3
    assert build_executor("local", {"device": "cpu", "threads": 1}).slots == len(os.sched_getaffinity(0))
    assert build_executor("local", {"device": "cpu", "threads": 10_000}).slots == 1


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("locl", {}, "did you mean 'local'"),
        ("local", {"slot": 2}, "did you mean 'slots'"),
        ("local", {"slots": 0}, "at least 1"),
        ("local", {"threads": 0}, "at least 1"),
        ("local", {"grace_seconds": -1.0}, "at least 0 s"),
        ("local", {"device": "gpu"}, "auto, cpu, cuda, got 'gpu'"),
    ],
)
def test_impossible_requests_name_the_remedy(name: str, options: dict[str, object], words: str) -> None:
    with pytest.raises(ExecutorError, match=words):
        build_executor(name, options)
