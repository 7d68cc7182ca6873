"""A whole study with a tracker: followed while it runs, killed, resumed, mirrored afterwards, never held up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from report.factory import CONFIG, fill_half
from rltune.clock import SystemClock
from rltune.config.parts import TrackerConfig
from rltune.errors import TrackerError
from rltune.store.base import StudyState
from rltune.store.open import create_study
from rltune.store.open import open_study as open_store
from rltune.study.api import create, open_study
from rltune.study.mirrors import LOG_FILE, Mirrors
from rltune.study.observer import Silent
from rltune.trackers.lock import MirrorLock
from rltune.trackers.view import tracked_study
from study.toy import study_source, toy_study
from trackers.readers import Held, read_mlflow, read_tensorboard, read_wandb

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("tensorboard") is None, reason="tensorboard isn't installed"),
]


class Messages(Silent):
    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def message(self, level: str, text: str) -> None:
        self.told.append((level, text))


def check(folder: Path, found: dict[str, Held]) -> None:
    """Every run of the store, every step once."""
    store = open_store(folder, folder.name, read_only=True)
    key = tracked_study(store.study()).key
    segments = {s.run_id for s in store.segments()}
    runs = [run for run in store.runs() if run.id in segments]
    assert len(found) == len(runs) > 3
    for run in runs:
        held = found[f"{key}-{run.id}"]
        curve = store.curve(run.id)
        assert {step for name, step in held.points if name == "reward"} == {m.step for m in curve}
        assert all(held.points["reward", m.step] == [pytest.approx(m.values["reward"])] for m in curve)
        assert held.facts["rltune/stop_kind"] == (run.stop.kind.value if run.stop else "")
    winner = store.study().facts["winner"]["id"]  # type: ignore[index,call-overload]
    marked = {h.config["rltune/configuration"] for h in found.values() if "winner" in h.facts["rltune/finalist"]}
    assert marked == {winner}
    store.close()


def test_a_study_is_followed_to_its_end(tmp_path: Path) -> None:
    observer = Messages()
    with toy_study(tmp_path, trackers=["tensorboard"]) as study:
        assert study.run(observer) is StudyState.FINISHED
    assert [text for level, text in observer.told if level == "warning"] == []
    check(tmp_path / "toy", read_tensorboard(tmp_path / "toy"))


def test_a_study_without_trackers_starts_no_process_and_leaves_no_file(tmp_path: Path) -> None:
    with toy_study(tmp_path) as study:
        study.run()
    assert not (tmp_path / "toy" / LOG_FILE).exists()


def test_a_study_that_was_killed_goes_on_in_the_same_runs(tmp_path: Path) -> None:
    source = study_source(tmp_path, trackers=["tensorboard"], fixed={"step_time": 0.15})
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(source))
    command = [sys.executable, "-m", "rltune", "run", str(tmp_path / "study.yaml"), "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    folder = tmp_path / "toy"
    deadline = time.monotonic() + 120
    while len(list((folder / "tensorboard").glob("*"))) < 3 and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {run.name for run in (folder / "tensorboard").glob("*")}
    assert before
    with open_study(folder) as study:
        assert study.run() is StudyState.FINISHED
    found = read_tensorboard(folder)
    check(folder, found)
    assert before <= {held.name for held in found.values()}


@pytest.mark.parametrize("tracker", ["tensorboard", "wandb", "mlflow"])
def test_a_finished_study_is_exported_by_the_command_and_again(
    tmp_path: Path, tracker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if find_spec(tracker) is None:
        pytest.skip(f"{tracker} isn't installed")
    with toy_study(tmp_path) as study:
        study.run()
        runs = len(study.store.runs())
    folder = tmp_path / "toy"
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/m.db")
    command = [sys.executable, "-m", "rltune", "export", str(folder), "--format", tracker]
    first = subprocess.run(command, capture_output=True, text=True, timeout=300)
    again = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert first.returncode == again.returncode == 0, first.stderr + again.stderr
    assert first.stdout.startswith(f"{runs} runs written, 0 were up to date")
    assert again.stdout.startswith(f"0 runs written, {runs} were up to date")
    found = {
        "tensorboard": lambda: read_tensorboard(folder),
        "wandb": lambda: read_wandb(folder),
        "mlflow": lambda: read_mlflow(f"sqlite:///{tmp_path}/m.db", "toy"),
    }[tracker]()
    check(folder, found)


def test_a_tracker_that_fails_is_told_and_the_study_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    trackers = [{"name": "tensorboard", "folder": str(tmp_path / "file" / "sub")}]
    observer = Messages()
    with create(study_source(tmp_path, trackers=trackers)) as study:
        assert study.run(observer) is StudyState.FINISHED
        events = [event.message for event in study.store.events() if event.level == "warning"]
    warnings = [text for level, text in observer.told if level == "warning"]
    assert len(warnings) <= 2 and warnings == events
    assert "tensorboard can't be written" in warnings[0] and "rltune export" in warnings[0]


def test_a_tracker_that_hangs_is_let_go(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    with toy_study(tmp_path) as study:
        study.run()
    trackers = [TrackerConfig.model_validate({"name": "tensorboard"})]
    began = time.monotonic()
    with Mirrors(
        trackers, tmp_path / "toy", "toy", tmp_path / "toy", lambda *m: told.append(m), last_seconds=3
    ) as mirrors:
        (process,) = mirrors._processes
        os.kill(process._process.pid, signal.SIGSTOP)
    assert time.monotonic() - began < 20
    assert process._process.poll() == -signal.SIGKILL
    assert any("tensorboard didn't get everything in time" in text for _, text in told)


def test_a_tracker_whose_process_dies_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    with toy_study(tmp_path) as study:
        study.run()
    trackers = [TrackerConfig.model_validate({"name": "tensorboard"})]
    with Mirrors(trackers, tmp_path / "toy", "toy", tmp_path / "toy", lambda *m: told.append(m)) as mirrors:
        os.kill(mirrors._processes[0]._process.pid, signal.SIGKILL)
    (text,) = [text for _, text in told]
    assert text.startswith(f"the tracker tensorboard ended with status -9: see {LOG_FILE}") and "rltune export" in text


@pytest.mark.parametrize(
    ("start", "told"),
    [
        ("print('a welcome')", []),
        ("import atexit, time; atexit.register(time.sleep, 600)", ["didn't get everything in time"]),
        (
            "import sys; sys.modules['tensorboard.compat.proto.event_pb2'] = type('Leaves', (), "
            "{'__getattr__': lambda *_: sys.exit(1)})()",
            ["ended with status 1: see trackers.log"],
        ),
    ],
    ids=["prints at its start", "hangs at its end", "leaves without a word"],
)
def test_whatever_a_trackers_interpreter_does_the_study_ends_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: str, told: list[str]
) -> None:
    with closing(create_study(tmp_path / "demo", "demo", CONFIG)) as store:
        fill_half(store)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(start)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    trackers = [TrackerConfig.model_validate({"name": "tensorboard"})]
    heard: list[str] = []
    seconds = 60.0 if "atexit" not in start else 5.0
    with Mirrors(
        trackers, tmp_path / "demo", "demo", tmp_path / "demo", lambda _, text: heard.append(text), seconds
    ) as mirrors:
        (process,) = mirrors._processes
    assert process._process.poll() is not None
    heard = [text for text in heard if not text.startswith("waiting")]
    assert len(heard) == len(told) and all(words in text for words, text in zip(told, heard, strict=True))


def test_two_mirrors_of_one_tracker_wait_for_each_other(tmp_path: Path) -> None:
    with toy_study(tmp_path) as study:
        study.run()
        with (
            MirrorLock(study.folder, "tensorboard", SystemClock(), patience=0.0),
            pytest.raises(TrackerError, match="another process mirrors this study"),
        ):
            study.track("tensorboard")
        assert "runs written" in study.track("tensorboard")


def test_trackers_may_change_between_two_sittings(tmp_path: Path) -> None:
    source = study_source(tmp_path)
    with create(source) as study:
        study.store.set_state(StudyState.INTERRUPTED)
    file = tmp_path / "toy" / "study.yaml"
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), "trackers": ["tensorboard"]}))
    with open_study(tmp_path / "toy") as study:
        assert study.run() is StudyState.FINISHED
    check(tmp_path / "toy", read_tensorboard(tmp_path / "toy"))


def test_check_tells_what_is_missing(tmp_path: Path) -> None:
    if find_spec("mlflow") is not None:
        pytest.skip("mlflow is installed")
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study_source(tmp_path, trackers=["mlflow"])))
    command = [sys.executable, "-m", "rltune", "check", str(tmp_path / "study.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "pip install 'rltune[mlflow]'" in done.stderr
    assert "trackers.0" in done.stderr and "Traceback" not in done.stderr
