"""The parts: reading while it is written, rows, names, checkpoints that are complete, causes of a failure."""

from __future__ import annotations

import math
import os
import re
import signal
from pathlib import Path

import pytest

from rltune.errors import CheckpointError
from rltune.faults.base import Cause
from rltune.trainers.external.checkpoints import Layout, Saves, model_of, restore, resume_path, training_only
from rltune.trainers.external.diagnosis import diagnose
from rltune.trainers.external.rows import CsvRows, JsonRows, PatternRows, Row, RowParser
from rltune.trainers.external.streams import LineStream, Naming, ReaderStream
from rltune.trainers.external.tail import Tail, last_lines
from rltune.trainers.logs.build import READERS


def rows(parser: RowParser, *lines: str) -> list[tuple[int, dict[str, float]]]:
    return [(row.step, dict(row.numbers)) for line in lines for row in parser.parse(line)]


# --- tail ----------------------------------------------------------------------------------------------------------
def test_lines_come_when_they_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    tail = Tail(path)
    assert tail.read() == []
    path.write_text("one\ntw")
    assert tail.read() == ["one"]
    with path.open("a") as stream:
        stream.write("o\r\n3%\r4%\rfive")
    assert tail.read() == ["two", "3%", "4%"]
    assert tail.read(ended=True) == ["five"]


@pytest.mark.parametrize("how", ["truncated", "replaced"])
def test_a_file_that_is_begun_anew_is_read_from_its_start(tmp_path: Path, how: str) -> None:
    path = tmp_path / "log"
    path.write_text("old and lo")
    tail = Tail(path)
    tail.read()
    if how == "truncated":
        path.write_text("new\n")
    else:
        (tmp_path / "other").write_text("new\n")
        os.replace(tmp_path / "other", path)
    assert tail.read() == ["new"]


def test_the_last_lines_of_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("x" * 100_000 + "\n\nlast\n")
    assert last_lines(path, 1) == ["last"]
    assert last_lines(tmp_path / "none") == []


# --- rows ----------------------------------------------------------------------------------------------------------
def test_json_rows() -> None:
    parser = JsonRows()
    assert rows(
        parser, "noise", '{"no": 1}', '{"step": 3, "a": 0.5, "train": {"b": 1}, "data": {"c": null}}', '{"st'
    ) == [(3, {"step": 3.0, "a": 0.5, "train/b": 1.0, "c": pytest.approx(math.nan, nan_ok=True)})]
    assert rows(JsonRows("it"), '{"it": 7, "step": 1, "a": 2}') == [(7, {"step": 1.0, "a": 2.0})]


def test_csv_rows() -> None:
    assert rows(CsvRows(), "step;a;b", "1;0.5;", "2;nan", "2;inf;x") == [(1, {"a": 0.5}), (2, {"a": math.inf})]
    assert rows(CsvRows("it"), "it,step,a", "4,1,2") == [(4, {"step": 1.0, "a": 2.0})]


def test_pattern_rows_of_one_line_and_of_several() -> None:
    both = [re.compile(r"Step (?P<step>\d+)"), re.compile(r"reward=(?P<reward>\S+)")]
    assert rows(PatternRows(both), "reward=1", "Step 4 reward=0.5,", "reward=0.75}") == [
        (4, {}), (4, {"reward": 0.5}), (4, {"reward": 0.75}),
    ]  # fmt: skip


def test_pattern_rows_without_a_step_are_counted_from_the_launchs_first() -> None:
    parser = PatternRows([re.compile(r"reward (?P<reward>\S+)"), re.compile(r"kl (?P<kl>\S+)")], first=5)
    assert rows(parser, "reward 1 kl 2", "reward None") == [(5, {"reward": 1.0}), (5, {"kl": 2.0})] + [
        (6, {"reward": pytest.approx(math.nan, nan_ok=True)})
    ]


def test_a_block_is_one_row_once_it_ends() -> None:
    patterns = [re.compile(r"kl (?P<kl>\S+)"), re.compile(r"step (?P<step>\d+)")]
    parser = PatternRows(patterns, ends=re.compile("^---"))
    assert rows(parser, "kl 0.1", "step 1", "---", "---", "kl 0.2") == [(1, {"kl": 0.1})]
    assert rows(parser, "step 2", "---") == [(2, {"kl": 0.2})]


# --- streams -------------------------------------------------------------------------------------------------------
def test_own_names_go_before_known_ones(tmp_path: Path) -> None:
    naming = Naming({"reward": "score_now"}, first_step=0)
    metrics = naming.metrics(4, {"score_now": 0.5, "reward": 9.0, "actor/entropy": 0.1, "other": 1.0})
    assert metrics is not None
    assert (metrics.step, dict(metrics.values)) == (5, {"reward": 0.5, "entropy": 0.1})
    assert naming.metrics(1, {"other": 1.0}) is None


def test_a_known_trainers_log_is_read_as_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    stream = ReaderStream(path, READERS["verl_jsonl"])
    assert stream.read() == []
    path.write_text('{"step": 1, "data": {"critic/score/mean": 0.25}}\n')
    assert [(m.step, dict(m.values)) for m in stream.read()] == [(1, {"reward": 0.25})]
    with path.open("a") as log:
        log.write('{"step": 2, "data": {"critic/score/mean": 0.5}}\n')
    assert [m.step for m in stream.read(ended=True)] == [2]


def test_lines_become_canonical_metrics(tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_text('{"step": 2, "lr": 1e-6, "mean_reward": 0.5}\n{"step": 3, "lr"')
    stream = LineStream(path, JsonRows(), Naming({"reward": "mean_reward"}))
    assert [(m.step, dict(m.values)) for m in stream.read()] == [(2, {"learning_rate": 1e-6, "reward": 0.5})]
    assert stream.read(ended=True) == []


def test_a_row_is_a_value() -> None:
    assert Row(1, {"a": 1.0}) == Row(1, {"a": 1.0})


# --- checkpoints ---------------------------------------------------------------------------------------------------
def layout(root: Path, **more: object) -> Layout:
    return Layout(path=lambda step: root / f"global_step{step * 4}", **more)  # pyright: ignore[reportArgumentType]


def write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_marker_with_the_newest_number_counts_in_the_folders_unit(tmp_path: Path) -> None:
    saves = Saves(layout(tmp_path, marker=lambda step: tmp_path / "latest"))
    write(tmp_path / "global_step8" / "a")
    write(tmp_path / "latest", "global_step4\n")
    assert not saves.complete(2, passed=True)
    write(tmp_path / "latest", "global_step8\n")
    assert saves.complete(2, passed=False)
    assert not saves.complete(3, passed=True)


def test_every_part_has_to_be_there(tmp_path: Path) -> None:
    parts = layout(tmp_path, model=lambda step: tmp_path / f"hf{step}", beside=(tmp_path / "latest",))
    saves = Saves(parts)
    write(tmp_path / "global_step4" / "a")
    assert not saves.complete(1, passed=True)
    write(tmp_path / "hf1" / "config.json")
    write(tmp_path / "latest")
    assert saves.complete(1, passed=True)


def test_published_and_put_back(tmp_path: Path) -> None:
    def parts(root: Path) -> Layout:
        return layout(root, model=lambda step: root / f"hf{step}", beside=(root / "latest",))

    run, again, published = tmp_path / "run", tmp_path / "again", tmp_path / "published"
    write(run / "global_step4" / "rank0" / "optimizer", "o" * (1 << 21))
    (run / "global_step4" / "link").symlink_to(run / "global_step4" / "rank0" / "optimizer")
    write(run / "hf1" / "config.json", "{}")
    write(run / "latest", "global_step4")
    published.mkdir()
    Saves(parts(run)).publish(1, published)
    assert not (run / "global_step4").exists() and not (run / "hf1").exists() and (run / "latest").exists()
    assert not any(path.is_symlink() for path in published.rglob("*"))
    assert model_of(published).joinpath("config.json").is_file()
    write(published / "manifest.json")
    place = restore(published, parts(again), 1)
    assert place == again / "global_step4"
    assert sorted(p.name for p in place.rglob("*")) == ["link", "optimizer", "rank0"]
    assert (place / "rank0" / "optimizer").samefile(published / "rank0" / "optimizer")  # nothing large is copied
    (again / "latest").write_text("global_step8")
    assert (published / "rltune-beside" / "latest").read_text() == "global_step4"


def test_what_only_a_resume_needs_is_told_where_weights_lie_apart(tmp_path: Path) -> None:
    apart, accelerate, unknown = (tmp_path / name for name in ("apart", "accelerate", "unknown"))
    write(apart / "rltune-model" / "model.safetensors", "w")
    write(apart / "rank0" / "state", "o")
    write(apart / "manifest.json", "{}")
    assert training_only(apart) == {Path("rank0/state")}
    for name in ("model.safetensors", "optimizer.bin", "scheduler.bin", "random_states_0.pkl", "step.json"):
        write(accelerate / name, "x")
    assert {str(p) for p in training_only(accelerate)} == {"optimizer.bin", "scheduler.bin", "random_states_0.pkl"}
    write(unknown / "everything.pt", "x")
    assert training_only(unknown) == frozenset()


def test_a_file_is_put_back_as_a_file(tmp_path: Path) -> None:
    files = Layout(path=lambda step: tmp_path / "run" / f"{step}.pt")
    write(tmp_path / "run" / "3.pt", "state")
    published = tmp_path / "published"
    published.mkdir()
    Saves(files).publish(3, published)
    assert resume_path(published).read_text() == "state"
    assert restore(published, files, 3).read_text() == "state"


def test_an_empty_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="missing or empty"):
        resume_path(tmp_path / "none")


# --- diagnosis -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "lines", "cause"),
    [
        (1, ["torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1 GiB", "bye"], Cause.MEMORY),
        (1, ["ray.exceptions.OutOfMemoryError: Task was killed due to the node running low on memory."], Cause.MEMORY),
        (1, ["slurmstepd: error: Detected 1 oom_kill event in StepId=1.0"], Cause.MEMORY),
        (1, ["ValueError: No available memory for the cache blocks."], Cause.MEMORY),
        (-signal.SIGKILL, ["step 3"], Cause.KILLED),
        (137, [], Cause.KILLED),
        (1, ["OSError: [Errno 28] No space left on device"], Cause.DISK),
        (1, ["RuntimeError: probability tensor contains either `inf`, `nan` or element < 0"], Cause.DIVERGED),
        (
            -signal.SIGKILL,
            ["slurmstepd: error: *** JOB 3 ON n1 CANCELLED AT now DUE TO PREEMPTION ***"],
            Cause.PREEMPTED,
        ),
        (1, ["ValueError: no"], Cause.CRASHED),
        (-signal.SIGSEGV, [], Cause.CRASHED),
    ],
)
def test_causes_are_told_apart(status: int, lines: list[str], cause: Cause) -> None:
    assert diagnose(status, lines).cause is cause


def test_the_error_is_found_among_the_last_lines() -> None:
    lines = ["(Worker pid=3) KeyError: 'first'", "[rank0]: ValueError: the cause", "wandb: done", "bye"]
    assert diagnose(1, lines).reason == "the program ended with exit status 1: [rank0]: ValueError: the cause"
    plain = ["Exception: The current node timed out.", "", "Set the variable HYDRA_FULL_ERROR=1 for a complete trace."]
    assert diagnose(1, plain).reason.endswith(": Exception: The current node timed out.")
    assert "signal 11 (SIGSEGV)" in diagnose(-11, []).reason
