"""How busy a study was, from what it has booked."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from rltune.analysis.summary import summarize
from rltune.cli.commands.status import tell
from rltune.store.open import create_study

USAGE = {
    "search": {"held": 3600.0, "starting": 360.0, "asking": 36.0, "room": 364.0},
    "confirm": {"held": 1000.0, "nothing": 3000.0, "landing": 0.5},
}


def test_shares_are_of_all_there_was_and_add_up(tmp_path: Path) -> None:
    store = create_study(tmp_path, "study", {"budget": {"gpu_hours": 4}})
    assert summarize(store).utilization is None
    store.set_fact("usage", USAGE)
    store.set_fact("usage_unit", "GPU")
    summary = summarize(store)
    found = summary.utilization
    assert found is not None and found.unit == "GPU"
    search = found.by_phase["search"]
    assert (search.hours, search.held, search.busy) == pytest.approx((4000 / 3600, 1.0, 3240 / 4000))
    assert search.lost == pytest.approx({"starting": 0.09, "asking": 0.009, "room": 0.091})
    assert search.losses == "kept free for a larger trial 9.1%, starting trials 9.0%, waiting for proposals 0.9%"
    assert found.whole.busy + sum(found.whole.lost.values()) == pytest.approx(1.0)
    assert "landing" not in found.by_phase["confirm"].losses  # too little to be shown
    assert summary.to_json()["utilization"]["whole"]["held"] == pytest.approx(4600 / 3600)  # type: ignore[index]
    console = Console(width=200, record=True, quiet=False)
    tell(summary, console)
    said = console.export_text()
    assert "busy     53.0% of the time, 1.28 of 4 GPU-hours held by trials" in said
    store.close()
