"""What can be asked of a study from outside: what is granted, what is refused and why, and what is written down."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rltune.errors import RltuneError, SpaceError, StudyError
from rltune.store.base import RequestState
from rltune.store.lock import lock_study
from rltune.study.api import Study, open_study
from rltune.study.asked import read_values
from rltune.study.steering import request
from study.toy import StopAfter, toy_study


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Study]:
    """A study that was interrupted in its search, with one run that isn't at its end."""
    with toy_study(tmp_path, fixed={"step_time": 0.02}) as study:
        stop = StopAfter(4)
        study.run(stop, stop)
        yield study


def ledger(study: Study, kind: str) -> list[tuple[str, str, object, object]]:
    """(subject, reason, who, state) of each line of a kind."""
    return [(d.subject, d.reason, d.values["by"], d.values["state"]) for d in study.store.decisions() if d.kind == kind]


@pytest.mark.parametrize(
    ("kind", "values", "complaint"),
    [
        ("paus", {}, "can't be asked for 'paus'"),
        ("pause", {"run": "r0001"}, "run: Extra inputs"),
        ("stop_run", {"run": "../../etc/passwd"}, "run: String should match"),
        ("stop_run", {}, "run: Field required"),
        ("enqueue", {"configuration": {"learning_rate": [1e-5]}}, "learning_rate: expected a number"),
        ("enqueue", {"configuration": {"learning_rate": float("nan")}}, "finite"),
        ("enqueue", {"configuration": {"x": "y" * 501}}, "short text"),
        ("budget", {}, "at least one of"),
        ("budget", {"time": "soon"}, "expected a duration"),
        ("budget", {"trials": 0}, "trials: "),
        ("extend_run", {"run": "r0001", "steps": True}, "steps: "),
        ("pin", {"run": "r0001", "step": 4, "pinned": "perhaps"}, "pinned: "),
    ],
)
def test_malformed_requests_are_refused_with_the_values_place(kind: str, values: dict, complaint: str) -> None:
    with pytest.raises(StudyError, match=complaint):
        read_values(kind, values)


def test_a_request_waits_for_a_study_that_nobody_runs(stopped: Study) -> None:
    record = request(stopped.folder, "enqueue", {"configuration": {"learning_rate": 3e-4}, "steps": 4}, "cli")
    assert record.state is RequestState.WAITING and record.by == "cli"
    assert record.values == {"configuration": {"learning_rate": 3e-4}, "model": None, "steps": 4}
    assert stopped.store.requests() == [record]


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"configuration": {"learning_rate": 1.0}}, "learning_rate must be"),
        ({"configuration": {"learing_rate": 1e-5}}, "learing_rate isn't a parameter"),
        ({"configuration": {"learning_rate": "high"}}, "learning_rate must be"),
        ({"configuration": {"step_time": 0.5}}, "step_time is fixed in this study, at 0.02"),
        ({"configuration": {}, "model": "embedded/m"}, "none of the study's models"),
        ({"configuration": {}, "steps": 16}, "a run of this study has 8 steps, not 16"),
        ({"configuration": {}, "steps": 3}, "scores are measured at steps 2, 4, 8"),
    ],
)
def test_what_cant_be_tried_is_refused_and_that_is_in_the_ledger(stopped: Study, values: dict, complaint: str) -> None:
    with pytest.raises((StudyError, SpaceError), match=complaint):
        request(stopped.folder, "enqueue", values, "page")
    (line,) = ledger(stopped, "enqueue")
    assert line[2:] == ("page", "refused")
    assert [r.state for r in stopped.store.requests()] == [RequestState.REFUSED]


def test_pausing_takes_somebody_who_runs_the_study(stopped: Study) -> None:
    with pytest.raises(StudyError, match="nobody runs"):
        request(stopped.folder, "pause", {}, "cli")
    with lock_study(stopped.location, stopped.name):
        with pytest.raises(StudyError, match="isn't paused"):
            request(stopped.folder, "resume", {}, "cli")
        assert request(stopped.folder, "pause", {}, "cli").state is RequestState.WAITING
        with pytest.raises(StudyError, match="paused already"):
            request(stopped.folder, "pause", {}, "cli")
        # What was asked just before counts, though nobody has looked at it yet.
        assert request(stopped.folder, "resume", {}, "cli").state is RequestState.WAITING
        with pytest.raises(StudyError, match="isn't paused"):
            request(stopped.folder, "resume", {}, "cli")


def test_runs_that_arent_trained_cant_be_stopped(stopped: Study) -> None:
    ended = next(r for r in stopped.store.runs() if r.stop and r.stop.kind == "reached")
    with pytest.raises(StudyError, match=f"run {ended.id} isn't being trained: it ended at step"):
        request(stopped.folder, "stop_run", {"run": ended.id}, "cli")
    with pytest.raises(StudyError, match="no run r9999") as caught:
        request(stopped.folder, "stop_run", {"run": "r9999"}, "cli")
    assert caught.value.hint


def test_a_pin_is_carried_out_at_once(stopped: Study) -> None:
    record = stopped.store.checkpoints()[0]
    values = {"run": record.run_id, "step": record.step}

    done = request(stopped.folder, "pin", values, "cli")

    assert done.state is RequestState.DONE and done.answered is not None
    pinned = {(c.run_id, c.step): c.pinned for c in stopped.store.checkpoints()}
    assert pinned.pop((record.run_id, record.step)) and not any(pinned.values())
    request(stopped.folder, "pin", {**values, "pinned": False}, "page")
    assert not any(c.pinned for c in stopped.store.checkpoints())
    assert [line[2:] for line in ledger(stopped, "pin")] == [("cli", "done"), ("page", "done")]
    with pytest.raises(StudyError, match="no checkpoint of step 3"):
        request(stopped.folder, "pin", {"run": record.run_id, "step": 3}, "cli")


def test_a_run_is_extended_up_to_the_length_of_the_study(stopped: Study) -> None:
    run = next(r for r in stopped.store.runs() if r.stop and r.stop.kind == "reached")
    with pytest.raises(StudyError, match="has 8 steps, not 80: its schedules") as caught:
        request(stopped.folder, "extend_run", {"run": run.id, "steps": 80}, "cli")
    assert "new study" in (caught.value.hint or "")
    with pytest.raises(StudyError, match="has been there: its score"):
        request(stopped.folder, "extend_run", {"run": run.id}, "cli")


def test_there_must_be_a_study(tmp_path: Path) -> None:
    with pytest.raises(RltuneError, match="no study in"):
        request(tmp_path, "pause", {}, "cli")


def test_asking_loads_no_torch() -> None:
    code = "import sys, rltune.study.steering; sys.exit('torch' in sys.modules or 'scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_study_can_be_asked_by_its_address(server: str, tmp_path: Path, name: str) -> None:
    shown = server.replace(":not-to-be-shown", "")
    with toy_study(tmp_path, name, store=shown, budget={"time": 600, "trials": 3}) as study:
        stop = StopAfter(2)
        study.run(stop, stop)
    record = request(f"{shown}#{name}", "budget", {"time": "20m"}, "cli")
    assert record.state is RequestState.WAITING
    with open_study(tmp_path / name) as study:
        assert [r.kind for r in study.store.requests()] == ["budget"]
