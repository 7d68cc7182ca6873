"""What watching and forecasting cost: microseconds a rule's update, milliseconds a fit with its interval, on one core.

    python bench/curve_speed.py [--steps 2000]

Rules see a noisy rising curve with every canonical metric. Rules that look ahead forecast every 5 % of the horizon: the
time of an update is the mean over the run, `slowest` that of the worst single step, with a forecast in it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from rich.console import Console
from rich.table import Table

from rltune.curves.fit import fit_laws
from rltune.curves.forecast import forecast
from rltune.curves.predict import predict
from rltune.curves.series import series
from rltune.stopping.build import RULES, build_rules
from rltune.types import StepMetrics

REPEATS = 5


def curve(steps: int) -> list[StepMetrics]:
    rng = np.random.default_rng(0)
    x = np.arange(1, steps + 1) / steps
    reward = 0.4 + 0.5 * (1 - np.exp(-6 * x)) + 0.04 * rng.standard_normal(steps)
    jitter = np.exp(0.2 * rng.standard_normal((5, steps)))
    return [
        StepMetrics(
            i + 1,
            {
                "reward": float(reward[i]),
                "reward_std": 0.3,
                "kl": float(0.2 * x[i] * jitter[0, i]),
                "entropy": float((0.7 - 0.5 * x[i]) * jitter[1, i]),
                "grad_norm": float(0.3 * jitter[2, i]),
                "response_length": float(200 * jitter[3, i]),
                "truncated_fraction": 0.01,
                "zero_std_fraction": float(0.3 * jitter[4, i]),
            },
        )
        for i in range(steps)
    ]


def rule_times(name: str, metrics: list[StepMetrics]) -> tuple[float, float]:
    """Mean and largest seconds of an update, the median over repeats."""
    needs = {"futility": {"best": 0.9, "horizon": len(metrics)}, "plateau": {"horizon": len(metrics)}}
    rule = build_rules([{"rule": name, **needs.get(name, {})}])[0]
    means, worst = [], []
    for _ in range(REPEATS):
        judge, seconds = rule.judge(), []
        for step in metrics:
            start = time.perf_counter()
            judge.look(step)
            seconds.append(time.perf_counter() - start)
        means.append(statistics.fmean(seconds))
        worst.append(max(seconds))
    return statistics.median(means), statistics.median(worst)


def timed(call: Callable[[], object]) -> float:
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=2000)
    steps = parser.parse_args().steps
    metrics = curve(steps)
    table = Table("rule", "µs an update", "slowest, ms", title=f"{steps} steps")
    for name in RULES:
        if name not in ("any_of", "all_of", "insist"):
            mean, worst = rule_times(name, metrics)
            table.add_row(name, f"{1e6 * mean:.1f}", f"{1e3 * worst:.2f}")
    Console().print(table)
    fits = Table("curve", "prediction, ms", "three laws with bootstrap, ms", "whole forecast, ms")
    for count in (20, 200, 2000, 100_000):
        rewards = np.array([m.values["reward"] for m in curve(count)])
        seen, end, bounds = series(rewards), 3 * count, (0.0, 1.1)
        seconds = (
            timed(partial(predict, seen, float(end), bounds)),
            timed(partial(fit_laws, seen, float(end), bounds)),
            timed(partial(forecast, rewards, horizon=end, bounds=bounds)),
        )
        fits.add_row(f"{count} steps", *(f"{1e3 * value:.1f}" for value in seconds))
    Console().print(fits)


if __name__ == "__main__":
    main()
