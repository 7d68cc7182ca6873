"""What can't be read gets an error that helps; nothing else ever comes out."""

from __future__ import annotations

import gzip
import os
import random
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rltune.errors import LogError
from rltune.trainers.logs.build import READERS, read_log

_DATA = os.environ.get("RLTUNE_SHARED_DATA")
LOGS = (Path(_DATA) if _DATA else Path(__file__).parents[4] / "shared" / "data") / "verl_logs"


def refused(path: str | Path, format: str | None = None) -> LogError:
    with pytest.raises(LogError) as caught:
        read_log(path, format)
    return caught.value


def test_what_is_no_log(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "nothing.log").message
    folder = refused(tmp_path)
    assert "folder" in folder.message and folder.where == str(tmp_path)
    empty = tmp_path / "empty"
    empty.write_text(" \n\n")
    assert "empty" in refused(empty).message
    binary = tmp_path / "model.safetensors"
    binary.write_bytes(random.Random(0).randbytes(100_000))
    assert "binary" in refused(binary).message
    damaged = tmp_path / "run.gz"
    damaged.write_bytes(gzip.compress(b"")[:10] + random.Random(1).randbytes(500))
    assert "unpacked" in refused(damaged).message
    damaged.write_bytes(gzip.compress(b"step,reward\n")[:11])
    assert "cut before its first line" in refused(damaged).message
    prose = tmp_path / "prose.txt"
    prose.write_text("Once upon a time, there was a model.\n")
    assert "no" in refused(prose).message and refused(prose).hint


def test_an_unknown_format_lists_the_known_ones(tmp_path: Path) -> None:
    error = refused(tmp_path, "verl-console")
    assert error.hint is not None and "did you mean 'verl_console'?" in error.hint and "json_lines" in error.hint


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("step,Rewards,my_loss\n1,0.5,2\n", 1),
        ('junk\n{"step": 1, "Rewards": 0.5}\n', 2),
        ('"Step","a - Rewards"\n"1","0.5"\n', 1),
        ('{"step":1,"data":{"Rewards":0.5}}\n', 1),
    ],
)
def test_a_log_without_known_metrics_names_those_it_has(tmp_path: Path, text: str, line: int) -> None:
    path = tmp_path / "run.txt"
    path.write_text(text)
    error = refused(path)
    assert error.where == f"{path}:{line}"
    assert error.hint is not None and "'Rewards': did you mean 'reward'?" in error.hint


def test_a_damaged_trainer_state_is_told_apart_from_garbage(tmp_path: Path) -> None:
    path = tmp_path / "trainer_state.json"
    path.write_text('{\n  "global_step": 5,\n  "log_history": [\n    {"step": 1, "reward": 0.5},\n    {"st')
    error = refused(path)
    assert "cut or damaged" in error.message and error.where == f"{path}:5"


def test_a_chart_over_time_says_what_to_export(tmp_path: Path) -> None:
    path = tmp_path / "chart.csv"
    path.write_text('"Relative Time (Wall)","a - critic/score/mean"\n"1.5","0.5"\n')
    assert "Step" in refused(path).message


def test_a_given_format_is_the_only_one_tried(tmp_path: Path) -> None:
    path = tmp_path / "run.txt"
    path.write_text('{"step": 1, "reward": 0.5}\n')
    assert read_log(path, "json_lines")[0].steps[0].values == {"reward": 0.5}
    assert "verl_console" in refused(path, "verl_console").message


fragments = st.sampled_from(
    [
        b"step:3 - ", b"critic/score/mean:", b"0.5", b"nan", b" - ", b"\n", b"\r", b"\x00", b"\xff", b"{", b"}", b'"',
        b"'", b"step,reward\n", b"1,2\n", b'{"step":1,"reward":2}', b'{"step":1,"data":{"critic/score/mean":null}}',
        b"{'reward': '0.5', 'epoch': '1'}", b'{"log_history":[', b'{"step":1e400,"reward":1}', b"[[[[", b"]",
        b'"Step","a - reward"\n', b"\x1b[36m", b"(T pid=1) ", b"99999999999", b"\x1f\x8b", b"Global step 2: ",
        b"Total training steps: 0\n",
    ]
)  # fmt: skip


@settings(deadline=None)
@given(content=st.binary(max_size=300) | st.lists(fragments, max_size=25).map(b"".join))
@example(content=b'{"step": ' + b"9" * 5000 + b', "reward": 1}')
@example(content=b'{"step": 1, "reward": ' + b"9" * 5000 + b"}")
@example(content=b'{"step": 1, "reward": ' + b"9" * 400 + b"}")
@example(content=b"[{" * 50_000)
@example(content=b'step,reward\n1,"' + b"x" * 200_000)
@example(content=b"step,reward\n" + b'1,"' + b"\n" * 1000)
def test_any_bytes_give_curves_or_a_log_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "run"
    path.write_bytes(content)
    for format in (None, *READERS):
        try:
            runs = read_log(path, format)
        except LogError as error:
            assert str(path) in str(error)
        else:
            assert all(run.steps for run in runs) and runs


@pytest.mark.skipif(not LOGS.is_dir(), reason=f"no published logs in {LOGS}")
@pytest.mark.parametrize(
    ("name", "trained", "last_reward", "scored"),
    [
        ("deepseek-7b-grpo-gsm8k", 1119, 0.981, 112),
        ("qwen2-7b-gpg-gsm8k", 210, 0.937, 43),
        ("qwen2.5-0.5b-ppo-gsm8k", 435, 0.715, 43),
    ],
)
def test_published_full_scale_runs(name: str, trained: int, last_reward: float, scored: int) -> None:
    (run,) = read_log(LOGS / f"{name}.log")
    assert len(run.training) == trained and run.notes == ()
    assert run.training[-1].values["reward"] == last_reward
    assert sum(any(n.startswith("score/") for n in metrics.values) for metrics in run.steps) == scored
