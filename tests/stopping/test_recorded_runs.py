"""The default preset and the forecast on recorded real runs: what the docs promise still holds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rltune.analysis.replay import Judged, judge, rules_replayer, verdict
from rltune.curves.forecast import Forecast, forecast
from rltune.stopping.build import describe_rules
from rltune.trainers.logs.build import read_log
from rltune.types import StepMetrics

DATA = Path(__file__).parents[2] / "bench" / "data" / "arithmetic-easy"
CHOSEN_ON = 128  # wide configurations below this number were looked at when thresholds were chosen


@pytest.fixture(scope="module")
def runs() -> dict[str, tuple[StepMetrics, ...]]:
    """Runs of the wide space with the first seed, by name, in the order of recording."""
    heads = [json.loads(line) for line in (DATA / "runs.jsonl").read_text().splitlines()]
    wide = [head["run"] for head in heads if head["group"] == "wide" and head["seed"] == 0]
    curves = {run.run: run.training for run in read_log(DATA / "curves.jsonl.gz")}
    return {name: curves[name] for name in wide}


@pytest.fixture(scope="module")
def judged(runs: dict[str, tuple[StepMetrics, ...]]) -> dict[str, Judged]:
    sizes = [name.split("-")[0] for name in runs]
    found = judge(list(runs.values()), sizes, rules_replayer(describe_rules("default")))
    return dict(zip(runs, found, strict=True))


def held_out(name: str) -> bool:
    return int(name.split("-")[1][1:]) >= CHOSEN_ON


@pytest.mark.slow
def test_there_are_enough_runs_and_a_third_of_them_dies(judged: dict[str, Judged]) -> None:
    assert len(judged) >= 2 * 96
    assert sum(found.label.died for found in judged.values()) >= len(judged) / 3


@pytest.mark.slow
@pytest.mark.parametrize("chosen", [False, True])
def test_the_default_preset_catches_dying_runs_and_no_good_one(judged: dict[str, Judged], chosen: bool) -> None:
    found = verdict([one for name, one in judged.items() if held_out(name) is not chosen])
    assert found.good_lost.count == 0 and found.best_lost.count == 0
    assert found.caught >= 0.8


@pytest.mark.slow
def test_intervals_hold_what_came(runs: dict[str, tuple[StepMetrics, ...]], judged: dict[str, Judged]) -> None:
    inside, ours, last = [], [], []
    for name, curve in runs.items():
        if judged[name].label.died or not held_out(name):
            continue
        rewards = np.array([metrics.values["reward"] for metrics in curve])
        seen = rewards[: round(0.3 * rewards.size)]
        found = forecast(seen, horizon=rewards.size)
        if isinstance(found, Forecast):
            actual = rewards[-6:].mean()
            inside.append(found.interval[0] <= actual <= found.interval[1])
            ours.append(abs(found.final - actual))
            last.append(abs(seen[-1] - actual))
    assert 0.65 <= np.mean(inside) <= 0.95
    assert np.mean(ours) < 0.6 * np.mean(last)
