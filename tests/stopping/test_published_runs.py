"""Three healthy full-scale runs that others published: the default preset must let them live."""

from __future__ import annotations

import os
import statistics
from pathlib import Path

import pytest

from rltune.stopping.base import Rule, first_stop
from rltune.stopping.build import PRESETS, build_rules, preset, with_context
from rltune.stopping.entropy_collapse import EntropyCollapse
from rltune.stopping.entropy_explosion import EntropyExplosion
from rltune.stopping.grad_explosion import GradExplosion
from rltune.stopping.guard import watch_all
from rltune.stopping.kl_growth import KlGrowth
from rltune.stopping.kl_runaway import KlRunaway
from rltune.stopping.length_runaway import LengthRunaway
from rltune.stopping.no_signal import NoSignal
from rltune.stopping.reward_collapse import RewardCollapse
from rltune.trainers.logs.build import read_log
from rltune.types import StepMetrics

_DATA = os.environ.get("RLTUNE_SHARED_DATA")
LOGS = (Path(_DATA) if _DATA else Path(__file__).parents[3] / "shared" / "data") / "verl_logs"

pytestmark = pytest.mark.skipif(not LOGS.is_dir(), reason=f"no published logs in {LOGS}")


def read(name: str) -> tuple[StepMetrics, ...]:
    (run,) = read_log(LOGS / f"{name}.log")
    return run.training


@pytest.mark.parametrize(
    ("name", "steps"),
    [("deepseek-7b-grpo-gsm8k", 1119), ("qwen2-7b-gpg-gsm8k", 210), ("qwen2.5-0.5b-ppo-gsm8k", 435)],
)
def test_the_default_preset_stops_no_healthy_run(name: str, steps: int) -> None:
    curve = read(name)
    assert len(curve) == steps
    guard = watch_all(PRESETS["default"])
    assert [d for metrics in curve if (d := guard.update(metrics))] == []


@pytest.mark.parametrize("name", ["deepseek-7b-grpo-gsm8k", "qwen2-7b-gpg-gsm8k", "qwen2.5-0.5b-ppo-gsm8k"])
def test_nor_does_it_when_told_that_another_run_ends_as_well_as_this_one(name: str) -> None:
    curve = read(name)
    last = curve[-1].step
    end = statistics.fmean(m.values["reward"] for m in curve if m.step > 0.9 * last)
    told = build_rules(with_context(preset("default"), horizon=last, best=end))
    assert [d for rule in told if (d := first_stop(rule, curve))] == []
    assert not told[-1].watch().update(curve[0]).abstained


@pytest.mark.parametrize(
    "rule",
    [
        KlRunaway(),
        RewardCollapse(),
        NoSignal(),
        EntropyCollapse(),
        EntropyExplosion(),
        LengthRunaway(),
        LengthRunaway(limit=1024),
        GradExplosion(),
    ],
    ids=lambda rule: rule.name,
)
@pytest.mark.parametrize("name", ["deepseek-7b-grpo-gsm8k", "qwen2-7b-gpg-gsm8k", "qwen2.5-0.5b-ppo-gsm8k"])
def test_no_robust_rule_by_itself_stops_a_healthy_run(name: str, rule: Rule) -> None:
    watch = rule.watch()
    decisions = [watch.update(metrics) for metrics in read(name)]
    # One of the runs was trained without a KL term.
    blind = name == "qwen2-7b-gpg-gsm8k" and "kl" in rule.needs
    assert not any(decision.stop or decision.abstained != blind for decision in decisions)


def test_without_a_floor_a_smoothed_kl_rule_stops_a_healthy_run_in_its_first_steps() -> None:
    stop = first_stop(KlGrowth(window=3), read("deepseek-7b-grpo-gsm8k"))
    assert stop is not None and stop.step == 7 and stop.values["kl"] < 0.03


def test_the_literal_reward_rule_stops_a_run_that_has_not_begun_to_learn() -> None:
    stops = [d for rule in PRESETS["paper"] if (d := first_stop(rule, read("qwen2.5-0.5b-ppo-gsm8k")))]
    assert [(d.rule, d.step) for d in stops] == [("reward_drop", 4)]
