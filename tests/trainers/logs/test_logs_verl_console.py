"""verl's console log, with all that stands around its metrics lines."""

from __future__ import annotations

import math
import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.errors import LogError
from rltune.trainers.logs.base import LoggedRun
from rltune.trainers.logs.build import read_log

RAY = "\x1b[36m(TaskRunner pid=4711)\x1b[0m "


def metrics_line(step: int, reward: float | str = 0.25, kl: float | str = 0.001) -> str:
    return (
        f"step:{step} - global_seqlen/min:1200.000 - actor/kl_loss:{kl} - actor/entropy:0.389 - actor/pg_loss:-0.028 - "
        f"actor/pg_clipfrac:0.002 - actor/ppo_kl:-0.000 - actor/grad_norm:0.269 - actor/lr:0.000 - "
        f"critic/score/mean:{reward} - critic/rewards/mean:9.000 - response_length/mean:192.360 - "
        f"response_length/clip_ratio:0.001 - timing_s/step:121.889 - perf/total_num_tokens:1412385.000 - "
        f"perf/throughput:1448.439"
    )


def read(tmp_path: Path, text: str | bytes) -> LoggedRun:
    path = tmp_path / "run.log"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    (run,) = read_log(path)
    assert run.format == "verl_console"
    return run


def rewards(run: LoggedRun) -> dict[int, float]:
    return {metrics.step: metrics.values["reward"] for metrics in run.training if "reward" in metrics.values}


def test_a_line_gives_all_canonical_metrics_it_has(tmp_path: Path) -> None:
    run = read(tmp_path, metrics_line(7) + "\n")
    assert run.source == str(tmp_path / "run.log") and run.run is None and run.notes == ()
    assert run.steps[0].step == 7
    assert run.steps[0].values == {
        "reward": 0.25,
        "kl": 0.001,
        "policy_kl": 0.0,
        "entropy": 0.389,
        "grad_norm": 0.269,
        "clip_fraction": 0.002,
        "response_length": 192.36,
        "truncated_fraction": 0.001,
        "learning_rate": 0.0,
        "tokens": 1412385.0,
        "step_seconds": 121.889,
    }


def test_colours_ray_prefixes_repeat_marks_and_windows_line_ends(tmp_path: Path) -> None:
    lines = [
        f"\x1b[2m{RAY}{metrics_line(1, 0.1)}\x1b[0m",
        f"(TaskRunner pid=4711, ip=10.0.0.7) {metrics_line(2, 0.2)} [repeated 2x across cluster]",
        f"[36m(TaskRunner pid=4711)[0m {metrics_line(3, 0.3)}",
        f"2025-01-01 10:00:00,123 INFO {metrics_line(4, 0.4)}",
        f"Training Progress:  50%|█████     | 5/10 [01:00<01:00, 12.0s/it]{RAY}{metrics_line(5, 0.5)}",
        f"Training Progress:  60%|██████    | 6/10 [01:00<01:00, 12.0s/it]\r{metrics_line(6, 0.6)}",
    ]
    run = read(tmp_path, "\r\n".join(lines) + "\r\n")
    assert rewards(run) == {1: 0.1, 2: 0.2, 3: 0.3, 4: 0.4, 5: 0.5, 6: 0.6}
    assert run.notes == ()


@pytest.mark.parametrize(
    "text",
    [
        "[prompt] Follow step:2 - then: 5 apples are left, step:3 - add: 7",
        "step:2 - then: 5",
        "step:2 - take the reward: 5 - and the rest: 7",
        "the log says step:2 - critic/score/mean:0.9",
        'answer: {"text": "step:2 - critic/score/mean:0.9 - actor/kl_loss:0.5"}',
        f"my answer is {metrics_line(1, 0.9)}",  # a step that has been
        f'a step to come, "{metrics_line(9, 0.9)}',
        "step:2 - critic/score/mean:0.9",  # far fewer metrics than the run's other lines
        "global_step:2 - critic/score/mean:0.9 - actor/kl_loss:0.5",
        "step:2 -",
        "step: 2 - critic/score/mean:0.9",
    ],
)
def test_step_inside_other_text_is_no_step(tmp_path: Path, text: str) -> None:
    run = read(tmp_path, f"{metrics_line(1, 0.1)}\n{RAY}{text}\n{text}\n{metrics_line(3, 0.3)}\n")
    assert rewards(run) == {1: 0.1, 3: 0.3}


def test_a_print_without_line_end_before_a_metrics_line_loses_nothing(tmp_path: Path) -> None:
    run = read(tmp_path, f"{metrics_line(1, 0.1)}\nsome worker said this {metrics_line(2, 0.2)}\n")
    assert rewards(run) == {1: 0.1, 2: 0.2}


def test_metrics_lines_glued_together_are_all_read(tmp_path: Path) -> None:
    glued = f"{metrics_line(1, 0.1)}{metrics_line(2, 0.2)}{RAY}{metrics_line(3, 0.3)} {RAY}{metrics_line(4, 0.4)}\n"
    assert rewards(read(tmp_path, glued)) == {1: 0.1, 2: 0.2, 3: 0.3, 4: 0.4}


def test_of_a_restart_the_later_lines_count_and_steps_not_repeated_stay(tmp_path: Path) -> None:
    first = [metrics_line(step, 0.1) for step in range(1, 9)]
    second = [metrics_line(step, 0.2) for step in range(5, 7)]
    run = read(tmp_path, "\n".join([*first, "killed", *second]) + "\n")
    assert rewards(run) == {**dict.fromkeys(range(1, 9), 0.1), 5: 0.2, 6: 0.2}
    assert run.notes == ("2 steps logged again, the first 5: the later counts",)


def test_a_restart_in_the_middle_of_a_line_drops_the_torn_line(tmp_path: Path) -> None:
    torn = metrics_line(3, 0.3)[:150]
    text = f"{metrics_line(1, 0.1)}\n{metrics_line(2, 0.2)}\n{torn}{RAY}{metrics_line(2, 0.5)}\n"
    run = read(tmp_path, text)
    assert rewards(run) == {1: 0.1, 2: 0.5}
    assert "1 line cut short: left out" in run.notes


@given(cut=st.integers(1, len(metrics_line(3)) - 1))
def test_a_cut_last_line_is_left_out(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    whole = metrics_line(1, 0.1) + "\n" + metrics_line(2, 0.2) + "\n"
    run = read(tmp_path_factory.mktemp("cut"), whole + metrics_line(3, 0.3)[:cut])
    # Only a cut inside the last number, which is no metric of ours, leaves the line's metrics whole.
    assert rewards(run).items() >= {1: 0.1, 2: 0.2}.items()
    assert 3 not in rewards(run) or cut > metrics_line(3).index("perf/throughput:")


def test_a_number_that_a_line_end_breaks_is_left_out(tmp_path: Path) -> None:
    lines = [metrics_line(step, reward="0.258") for step in range(1, 6)]
    lines[2] = lines[2].replace("mean:0.258", "mean:0.2\n58", 1)
    run = read(tmp_path, "\n".join(lines) + "\n")
    assert rewards(run) == {1: 0.258, 2: 0.258, 4: 0.258, 5: 0.258} and run.training[2].values["kl"] == 0.001
    assert run.notes == ("1 line broken within a number: the number is left out",)


def test_a_whole_last_line_without_line_end_is_read(tmp_path: Path) -> None:
    assert rewards(read(tmp_path, "\n".join(metrics_line(step, 0.5) for step in (1, 2)))) == {1: 0.5, 2: 0.5}


def test_the_last_value_of_a_cut_line_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    text = (
        "step:1 - actor/kl_loss:0.001 - critic/score/mean:0.255\nstep:2 - actor/kl_loss:0.001 - critic/score/mean:0.2"
    )
    run = read(tmp_path, text)
    assert rewards(run) == {1: 0.255}
    assert run.notes == ("1 line cut short: left out",)


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("nan", math.nan),
        ("inf", math.inf),
        ("-inf", -math.inf),
        ("1e-06", 1e-6),
        ("np.float64(0.25)", 0.25),
        ("np.float64(nan)", math.nan),
        ("tensor(0.5, device='cuda:0')", 0.5),
        ("-3", -3.0),
    ],
)
def test_numbers_however_they_are_printed(tmp_path: Path, printed: str, value: float) -> None:
    read_value = read(tmp_path, metrics_line(1, printed) + "\n").steps[0].values["reward"]
    assert read_value == pytest.approx(value, nan_ok=True)


def test_nul_bytes_and_invalid_utf8_do_no_harm(tmp_path: Path) -> None:
    text = (
        metrics_line(1, 0.1).encode() + b"\n\xff\xfe\x00\x00 caf\xe9\n\x00\x00" + metrics_line(2, 0.2).encode() + b"\n"
    )
    assert rewards(read(tmp_path, text)) == {1: 0.1, 2: 0.2}


def test_steps_that_were_only_validated_are_steps_without_training(tmp_path: Path) -> None:
    validated = metrics_line(2).replace(" - actor/lr", " - val-core/toy/acc/mean@1:0.5 - actor/lr")
    last = "step:4 - val/test_score/toy:0.6"
    run = read(tmp_path, "\n".join(["step:0 - val-core/toy/acc/mean@1:0.2", metrics_line(1), validated, last]) + "\n")
    scores = {m.step: {n: v for n, v in m.values.items() if n.startswith("score/")} for m in run.steps}
    assert scores == {0: {"score/toy/acc/mean@1": 0.2}, 1: {}, 2: {"score/toy/acc/mean@1": 0.5}, 4: {"score/toy": 0.6}}
    assert [metrics.step for metrics in run.training] == [1, 2]


def test_a_validation_when_a_run_is_resumed_joins_its_step(tmp_path: Path) -> None:
    text = f"{metrics_line(1, 0.1)}\n{metrics_line(2, 0.2)}\nstep:1 - val-core/toy/acc/mean@1:0.5\n"
    run = read(tmp_path, text)
    assert run.steps[0].values["reward"] == 0.1 and run.steps[0].values["score/toy/acc/mean@1"] == 0.5
    assert run.notes == ()


def test_names_of_old_versions(tmp_path: Path) -> None:
    line = "step:0 - critic/kl:0.300 - actor/entropy_loss:0.450 - actor/lr(1e-4):0.010 - critic/rewards/mean:0.004\n"
    values = read(tmp_path, line).steps[0].values
    assert values == {"kl": 0.3, "entropy": 0.45, "learning_rate": pytest.approx(1e-6), "reward": 0.004}


def test_metrics_lines_far_into_the_file_are_found(tmp_path: Path) -> None:
    text = "loading weights\n" * 20_000 + metrics_line(1, 0.5) + "\n"
    assert rewards(read(tmp_path, text)) == {1: 0.5}


@pytest.mark.parametrize(
    "text", ["step:1 - " * 100_000, "x" * 1_000_000 + "step:5 - critic/score/mean:0.9", ": - " * 250_000]
)
def test_a_line_of_a_million_characters_takes_no_time(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.log"
    path.write_text(f"{metrics_line(1, 0.1)}\n{text}\n{metrics_line(2, 0.2)}\n")
    started = time.process_time()
    assert rewards(read_log(path)[0]) == {1: 0.1, 2: 0.2}
    assert time.process_time() - started < 3


def test_a_log_without_a_metrics_line_names_what_it_saw(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_text("hello\nstep:1 - actor/loss_of_mine:0.5 - my/thing:3\n")
    with pytest.raises(LogError, match="actor/loss_of_mine") as caught:
        read_log(path)
    assert caught.value.where == f"{path}:2"


def test_text_before_the_first_full_line_that_looked_like_one_is_left_out(tmp_path: Path) -> None:
    run = read(tmp_path, f"step:7 - critic/score/mean:0.9\n{metrics_line(1, 0.1)}\n{metrics_line(2, 0.2)}\n")
    assert rewards(run) == {1: 0.1, 2: 0.2}
    assert run.notes == ("1 line that looked like metrics but stood in other text or were torn: left out",)


def test_whatever_is_printed_between_no_step_gets_a_wrong_value_and_few_are_lost(tmp_path: Path) -> None:
    rng = random.Random(5)
    read_steps = 0
    for _ in range(50):
        log = []
        for step in range(1, 31):
            noise = [
                "prompt: step:2 - then: 5\n",
                f"step:{rng.randrange(40)} - critic/score/mean:0.99\n",
                '{"a": "step:3 - critic/score/mean:0.99 - actor/lr:1"}\n',
                f"(Worker pid=3) he said {metrics_line(rng.randrange(1, 40), 0.99)} ok?\n",
                "{'reward': 0.99, 'loss': 1}\n",
                '{"step": 3, "reward": 0.99}\n',
                "a print without line end ",
                "\r 10%|██ | 1/10 [00:00<?, ?it/s]",
                "\x00\x00",
            ]
            log += rng.choices(noise, k=rng.randrange(3))
            log += [rng.choice(["", RAY]), metrics_line(step, step / 100), rng.choice(["\n", "\r\n", "\n", ""])]
        found = rewards(read(tmp_path, "".join(log)))
        assert all(reward == pytest.approx(step / 100) for step, reward in found.items())
        read_steps += len(found)
    assert read_steps >= 0.98 * 50 * 30


def test_the_planned_steps_are_the_horizon_and_after_a_restart_the_newest(tmp_path: Path) -> None:
    plan = "Total training steps: "
    text = f"{plan}100\n{metrics_line(1)}\n{RAY}{plan}50\n{metrics_line(2)}\n"
    assert read(tmp_path, text).horizon == 50
    assert read(tmp_path, f"{metrics_line(1)}\n").horizon is None
    assert read(tmp_path, f"{plan}0\n{metrics_line(1)}\n").horizon is None
