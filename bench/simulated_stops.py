"""False stops and misses of the default rules on simulated curves of many shapes, healthy and dying.

    python bench/simulated_stops.py [--seeds 100]

Recorded runs can't show what other tasks' rewards look like: few samples a step, rewards that wander, curricula,
answers that grow. Each curve has a reward and, beside it, KL, entropy, gradient norm and answer length of a healthy run
unless its line says otherwise. No horizon is told, so rules that look ahead abstain.
"""

from __future__ import annotations

import argparse
import collections
import statistics
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table

from rltune.stopping.build import PRESETS
from rltune.stopping.replay import replay
from rltune.types import StepMetrics

Array = np.ndarray
Shape = Callable[[np.random.Generator], dict[str, Array]]
STEPS = 300
T = np.arange(STEPS)


def rise(start: float, end: float, pace: float, steps: Array = T) -> Array:
    return start + (end - start) * (1 - np.exp(-pace * steps / STEPS))


def sampled(rng: np.random.Generator, level: Array, answers: int) -> Array:
    """The mean of `answers` right-or-wrong rewards a step."""
    return rng.binomial(answers, np.clip(level, 0, 1)) / answers


def wander(rng: np.random.Generator, memory: float, spread: float) -> Array:
    drift = np.zeros(STEPS)
    for i in range(1, STEPS):
        drift[i] = memory * drift[i - 1] + spread * rng.standard_normal()
    return drift


def run_of(level: Array, answers: int = 64, **others: Array) -> Shape:
    return lambda rng: {"reward": sampled(rng, level, answers), **others}


HALF, LATE = STEPS // 2, np.maximum(0, T - 100)

HEALTHY: dict[str, Shape] = {
    "rises, 8 answers a step": run_of(rise(0.2, 0.8, 5), 8),
    "flat at 0.5, 8 answers a step": run_of(np.full(STEPS, 0.5), 8),
    "0.5 % right, rises at 140, 256 answers": run_of(0.005 + 0.6 / (1 + np.exp(-(T - 140) / 10)), 256),
    "2 % right, rises at 200, 8 answers": run_of(0.02 + 0.6 / (1 + np.exp(-(T - 200) / 20)), 8),
    "drops by 30 % for 20 steps, twice": run_of(
        rise(0.2, 0.85, 6) * np.where(((T >= 100) & (T < 120)) | ((T >= 200) & (T < 220)), 0.7, 1), 256
    ),
    "a curriculum resets it to its start": run_of(
        np.where(T < HALF, rise(0.3, 0.9, 10), rise(0.35, 0.85, 8, T - HALF)), 256
    ),
    "falls from 0.6 to 0.4 in 20 steps, then rises": run_of(
        np.where(T < 20, 0.6 - 0.01 * T, rise(0.4, 0.8, 5, T - 20)), 256
    ),
    "reaches 1, groups all alike": run_of(
        np.minimum(1, 0.3 + T / 100), 256, zero_std_fraction=np.where(T >= 70, 1.0, 0.3 + 0.009 * T)
    ),
    "1 from the first step on": run_of(np.ones(STEPS), 256, zero_std_fraction=np.ones(STEPS)),
    "overoptimized: 0.9, then slowly 0.8": run_of(rise(0.3, 0.9, 12) - 0.1 * np.maximum(0, T - HALF) / HALF, 256),
    "swings by 0.1 every 40 steps": run_of(rise(0.3, 0.8, 6) + 0.1 * np.sin(T / 40 * 2 * np.pi), 256),
    "0.80 to 0.84, neighbouring batches alike": lambda rng: {
        "reward": sampled(rng, 0.8 + 0.04 * T / STEPS + wander(rng, 0.9, 0.01), 512)
    },
    "wanders about 0.5, learns nothing": lambda rng: {"reward": 0.5 + wander(rng, 0.95, 0.02)},
    "heavy tails (Student t, 2)": lambda rng: {"reward": rise(0.2, 0.8, 5) + 0.05 * rng.standard_t(2, STEPS)},
    "from -10 to 0": lambda rng: {"reward": -10 * np.exp(-4 * T / STEPS) + 0.5 * rng.standard_normal(STEPS)},
    "KL grows to 5, reward rises": run_of(rise(0.4, 0.6, 20), kl=0.01 * np.exp(6.2 * T / STEPS)),
    "entropy falls to 0.01, reward rises": run_of(rise(0.3, 0.9, 6), 256, entropy=np.geomspace(0.6, 0.01, STEPS)),
    "answers ten times as long, reward rises": run_of(rise(0.3, 0.6, 1), 256, response_length=300 + 9.0 * T),
    "answers grow while it is flat for 100 steps": run_of(0.3 + 0.3 * LATE / 200, 128, response_length=300 + 9.0 * T),
    "single steps' gradients explode": lambda rng: {
        "reward": sampled(rng, rise(0.2, 0.8, 5), 64),
        "grad_norm": np.where(rng.random(STEPS) < 0.01, 50.0, 0.5),
    },
}

DYING: dict[str, Shape] = {
    "falls to 0 at half": run_of(np.where(T < HALF, rise(0.2, 0.8, 5), 0.0)),
    "falls to its start at half": run_of(np.where(T < HALF, rise(0.2, 0.8, 5), 0.2)),
    "falls from 0.8 to 0.45 at half": run_of(np.where(T < HALF, rise(0.2, 0.8, 6), 0.45), 128),
    "falls slowly to 0": run_of(rise(0.3, 0.8, 10) * np.clip(1 - (T - 100) / 150, 0, 1)),
    "falls from its first step on": run_of(np.maximum(0.1, 0.6 - 0.5 * T / 30)),
    "falls to 0.1 at half, 8 answers a step": run_of(np.where(T < HALF, rise(0.2, 0.8, 5), 0.1), 8),
    "0 from the first step on": run_of(np.zeros(STEPS)),
    "-1 from the first step on": lambda rng: {"reward": -np.ones(STEPS)},
    "from 0 to -10": lambda rng: {"reward": -10 * np.clip((T - 80) / 60, 0, 1) + 0.3 * rng.standard_normal(STEPS)},
    "KL explodes, reward falls": run_of(
        np.where(T < 100, rise(0.2, 0.8, 5), np.maximum(0.1, 0.7 - 0.02 * LATE)), kl=0.1 * np.exp(LATE / 8)
    ),
}


def curve(shape: Shape, seed: int) -> list[StepMetrics]:
    rng = np.random.default_rng(seed)
    jitter = np.exp(0.15 * rng.standard_normal((4, STEPS)))
    healthy = {
        "kl": 0.2 * (T + 1) / STEPS * jitter[0] ** 2,
        "entropy": (0.6 - 0.4 * T / STEPS) * jitter[1],
        "grad_norm": 0.5 * jitter[2] ** 2,
        "response_length": 200 * jitter[3],
    }
    metrics = healthy | shape(rng)
    return [StepMetrics(i + 1, {name: float(values[i]) for name, values in metrics.items()}) for i in range(STEPS)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100)
    seeds = parser.parse_args().seeds
    for title, shapes in (("healthy", HEALTHY), ("dying", DYING)):
        table = Table(f"{title} curve", "stopped", "median step", "by", title=f"{STEPS} steps, {seeds} seeds each")
        for name, shape in shapes.items():
            stops = [replay(PRESETS["default"], curve(shape, seed)).stop for seed in range(seeds)]
            found = [stop for stop in stops if stop is not None]
            when = f"{statistics.median(stop.step for stop in found):.0f}" if found else "–"
            rules = collections.Counter(stop.rule for stop in found)
            table.add_row(name, f"{len(found) / seeds:.0%}", when, ", ".join(rules))
        Console().print(table)


if __name__ == "__main__":
    main()
