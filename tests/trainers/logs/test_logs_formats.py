"""Every format but verl's console log: what is read, what is repaired, what is said about it."""

from __future__ import annotations

import csv
import gzip
import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.trainers.logs.base import LoggedRun
from rltune.trainers.logs.build import read_log
from rltune.types import METRIC_NAMES, StepMetrics

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str, name: str = "run.txt") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def one(path: Path, format: str) -> LoggedRun:
    (run,) = read_log(path)
    assert run.format == format
    return run


def curve(run: LoggedRun, name: str = "reward") -> dict[int, float]:
    return {metrics.step: metrics.values[name] for metrics in run.steps if name in metrics.values}


def test_verl_jsonl_reads_null_as_nan_and_skips_a_cut_last_line(write: Write) -> None:
    path = write(
        '{"step":0,"data":{"val-core/toy/acc/mean@1":0.1}}\n'
        '{"step":1,"data":{"critic/score/mean":0.5,"critic/rewards/mean":0.4,"actor/grad_norm":null,"actor/lr":1e-06}}\n'
        '{"step":2,"data":{"critic/score/mean":0.6,"training/global_step":2}}\n'
        '{"step":3,"data":{"critic/score/mean":0.'
    )
    run = one(path, "verl_jsonl")
    assert curve(run) == {1: 0.5, 2: 0.6}
    assert math.isnan(run.steps[1].values["grad_norm"]) and run.steps[1].values["learning_rate"] == 1e-6
    assert run.steps[0].values == {"score/toy/acc/mean@1": 0.1}
    assert run.notes == ("1 line cut short: left out",)


def test_json_lines_tell_runs_apart_and_take_a_missing_score_for_missing(write: Write) -> None:
    path = write(
        '{"run": "a", "step": 1, "reward": 0.1, "kl": NaN, "score/mean": null}\n'
        "a stray print\n"
        '{"run": "b", "step": 1, "reward": 0.2, "kl": {"$float": "inf"}, "entropy": null}\n'
        '{"run": "a", "step": 3, "reward": 0.3, "score/mean": 0.5}\n'
        '{"run": "a", "step": 2, "reward": 0.2}\n'
    )
    a, b = read_log(path)
    assert (a.run, b.run, a.format) == ("a", "b", "json_lines")
    assert curve(a) == {1: 0.1, 2: 0.2, 3: 0.3} and curve(b) == {1: 0.2}
    assert math.isnan(a.steps[0].values["kl"]) and "score/mean" not in a.steps[0].values
    assert b.steps[0].values["kl"] == math.inf and math.isnan(b.steps[0].values["entropy"])
    assert "1 line skipped: no JSON object with a step" in a.notes
    assert "1 step out of order, the first 2: sorted" in a.notes


def test_json_lines_of_other_trainers_merge_the_lines_of_a_step(write: Write) -> None:
    path = write(
        '{"step": 1, "time": 1.5, "reward/all/mean": 0.1}\n{"step": 1, "entropy/all/mean": 0.9, "optim/grad_norm": 2}\n'
        '{"step": 1, "eval/math/avg@4": 0.7}\n'
    )
    run = one(path, "json_lines")
    assert run.steps == (StepMetrics(1, {"reward": 0.1, "entropy": 0.9, "grad_norm": 2.0, "score/math/avg@4": 0.7}),)
    assert run.notes == ()


def test_csv_with_runs_gaps_and_torn_rows(write: Write) -> None:
    path = write("run,step,reward,kl,note\na,1,0.1,,x\na,2,nan,0.5,\nb,1,-inf,1e-06,\na,3,0.3,0.1\na,,0.4,,\n")
    a, b = read_log(path)
    assert a.format == "csv" and (a.run, b.run) == ("a", "b")
    assert "kl" not in a.steps[0].values and math.isnan(a.steps[1].values["reward"])
    assert b.steps == (StepMetrics(1, {"reward": -math.inf, "kl": 1e-6}),)
    assert a.notes == ("1 row with more or fewer cells than the header: left out", "1 row without a step: left out")


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_csv_with_other_delimiters_a_byte_order_mark_and_windows_line_ends(write: Write, delimiter: str) -> None:
    path = write("\ufeff" + delimiter.join(["global_step", "reward"]) + "\r\n" + delimiter.join(["5", "0.5"]) + "\r\n")
    assert curve(one(path, "csv")) == {5: 0.5}


def test_csv_without_steps_is_numbered(write: Write) -> None:
    run = one(write("reward\n0.5\n0.25\n"), "csv")
    assert curve(run) == {1: 0.5, 2: 0.25}
    assert run.notes == ("there is no column of steps: rows are numbered 1, 2, ...",)


def test_a_wandb_history_merges_sparse_rows_and_takes_the_trainers_own_step(write: Write) -> None:
    path = write(
        ",_step,_runtime,train/global_step,train/reward,train/kl,eval/reward\n"
        "0,0,10.5,1.0,0.1,,\n1,1,11.0,1.0,,0.01,\n2,2,12.0,2.0,0.2,,\n3,3,13.0,2.0,,,0.6\n"
    )
    run = one(path, "csv")
    assert run.steps == (
        StepMetrics(1, {"reward": 0.1, "kl": 0.01}),
        StepMetrics(2, {"reward": 0.2, "score/eval": 0.6}),
    )


def test_a_wandb_chart_has_a_curve_for_each_run(write: Write) -> None:
    path = write(
        '"Step","grpo - lr 1e-6 - critic/score/mean","grpo - lr 1e-6 - critic/score/mean__MIN",'
        '"ppo - critic/score/mean","ppo - critic/score/mean__MAX","ppo - _step"\n'
        '"1","0.1","0.0","0.5","9","1"\n"2","0.2","0.0","","",""\n"3","NaN","0.0","0.7","9","3"\n'
    )
    grpo, ppo = read_log(path)
    assert grpo.format == "wandb_chart" and (grpo.run, ppo.run) == ("grpo - lr 1e-6", "ppo")
    assert curve(ppo) == {1: 0.5, 3: 0.7}
    assert curve(grpo) == {1: 0.1, 2: 0.2, 3: pytest.approx(math.nan, nan_ok=True)}


def trainer_state(history: list[dict[str, object]], indent: int | None = 2) -> str:
    return json.dumps({"best_metric": None, "global_step": len(history), "log_history": history}, indent=indent)


@pytest.mark.parametrize("indent", [2, None])
def test_a_trainer_state_gives_its_log_history(write: Write, indent: int | None) -> None:
    history: list[dict[str, object]] = [
        {"epoch": 0.1, "step": 1, "reward": 0.1, "kl": None, "completions/clipped_ratio": 0.5, "num_tokens": 100.0},
        {"epoch": 0.2, "step": 2, "reward": 0.2, "kl": 0.01, "grad_norm": math.nan, "num_tokens": 250.0},
        {"epoch": 0.2, "step": 2, "eval_reward": 0.7, "eval_runtime": 3.0},
        {"epoch": 0.2, "step": 2, "train_runtime": 12.0, "train_loss": 0.1},
    ]
    run = one(write(trainer_state(history, indent)), "trl_state")
    first, second = (metrics.values for metrics in run.steps)
    assert first["reward"] == 0.1 and math.isnan(first["kl"]) and first["truncated_fraction"] == 0.5
    assert math.isnan(second["grad_norm"]) and second["score/eval"] == 0.7
    assert (first["tokens"], second["tokens"]) == (100.0, 150.0)


def test_updates_of_one_generation_are_one_step(write: Write) -> None:
    history: list[dict[str, object]] = []
    for update in range(1, 7):
        entry: dict[str, object] = {"step": update, "grad_norm": float(update), "step_time": 1.0}
        history.append(entry | ({"reward": update / 10} if update % 2 else {}))
    run = one(write(trainer_state(history)), "trl_state")
    assert curve(run) == {1: 0.1, 2: 0.3, 3: 0.5}
    assert curve(run, "grad_norm") == {1: 1.5, 2: 3.5, 3: 5.5} and curve(run, "step_seconds")[1] == 2.0
    assert run.notes == ("2 updates are made from each generation: they were averaged to one step",)
    planned = trainer_state(history).replace('"best_metric"', '"max_steps": 40, "best_metric"')
    assert (run.horizon, one(write(planned), "trl_state").horizon) == (None, 20)


def test_one_reward_function_stands_in_for_a_missing_reward(write: Write) -> None:
    assert curve(one(write('{"step": 1, "rewards/correct/mean": 0.5, "entropy": 1}\n'), "json_lines")) == {1: 0.5}
    run = one(write('{"step": 1, "rewards/a/mean": 0.5, "rewards/b/mean": 0.1, "entropy": 1}\n'), "json_lines")
    assert run.steps[0].values == {"entropy": 1.0}


def test_printed_dicts_between_progress_bars(write: Write) -> None:
    path = write(
        "  0%|          | 0/3 [00:00<?, ?it/s]\r 33%|███       | 1/3 [00:01<00:02,  1.0s/it]"
        "{'loss': '0.0', 'grad_norm': '0.5', 'reward': '0.125', 'kl': 'nan', 'clip_ratio/region_mean': None, "
        "'epoch': '0.1'}\n"
        "the answer is {'reward': 7}, or {'a': {'reward': 8}}\n"
        "{'loss': 0.0, 'grad_norm': inf, 'reward': 0.25, 'learning_rate': 1e-06, 'epoch': 0.2}\n"
        "{'eval_loss': '0.1', 'eval_reward': '0.75', 'epoch': '0.2'}\n"
        "{'train_runtime': '12.3', 'train_loss': '0.1', 'epoch': '0.2'}\n"
        "{'loss': '0.0', 'reward': '0.5', 'ep"
    )
    run = one(path, "printed_dicts")
    assert curve(run) == {1: 0.125, 2: 0.25}
    first, second = (metrics.values for metrics in run.steps)
    assert math.isnan(first["kl"]) and math.isnan(first["clip_fraction"])
    assert second["grad_norm"] == math.inf and second["learning_rate"] == 1e-6 and second["score/eval"] == 0.75
    assert run.notes == (
        "the last line is cut: left out",
        "the log has no step numbers: its lines are numbered 1, 2, ...",
    )


def test_of_a_restart_in_printed_dicts_the_later_lines_count(write: Write) -> None:
    lines = [
        f"{{'reward': '{reward}', 'epoch': '{epoch}'}}"
        for reward, epoch in [(1, 0.1), (2, 0.2), (3, 0.3), (4, 0.4), (20, 0.2), (30, 0.3)]
    ]
    run = one(write("\n".join(lines) + "\n"), "printed_dicts")
    assert curve(run) == {1: 1, 2: 20, 3: 30, 4: 4}
    assert "2 steps logged again, the first 2: the later counts" in run.notes


def test_dicts_with_a_step_keep_it(write: Write) -> None:
    run = one(write("INFO Global step 4: {'reward': 0.5, 'actor_grad_norm': 1.5, 'ppo_kl': 0.1}\n"), "printed_dicts")
    assert run.steps == (StepMetrics(4, {"reward": 0.5, "grad_norm": 1.5, "policy_kl": 0.1}),)


def test_gzip_is_read_whatever_the_suffix_and_a_cut_one_as_far_as_it_goes(tmp_path: Path) -> None:
    text = "".join(json.dumps({"step": s, "reward": math.sin(s)}) + "\n" for s in range(1, 5001)).encode()
    packed = gzip.compress(text)
    whole, cut = tmp_path / "run.jsonl", tmp_path / "cut.gz"
    whole.write_bytes(packed)
    cut.write_bytes(packed[: len(packed) // 2])
    assert len(read_log(whole)[0].steps) == 5000
    (run,) = read_log(cut)
    assert 1000 < len(run.steps) < 4000 and curve(run)[1000] == math.sin(1000)
    assert "the compressed file is cut: what was before the cut was read" in run.notes


def test_utf16_as_powershell_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_text("step:1 - critic/score/mean:0.5 - actor/lr:0.1\n", encoding="utf-16")
    assert curve(read_log(path)[0]) == {1: 0.5}


values = st.floats(width=64) | st.integers(-(10**6), 10**6).map(float)
rows = st.dictionaries(st.sampled_from([*METRIC_NAMES, "score/mean"]), values, min_size=1)
curves = st.dictionaries(st.integers(0, 10**6), rows, min_size=1, max_size=20)


def same(run: LoggedRun, steps: dict[int, dict[str, float]]) -> bool:
    return repr([(m.step, sorted(m.values.items())) for m in run.steps]) == repr(
        [(step, sorted(steps[step].items())) for step in sorted(steps)]
    )


@given(steps=curves)
def test_canonical_json_lines_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, steps: dict[int, dict[str, float]]
) -> None:
    path = tmp_path_factory.mktemp("jsonl") / "run.jsonl"
    path.write_text("".join(json.dumps({"step": s, **row}) + "\n" for s, row in steps.items()))
    assert same(one(path, "json_lines"), steps)


@given(steps=curves)
def test_canonical_csv_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, steps: dict[int, dict[str, float]]
) -> None:
    path = tmp_path_factory.mktemp("csv") / "run.csv"
    with path.open("w", newline="") as stream:
        table = csv.DictWriter(stream, ["step", *METRIC_NAMES, "score/mean"])
        table.writeheader()
        table.writerows({"step": s, **row} for s, row in steps.items())
    assert same(one(path, "csv"), steps)
