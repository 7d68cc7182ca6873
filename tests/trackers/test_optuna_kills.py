"""The mirror into Optuna is killed in the midst of its writes, again and again; so is the study that it follows."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from sqlalchemy import make_url

from report.factory import CONFIG, RUNGS, Filler, begin, fill_finished, propose
from rltune.clock import SystemClock
from rltune.config.parts import TrackerConfig
from rltune.store.base import StudyState
from rltune.store.open import create_study
from rltune.store.open import open_study as open_store
from rltune.study.api import open_study
from rltune.study.mirrors import Mirrors
from rltune.trackers.lock import MirrorLock
from rltune.types import StopKind, StopReason
from study.toy import study_source, toy_study
from trackers.optuna_reader import check, count_in

pytestmark = pytest.mark.slow
PATIENCE = 240.0


@pytest.fixture(params=["journal", "sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "journal":
        return str(tmp_path / "optuna.journal")
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/o.db"
    url = make_url(request.getfixturevalue("empty_database"))
    monkeypatch.setenv("PGPASSWORD", url.password or "")
    return url.render_as_string(hide_password=False).replace(f":{url.password}@", "@")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def mirroring(folder: Path, place: str) -> Mirrors:
    """As a study's sitting has it: its process is in `_processes`."""
    tracker = TrackerConfig.model_validate({"name": "optuna", "storage": place})
    return Mirrors([tracker], folder, "demo", folder, lambda *_: None, last_seconds=PATIENCE)


def killed(mirrors: Mirrors, ready: Callable[[], bool]) -> None:
    """Lets the mirror begin, and kills it once it has come so far, or has already ended."""
    with mirrors:
        (process,) = mirrors._processes
        until(lambda: ready() or process._process.poll() is not None)
        os.kill(process._process.pid, signal.SIGKILL)


def test_a_mirror_killed_again_and_again_ends_equal_to_the_store(place: str, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    moments = random.Random(place.partition(":")[0])
    with closing(create_study(folder, "demo", CONFIG)) as store:
        fill_finished(store)
        whole = 2 * len(store.evaluations())
        for _ in range(4):
            there = count_in(place)
            further = there + moments.randint(1, whole // 6)
            killed(mirroring(folder, place), lambda further=further: count_in(place) >= further)
        assert 0 < count_in(place) < whole  # it was in the midst of it
        with mirroring(folder, place):
            pass
        check(store, place)


def test_a_mirror_killed_while_it_writes_anew_ends_equal_to_the_store(place: str, tmp_path: Path) -> None:
    """An evaluation was replaced: the Optuna studies that have the old one are deleted and filled again."""
    folder = tmp_path / "demo"
    with closing(create_study(folder, "demo", CONFIG)) as store:
        begin(store)
        filler = Filler(store)
        first, *others = propose(12)
        filler.segment(first, "embedded/xs", RUNGS[0], stop=StopReason(StopKind.FAILED, 4, "status 137"))
        for configuration in others:
            filler.segment(configuration, "embedded/xs", RUNGS[0])
        with mirroring(folder, place):
            pass
        check(store, place)
        before = count_in(place)
        filler.segment(first, "embedded/xs", RUNGS[0])
        # A journal only grows; in a database the trials go before they come again.
        gone = (lambda: count_in(place) > before + 3) if "://" not in place else (lambda: count_in(place) < before - 3)
        killed(mirroring(folder, place), gone)
        with mirroring(folder, place):
            pass
        check(store, place)
        assert "status 137" not in [e.stop.reason for _, e in store.evaluations()]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    source = study_source(tmp_path, "demo", trackers=["optuna"], fixed={"step_time": 0.1})
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(source))
    command = [sys.executable, "-m", "rltune", "run", str(tmp_path / "study.yaml"), "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    yield process
    process.kill()
    process.wait()


def test_a_running_study_is_followed_and_a_killed_one_goes_on(running: subprocess.Popen[bytes], tmp_path: Path) -> None:
    folder, journal = tmp_path / "demo", str(tmp_path / "demo" / "optuna.journal")
    until(lambda: count_in(journal) >= 6 or running.poll() is not None)
    assert running.poll() is None  # they came while it ran
    running.send_signal(signal.SIGKILL)
    running.wait()
    with open_study(folder) as study:
        assert study.run() is StudyState.FINISHED
    # Was it killed when it had just finished, its mirror may still be at its last pass.
    with MirrorLock(folder, "optuna", SystemClock(), patience=PATIENCE):
        pass
    with closing(open_store(folder, "demo", read_only=True)) as store:
        check(store, journal)
        assert len(store.evaluations()) > 6


def test_the_commands_export_and_rebuild(place: str, tmp_path: Path) -> None:
    with toy_study(tmp_path, "demo", budget={"time": 600, "search": 0.9, "trials": 3}) as study:
        study.run()
    folder = str(tmp_path / "demo")

    def call(*arguments: str) -> str:
        command = [sys.executable, "-m", "rltune", "optuna", folder, "--storage", place, "--export-only", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    with closing(open_store(folder, "demo", read_only=True)) as store:
        count = len(store.evaluations())
        assert call().startswith(f"{count} evaluations written, 0 were up to date")
        check(store, place)
        assert call().startswith(f"0 evaluations written, {count} were up to date")
        assert call("--rebuild").startswith(f"{count} evaluations written, 0 were up to date")
        check(store, place)
