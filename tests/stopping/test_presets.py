"""The default preset as a whole, on runs that look like real ones."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest

from rltune.stopping.build import build_rules, describe_rules, with_context, without_metrics
from rltune.stopping.guard import watch_all
from rltune.types import StepMetrics


def metrics_of(rewards: Sequence[float]) -> list[StepMetrics]:
    """A run with these rewards, and what else a trainer reports when they rise or fall."""
    rows = []
    for t, reward in enumerate(rewards):
        fallen = t > 20 and reward < rewards[20] - 0.2
        rows.append(
            {
                "reward": reward,
                "reward_std": 0.4,
                "zero_std_fraction": 0.2,
                "kl": 0.001 * t * (100 if fallen else 1),
                "entropy": 0.02 if fallen else 0.6,
                "grad_norm": 200.0 if fallen else 1.0 + (t % 3) / 10,
                "response_length": 200.0 + (30 * t if fallen else 0),
            }
        )
    return [StepMetrics(step, row) for step, row in enumerate(rows, start=1)]


def real_looking(kind: str, seed: int) -> list[float]:
    source = random.Random(seed)
    level = {
        "learns": [0.3 + 0.5 * (1 - math.exp(-t / 25)) for t in range(100)],
        "collapses": [0.3 + 0.5 * (1 - math.exp(-t / 15)) for t in range(50)] + [0.1] * 50,
        "stands still": [0.4] * 100,
        "is slow": [0.3 + 0.001 * t for t in range(100)],
    }[kind]
    return [source.gauss(value, 0.05) for value in level]


@pytest.mark.parametrize("kind", ["learns", "collapses", "stands still", "is slow"])
@pytest.mark.parametrize("seed", range(3))
def test_neither_unit_nor_zero_of_the_reward_changes_what_the_default_preset_does(kind: str, seed: int) -> None:
    rewards = real_looking(kind, seed)
    seen = []
    for times, plus in ((1.0, 0.0), (1000.0, 0.0), (0.01, -5.0), (2.0, 300.0), (1.0, -1.0)):
        guard = watch_all(build_rules(told(times, plus)))
        moved = [
            StepMetrics(m.step, {**m.values, "reward": m.values["reward"] * times + plus, "reward_std": 0.4 * times})
            for m in metrics_of(rewards)
        ]
        decisions = [guard.update(metrics) for metrics in moved]
        seen.append((decisions[-1] and (decisions[-1].rule, decisions[-1].step), [d is None for d in decisions]))
    assert all(other == seen[0] for other in seen)
    assert (seen[0][0] is None) == (kind == "learns")


def told(times: float, plus: float) -> list[dict[str, object]]:
    """The default preset, told a best of 0.8 and a range of -1 to 2 in that unit."""
    bounds = {"low": -times + plus, "high": 2 * times + plus}
    described = describe_rules("default", [{"rule": "futility", **bounds}])
    return with_context(described, horizon=100, best=0.8 * times + plus)


def test_rules_that_need_what_is_not_reported_are_left_out() -> None:
    rules = describe_rules(
        "default",
        [
            {"rule": "any_of", "rules": [{"rule": "reward_zero"}, {"rule": "grad_explosion"}]},
            {"rule": "insist", "inner": {"rule": "kl_runaway"}, "patience": 2},
        ],
    )
    kept, left = without_metrics(rules, frozenset({"loss", "grad_norm"}))
    assert [rule["rule"] for rule in kept] == ["non_finite"]
    assert {"reward_collapse", "kl_runaway", "futility", "any_of", "insist"} <= set(left)
    kept, left = without_metrics(rules, frozenset({"reward", "grad_norm"}))
    assert {"any_of", "grad_explosion", "futility"} <= {rule["rule"] for rule in kept}
    assert set(left) == {"kl_runaway", "entropy_collapse", "entropy_explosion", "length_runaway", "insist"}
