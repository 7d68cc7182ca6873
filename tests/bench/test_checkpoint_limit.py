"""A smaller one of `bench/checkpoint_limit.py`: a real study within its limit."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))
bench = importlib.import_module("checkpoint_limit")


@pytest.mark.slow
def test_a_real_study_ends_within_its_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = bench.run_study(tmp_path, limit=6_000_000, trials=5, optimizer="random")
    assert found.good and found.deleted > 0
    assert found.without > 1.5 * found.limit and found.most > 0.5 * found.limit
    bench.tell(found)
    assert "of the limit" in capsys.readouterr().out
