"""Three healthy full-scale runs that others published: the default preset must let them live."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from rltune.stopping.base import first_stop
from rltune.stopping.build import PRESETS
from rltune.stopping.guard import watch_all
from rltune.stopping.kl_growth import KlGrowth
from rltune.types import StepMetrics

_DATA = os.environ.get("RLTUNE_SHARED_DATA")
LOGS = (Path(_DATA) if _DATA else Path(__file__).parents[3] / "shared" / "data") / "verl_logs"

_STEP = re.compile(r"step:(\d+) - (.*)")
_NAMES = {
    "critic/rewards/mean": "reward",
    "actor/kl_loss": "kl",
    "critic/kl": "kl",
    "actor/grad_norm": "grad_norm",
    "response_length/mean": "response_length",
}

pytestmark = pytest.mark.skipif(not LOGS.is_dir(), reason=f"no published logs in {LOGS}")


def read(name: str) -> list[StepMetrics]:
    steps: dict[int, dict[str, float]] = {}
    with (LOGS / f"{name}.log").open(errors="replace") as lines:
        for line in lines:
            if match := _STEP.search(line):
                pairs = (pair.strip().rpartition(":") for pair in match[2].split(" - "))
                found = {_NAMES[key]: float(value) for key, _, value in pairs if key in _NAMES}
                if found:
                    steps[int(match[1])] = found
    return [StepMetrics(step, steps[step]) for step in sorted(steps)]


@pytest.mark.parametrize(
    ("name", "steps"),
    [("deepseek-7b-grpo-gsm8k", 1119), ("qwen2-7b-gpg-gsm8k", 210), ("qwen2.5-0.5b-ppo-gsm8k", 435)],
)
def test_the_default_preset_stops_no_healthy_run(name: str, steps: int) -> None:
    curve = read(name)
    assert len(curve) == steps
    guard = watch_all(PRESETS["default"])
    assert [d for metrics in curve if (d := guard.update(metrics))] == []


def test_without_a_floor_a_smoothed_kl_rule_stops_a_healthy_run_in_its_first_steps() -> None:
    stop = first_stop(KlGrowth(window=3), read("deepseek-7b-grpo-gsm8k"))
    assert stop is not None and stop.step == 7 and stop.values["kl"] < 0.03


def test_the_literal_reward_rule_stops_a_run_that_has_not_begun_to_learn() -> None:
    stops = [d for rule in PRESETS["paper"] if (d := first_stop(rule, read("qwen2.5-0.5b-ppo-gsm8k")))]
    assert [(d.rule, d.step) for d in stops] == [("reward_drop", 4)]
