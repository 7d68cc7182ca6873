"""A study with real GRPO that is steered from another terminal while it runs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from rltune.errors import RltuneError
from rltune.store.base import SegmentState
from rltune.store.sql import SqlStudyStore
from rltune.study.looking import look_at
from rltune.study.steering import request, wait_for_answer
from rltune.types import StopKind

pytestmark = pytest.mark.slow

STUDY = """
name: tiny
models: {target: embedded/s, proxies: [embedded/xs]}
task: arithmetic/easy
budget: {time: 30m, search: 0.9, trials: 4}
steps: 30
rungs: [4, 30]
optimizer: random
stopping: {preset: "off", futility: false}
transfer: {check: false}
validation: {prompts: 16, samples: 1}
test: {prompts: 16, samples: 1}
fixed: {prompts_per_step: 8, updates_per_step: 2}
executor: {slots: 1}
confirm: {top: 1}
final: {seeds: 1}
"""


def rltune(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rltune", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)


def until(seen: Callable[[], object], controller: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 240
    while not seen():
        assert controller.poll() is None, controller.communicate()[0]
        assert time.monotonic() < deadline, "it didn't happen"
        time.sleep(0.05)


def is_made(folder: Path) -> bool:
    with suppress(RltuneError):
        look_at(folder).store.close()
        return True
    return False


def flying(store: SqlStudyStore, least: int = 1) -> list[str]:
    """Runs in flight that have trained so many steps."""
    running = [s.run_id for s in store.segments() if s.state is SegmentState.RUNNING]
    return [run_id for run_id in running if len(store.curve(run_id)) >= least]


def stopped_one(folder: Path, store: SqlStudyStore, paused: str) -> str | None:
    """A run in flight that was stopped; None if there is none, or if it ended before anybody looked at the request."""
    for run_id in flying(store, 1):
        with suppress(RltuneError):
            if run_id != paused:
                asked = request(folder, "stop_run", {"run": run_id}, "a test")
                return run_id if "ends at its next step" in wait_for_answer(folder, asked.id, 60).answer else None
    return None


def test_a_study_is_steered_from_another_terminal(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(STUDY)
    command = [sys.executable, "-m", "rltune", "run", "study.yaml", "--quiet"]
    stopped: list[str] = []
    controller = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        until(lambda: is_made(tmp_path / "studies" / "tiny"), controller)
        folder = tmp_path / "studies" / "tiny"
        store = look_at(folder).store
        until(lambda: flying(store, 2), controller)
        paused = flying(store)[0]
        # From here: a small study may be over before another interpreter has started.
        asked = request(folder, "pause", {}, "a test")
        assert wait_for_answer(folder, asked.id, 60).answer.startswith("trials in flight save")
        until(lambda: not flying(store, 0), controller)
        status = rltune("status", "studies/tiny", cwd=tmp_path).stdout
        assert "paused: nothing is trained" in status
        spent = store.study().seconds
        assert rltune("pause", "studies/tiny", cwd=tmp_path).returncode == 2, "it is paused already"
        assert store.study().seconds - spent < 0.5, "the clock stands still"

        told = rltune("enqueue", "studies/tiny", "learning_rate=0.0004", "--steps", "4", "--json", cwd=tmp_path)
        assert json.loads(told.stdout)["state"] == "done", told
        told = rltune("resume", "studies/tiny", cwd=tmp_path)
        assert told.stdout == "done: the study goes on\n"
        until(lambda: (found := stopped_one(folder, store, paused)) and (stopped.append(found) or True), controller)
        out, _ = controller.communicate(timeout=500)
        assert controller.returncode == 0, out
    finally:
        controller.kill()
        controller.communicate()

    # The paused run went on exactly from where it had stopped; the one that was asked for came next.
    segments = store.segments(paused)
    assert segments[0].stop is not None and segments[0].stop.kind is StopKind.INTERRUPTED
    assert segments[1].from_step == segments[0].stop.step > 0 and segments[1].retrained == 0
    rates = [m.values["learning_rate"] for m in store.curve(paused)]
    assert len(rates) == 30, "each step once"
    (tried,) = [d for d in store.decisions() if d.kind == "proposal" and d.reason.startswith("enqueued by cli")]
    assert tried.values["to_step"] == 4
    assert [s.stop.kind for s in store.segments(stopped[0]) if s.stop] == [StopKind.STOPPED]
    assert store.checkpoints(stopped[0]), "it can be extended"
    listed = json.loads(rltune("requests", "studies/tiny", "--json", cwd=tmp_path).stdout)
    assert [r["kind"] for r in listed][:4] == ["pause", "pause", "enqueue", "resume"]
    assert {r["by"] for r in listed} == {"cli", "a test"} and "waiting" not in {r["state"] for r in listed}
    store.close()
