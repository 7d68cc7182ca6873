from __future__ import annotations

import pytest

from rltune.errors import ExecutorError
from rltune.executors.build import build_executor, executor_names
from rltune.executors.local.executor import default_slots


def test_builds_by_name_with_options() -> None:
    assert "local" in executor_names()
    assert build_executor("local", {"slots": 3}).slots == 3
    assert build_executor("local").slots == default_slots(1) >= 1
    assert default_slots(10_000) == 1


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("locl", {}, "did you mean 'local'"),
        ("local", {"slot": 2}, "did you mean 'slots'"),
        ("local", {"slots": 0}, "at least 1"),
        ("local", {"threads": 0}, "at least 1"),
        ("local", {"grace_seconds": -1.0}, "at least 0 s"),
    ],
)
def test_impossible_requests_name_the_remedy(name: str, options: dict[str, object], words: str) -> None:
    with pytest.raises(ExecutorError, match=words):
        build_executor(name, options)
