"""After a controller's death: what ran on other machines is waited for, never mistaken for a process of this one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rltune.executors.base import ProcessIdentity
from rltune.executors.fence import read_holder
from rltune.executors.processes import identify
from rltune.executors.records import SegmentFiles, write_identity, write_order
from rltune.store.base import SegmentState
from rltune.study import recovery
from rltune.study.assembly import assemble
from rltune.types import Fidelity, Phase, Proposal, StopKind
from study.toy import toy_study


class Beats:
    """A clock for waiting: each look at it is a sign of life of the worker, until there were enough."""

    def __init__(self, lease: Path, beats: int) -> None:
        self.lease, self.beats, self.looks = lease, beats, 0

    def sleep(self, seconds: float) -> None:
        self.looks += 1
        if self.looks <= self.beats:
            self.lease.touch()
            os.utime(self.lease, ns=(self.looks, self.looks))


def test_a_worker_elsewhere_is_waited_for_and_a_process_here_with_its_number_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with toy_study(tmp_path) as study:
        assert study.blueprint is not None
        workshop, store = assemble(study.blueprint, study.folder).workshop, study.store
        proposal = Proposal(study.blueprint.recipe, Fidelity("embedded/xs", 8), 3, Phase.SEARCH, "a test")
        run = store.run(proposal.configuration, proposal.fidelity.model, proposal.seed)
        folder = workshop.segment_folder(run, 1)
        segment = store.begin_segment(proposal, run.id, 0, folder)
        order = workshop.train_order(segment.id, folder, run, proposal, None, ())
        write_order(order)
        clock = Beats(SegmentFiles(folder).lease, 5)
        monkeypatch.setattr(recovery, "SystemClock", lambda: clock)
        with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as bystander:
            here = identify(bystander.pid)
            assert here is not None
            write_identity(folder, ProcessIdentity(here.pid, here.started, "elsewhere"))
            [told] = recovery.recover(store, workshop)
            assert bystander.poll() is None
            bystander.kill()
        assert 5 < clock.looks < 20, "it was waited for as long as it gave signs of life, and a little longer"
        [ended] = store.segments()
        assert ended.state is SegmentState.ENDED and ended.stop is not None and ended.stop.kind is StopKind.LOST
        assert "in flight" in told and read_holder(order.checkpoints) == ""
