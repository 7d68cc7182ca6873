"""The soak itself: it strikes, judges, keeps what it saw, and goes on where it was."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

FAULTS = ("kill_controller", "kill_worker", "freeze_worker", "flip_weights", "flip_metrics", "truncate_wal")


def soak(
    repository: Path, folder: Path, faults: int, kind: str = "program", only: Sequence[str] = FAULTS
) -> subprocess.CompletedProcess[str]:
    command = [
        *(sys.executable, str(repository / "bench" / "soak.py"), "--faults", str(faults), "--kinds", kind),
        *("--folder", str(folder), "--data", str(folder / "soak.jsonl"), "--only", *only),
    ]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_handful_of_faults_harms_nothing(repository: Path, tmp_path: Path) -> None:
    first = soak(repository, tmp_path, 4)
    assert first.returncode == 0, first.stdout + first.stderr
    both = soak(repository, tmp_path, len(FAULTS))
    assert both.returncode == 0, both.stdout + both.stderr
    assert "nothing lost, nothing doubled, nothing left over" in both.stdout

    lines = [json.loads(line) for line in (tmp_path / "soak.jsonl").read_text().splitlines()]
    assert [line["study"] for line in lines] == list(range(len(lines)))
    struck = [blow["fault"] for line in lines for blow in line["faults"]]
    assert len(struck) == len(FAULTS) and len(set(struck)) >= 4
    assert not any(line["complaints"] for line in lines)


@pytest.mark.parametrize(("kind", "fault"), [("server", "database_connection"), ("ray", "ray_node")])
def test_what_a_study_stands_on_is_struck_too(repository: Path, tmp_path: Path, kind: str, fault: str) -> None:
    ended = soak(repository, tmp_path, 1, kind, (fault,))
    if "none of the studies is possible here" in ended.stderr:
        pytest.skip(ended.stdout)
    assert ended.returncode == 0, ended.stdout + ended.stderr

    (line,) = (json.loads(line) for line in (tmp_path / "soak.jsonl").read_text().splitlines())
    assert [(blow["fault"], blow["outcome"]) for blow in line["faults"]] == [(fault, "went on")]
    assert line["complaints"] == [] and line["resumes"] == 0
