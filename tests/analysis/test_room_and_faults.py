"""What a study's summary says of whose fault failures were, and of steps trained again for want of room."""

from __future__ import annotations

from pathlib import Path

from rltune.analysis.summary import summarize
from rltune.store.open import create_study
from rltune.types import Configuration, Cost, Fidelity, Phase, Proposal, StopKind, StopReason


def test_failures_have_a_fault_and_steps_for_want_of_room_are_counted(tmp_path: Path) -> None:
    store = create_study(tmp_path, "s", {})
    proposal = Proposal(Configuration({"rate": 1.0}), Fidelity("m", 8), 0, Phase.SEARCH, "try")
    run = store.run(proposal.configuration, "m", 0)
    ends = (
        (0, StopReason(StopKind.LOST, 4, "the disk is full: OSError: [Errno 28] No space left on device")),
        (0, StopReason(StopKind.FAILED, 3, "KeyError: 'x'")),
        (0, StopReason(StopKind.DIVERGED, 5, "kl is nan")),
    )
    for start, stop in ends:
        segment = store.begin_segment(proposal, run.id, start, tmp_path / "x")
        store.add_decision("retrain", run.id, "deleted", {"segment": segment.id, "steps": 4})
        store.finish_segment(segment.id, stop, Cost(1.0), [], [], [])
    store.add_decision("delete", run.id, "room for 2 GB", {"step": 4})

    summary = summarize(store)

    faults = [(f.kind, f.fault, f.cause) for f in summary.failures]
    assert faults == [
        ("lost", "infrastructure", "disk"),
        ("failed", "unknown", "crashed"),
        ("diverged", "configuration", "diverged"),
    ]
    assert "rltune clean" in summary.failures[0].remedy
    # The first segment repeats nothing; the second trained 3 steps again, of 4 in the deleted checkpoint; the third 4.
    assert (summary.work.steps_retrained_for_room, summary.work.checkpoints_deleted) == (7, 1)
