"""A program, its lines and its checkpoints may be a stranger's: nothing of the user is lost, nothing takes for ever."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

import pytest

from rltune.errors import TrainerError
from rltune.store.manifest import publish, remove, temporary_folder, verify
from rltune.trainers.base import Scoring, TrainJob
from rltune.trainers.command.template import Template
from rltune.trainers.command.variables import save_every
from rltune.trainers.external import patterns
from rltune.trainers.external.program import Program, Running
from rltune.trainers.external.rows import PatternRows
from rltune.trainers.external.trees import move_into
from rltune.trainers.verl.expansion import Untold
from rltune.trainers.verl.shell import commands

EXPONENTIAL = re.compile(r"(?P<reward>(?:[0-9]+)*)$")


def test_a_regular_expression_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "SECONDS", 0.2)
    began = time.process_time()
    with pytest.raises(TrainerError, match=r"takes more than 0.2 s on a line of 41 characters"):
        list(PatternRows([EXPONENTIAL]).parse("1" * 40 + "!"))
    with pytest.raises(TrainerError, match="takes more than"):
        list(PatternRows([re.compile("(?P<reward>x)")], ends=EXPONENTIAL).parse("1" * 40 + "!"))
    assert time.process_time() - began < 5


def test_a_plain_one_is_left_alone_in_any_thread() -> None:
    found: list[int] = []
    parser = PatternRows([re.compile(r"(?P<reward>[0-9.]+)")])

    def read() -> None:
        found.extend(row.step for row in parser.parse("reward 0.5"))

    read()
    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert found == [1, 2]


def test_what_a_link_points_to_stays_where_it_is(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "model.safetensors").write_text("weights")
    (tmp_path / "checkpoint-1").symlink_to(cache)
    target = tmp_path / "target"
    target.mkdir()
    move_into(tmp_path / "checkpoint-1", target)
    assert (target / "model.safetensors").read_text() == "weights"
    assert (cache / "model.safetensors").read_text() == "weights"
    assert not (tmp_path / "checkpoint-1").exists()


def test_a_folder_that_is_no_checkpoint_is_never_deleted(tmp_path: Path) -> None:
    """The record of a stranger's study may name any folder."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.tex").write_text("")
    (tmp_path / "step-000001").symlink_to(precious)
    remove(precious)
    remove(tmp_path / "step-000001")
    assert (precious / "thesis.tex").exists() and not (tmp_path / "step-000001").is_symlink()
    temporary = temporary_folder(tmp_path / "own")
    (temporary / "weights").write_text("x")
    publish(temporary, tmp_path / "own")
    assert verify(tmp_path / "own") is None
    remove(tmp_path / "own")
    assert not (tmp_path / "own").exists()


def test_secrets_in_a_programs_output_are_overwritten(tmp_path: Path) -> None:
    secret = "q8Zk3vQ9x7Lm2Pw8Rt5Yb1"
    code = "echo begins $OWN_TOKEN ends; exit 3"
    program = Program(["/bin/sh", "-c", code], tmp_path, tmp_path / "log.txt", {"OWN_TOKEN": secret})
    with Running(program) as running:
        assert running.wait(10)
        assert program.last_lines(5) == ["begins *** ends"]
    assert (tmp_path / "log.txt").read_text() == f"begins {'*' * len(secret)} ends\n"


@pytest.mark.parametrize("text", ["{round(1, -4000000000)}", "{round(1.5, 99999)}"])
def test_a_template_computes_nothing_endless(text: str) -> None:
    with pytest.raises(TrainerError, match="can't be rounded"):
        Template(text).fill({})


def test_a_template_of_absurd_length_is_refused() -> None:
    with pytest.raises(TrainerError, match="up to 2,000 characters"):
        Template("{" + "1+" * 100_000 + "1}")


@pytest.mark.parametrize(("stop", "every"), [(10**9, 10), (999_999_937, 10), (40, 10), (7, 3), (12, 5)])
def test_checkpoints_of_a_run_of_any_length_are_spaced_at_once(stop: int, every: int) -> None:
    job = TrainJob("m", "t", {}, stop, stop, 0, Scoring(1, 1), checkpoint_at=tuple(range(every, every * 4, every)))
    began = time.process_time()
    spacing = save_every(job)
    assert stop % spacing == 0 and time.process_time() - began < 0.5
    slow = [d for d in range(1, min(every, stop) + 1) if stop % d == 0 and 2 * d >= min(every, stop)]
    assert spacing == max(slow, default=stop)


def test_a_script_with_aligned_columns_is_read_at_once() -> None:
    text = f"A=1{' ' * 60}B=2{' ' * 5000}\npython -m main_ppo a=$A{' ' * 40}b=2   # the rest\n"
    began = time.process_time()
    (found,) = commands(text, {}, "main_ppo")
    assert found.words[-2:] == ("a=1", "b=2") and time.process_time() - began < 1


@pytest.mark.parametrize(
    "text",
    [
        "A=xxxxxxxxxx\n" + "A=$A$A\n" * 60 + "main_ppo $A",
        "A=(x x x)\n" + 'A=("${A[@]}" "${A[@]}")\n' * 60 + 'main_ppo "${A[@]}"',
        "A=99999\n" + "A=$((A*A))\n" * 60 + "main_ppo $A",
        "main_ppo " + "${A:-" * 1500 + "x" + "}" * 1500,
        "main_ppo $((" + "(" * 5000 + "1" + ")" * 5000 + "))",
        "main_ppo '" + "x\n" * 200_000,
    ],
    ids=["text", "array", "number", "nested", "brackets", "open"],
)
def test_a_script_that_grows_beyond_measure_is_refused(text: str) -> None:
    began = time.process_time()
    with pytest.raises(Untold):
        commands(text, {}, "main_ppo")
    assert time.process_time() - began < 10
