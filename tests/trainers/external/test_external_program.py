"""Launching and ending a program: nothing of it outlives its end, whatever it started and however it behaves."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from external_toys import PYTHON, alive, children_of, wait_for

from rltune.errors import TrainerError
from rltune.trainers.external.program import Program, Running


def python(folder: Path, code: str, **environment: str) -> Program:
    return Program([*PYTHON, "-c", code], folder, folder / "log.txt", environment)


def test_runs_in_a_session_folder_and_environment_of_its_own(tmp_path: Path) -> None:
    code = "import os; print(os.getsid(0) == os.getpid(), os.getcwd(), os.environ['COLOUR'], end='')"
    with Running(python(tmp_path, code, COLOUR="red")) as running:
        assert running.wait(20)
        assert running.status() == 0
    assert (tmp_path / "log.txt").read_text() == f"True {tmp_path} red"


@pytest.mark.parametrize(("code", "status"), [("raise SystemExit(3)", 3), ("import os; os.kill(os.getpid(), 9)", -9)])
def test_tells_how_it_ended(tmp_path: Path, code: str, status: int) -> None:
    with Running(python(tmp_path, code)) as running:
        assert running.wait(20)
        assert running.status() == status
    assert running.status() == status


def test_signals_that_a_worker_ignores_reach_the_program(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
        with Running(python(tmp_path, code)) as running:
            assert running.wait(20)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert (tmp_path / "log.txt").read_text() == "True\n"


def test_what_left_the_group_or_the_session_ends_too(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time, os\n"
        "sleep = [sys.executable, '-S', '-c', 'import time; time.sleep(600)']\n"
        "group = subprocess.Popen(sleep, process_group=0)\n"
        "session = subprocess.Popen(sleep, start_new_session=True)\n"
        "print(group.pid, session.pid, flush=True)\n"
    )
    with Running(python(tmp_path, code)) as running:
        assert running.wait(20)
        pids = [int(word) for word in (tmp_path / "log.txt").read_text().split()]
        assert len(pids) == 2 and all(map(alive, pids))
    assert not any(map(alive, pids))


def test_a_deaf_program_is_killed_after_the_grace_period(tmp_path: Path) -> None:
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    with Running(python(tmp_path, code)) as running:
        wait_for(lambda: (tmp_path / "log.txt").read_text())
        began = time.monotonic()
        running.end(grace_seconds=0.2)
        assert time.monotonic() - began >= 0.2
        assert running.status() == -signal.SIGKILL
    assert not children_of(running.pid)


def test_a_program_may_clean_up_before_its_children_are_touched(tmp_path: Path) -> None:
    """The first signal goes to the program alone: it still has its child when it saves."""
    code = (
        "import subprocess, sys, signal, time\n"
        "child = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(600)'])\n"
        "def stop(*_):\n"
        "    time.sleep(0.2)\n"
        "    print('child lives', child.poll() is None, flush=True)\n"
        "    sys.exit(0)\n"
        "signal.signal(15, stop)\n"
        "print('ready', flush=True)\n"
        "while True: time.sleep(1)\n"
    )
    with Running(python(tmp_path, code)) as running:
        wait_for(lambda: "ready" in (tmp_path / "log.txt").read_text())
        running.end(grace_seconds=20)
        assert running.status() == 0
    assert "child lives True" in (tmp_path / "log.txt").read_text()


def test_an_exception_ends_the_program(tmp_path: Path) -> None:
    with pytest.raises(KeyError), Running(python(tmp_path, "import time; time.sleep(600)")) as running:
        raise KeyError
    assert not alive(running.pid)
    running.end()  # again is nothing


@pytest.mark.parametrize(
    ("name", "said"), [("no-such-program", "on PATH"), ("./missing", "no executable file"), ("/", "no executable file")]
)
def test_a_missing_program_is_named(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(TrainerError, match=said) as error:
        Running(Program([name], tmp_path, tmp_path / "log.txt"))
    assert error.value.where == "command"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="there is no folder"):
        Running(Program([sys.executable], tmp_path / "gone", tmp_path / "log.txt"))


def test_a_program_beside_the_study_is_found_in_its_folder(tmp_path: Path) -> None:
    script = tmp_path / "run.sh"
    script.write_text("#!/bin/sh\necho here\n")
    script.chmod(0o755)
    with Running(Program(["./run.sh"], tmp_path, tmp_path / "log.txt")) as running:
        assert running.wait(20)
    assert (tmp_path / "log.txt").read_text() == "here\n"


def test_no_shell_reads_the_arguments(tmp_path: Path) -> None:
    text = "$HOME; `id` && 'x' \"y\" *"
    with Running(Program([*PYTHON, "-c", "import sys; print(sys.argv[1])", text], tmp_path, tmp_path / "l")) as running:
        assert running.wait(20)
    assert (tmp_path / "l").read_text() == text + "\n"
    assert os.environ.get("RLTUNE_PROGRAM") is None
