"""What became of a run: fates and the step it was lost at, against curves made by hand; what may not matter doesn't."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.stopping.labels import Fate, Label, label_runs
from rltune.types import StepMetrics

Rewards = Sequence[float]


def curve(rewards: Rewards, **others: float) -> list[StepMetrics]:
    return [StepMetrics(step, {"reward": reward, **others}) for step, reward in enumerate(rewards, start=1)]


def label(*runs: Rewards) -> tuple[Label, ...]:
    return label_runs([curve(run) for run in runs])


def ramp(start: float, end: float, over: int, steps: int) -> list[float]:
    """Straight from `start` to `end` in `over` steps, then there."""
    return [start + (end - start) * min(t / over, 1) for t in range(steps)]


LEARNS = ramp(0.25, 0.75, 16, 64)
FLAT = [0.25] * 64


def test_a_group_with_every_fate() -> None:
    collapses = [*ramp(0.25, 0.75, 16, 32), *[0.0] * 32]
    bursts = [*LEARNS[:40], math.nan, *LEARNS[41:]]
    half = ramp(0.25, 0.5, 16, 64)
    labels = label(LEARNS, half, FLAT, collapses, bursts, LEARNS[:30], half)
    assert [each.fate for each in labels] == [
        Fate.GOOD,
        Fate.FINE,
        Fate.NEVER_LEARNED,
        Fate.COLLAPSED,
        Fate.DIVERGED,
        Fate.DIVERGED,
        Fate.FINE,
    ]
    assert [each.end for each in labels[:4]] == [0.75, 0.5, 0.25, 0.0]
    assert math.isnan(labels[4].end) and labels[4].lost == 41
    assert labels[5].lost == 30, "broke off: 30 of 64 steps"
    # The last level (mean of 5) of at least half of 0.75: three of five steps at 0.75 are left at step 34.
    assert labels[3].lost == 34
    # A third of the best gain is 1/6. The slow ones climb 1/64 a step, a level lags by two: at step 14.
    assert labels[2].lost == 14


def test_top_quarter() -> None:
    labels = label(*(ramp(0.0, 0.5 + i / 32, 8, 40) for i in range(8)))
    assert [each.fate is Fate.GOOD for each in labels] == [False] * 6 + [True] * 2
    few = label(ramp(0.0, 0.5, 8, 40), LEARNS[:40])
    assert [each.fate for each in few] == [Fate.FINE, Fate.GOOD], "of few the best"


def test_a_run_at_nine_tenths_of_the_longest_is_whole() -> None:
    assert [each.died for each in label(LEARNS, LEARNS[:58])] == [False, False]
    assert [each.died for each in label(LEARNS, LEARNS[:57])] == [False, True]


def test_a_run_on_its_own() -> None:
    assert label(LEARNS)[0].fate is Fate.GOOD
    (dead,) = label([*LEARNS[:40], *[0.25] * 40])
    assert dead.fate is Fate.COLLAPSED and dead.lost == 42
    assert label(ramp(0.5, 0.0, 20, 60))[0].fate is Fate.COLLAPSED
    assert label([*LEARNS[:40], -math.inf])[0].lost == 41


@pytest.mark.parametrize("value", [0.0, 1.0, 0.1, -0.7, 3.3, 1e-9])
@pytest.mark.parametrize("steps", [1, 2, 7, 100])
def test_where_nothing_changes_nothing_died(value: float, steps: int) -> None:
    assert label([value] * steps)[0].fate is Fate.FINE
    assert {each.fate for each in label([value] * steps, [value] * steps)} == {Fate.FINE}


@pytest.mark.parametrize("seed", range(20))
def test_noise_on_a_plateau_is_no_death(seed: int) -> None:
    noise = random.Random(seed)
    runs = [[0.9 + noise.gauss(0, 0.03) for _ in range(200)] for _ in range(6)]
    assert label(runs[0])[0].fate is Fate.FINE
    assert {each.fate for each in label(*runs)} == {Fate.FINE}


def test_a_fall_from_a_plateau_is_a_death() -> None:
    noise = random.Random(1)
    run = [(0.9 if t < 120 else 0.2) + noise.gauss(0, 0.03) for t in range(200)]
    (dead,) = label(run)
    assert dead.fate is Fate.COLLAPSED and dead.lost is not None and 119 <= dead.lost <= 124


def test_without_rewards_nothing_is_known() -> None:
    silent = [StepMetrics(t, {"kl": 0.1}) for t in range(1, 10)]
    labels = label_runs([curve(LEARNS), silent])
    assert labels[1].fate is Fate.UNKNOWN and not labels[1].died and labels[0].fate is Fate.GOOD
    assert label_runs([silent])[0].fate is Fate.UNKNOWN
    assert label_runs([]) == ()


def test_steps_without_a_reward_are_left_out() -> None:
    gaps = [m if m.step % 3 else StepMetrics(m.step, {"kl": 1.0}) for m in curve(LEARNS)]
    assert label_runs([gaps])[0].fate is Fate.GOOD


_reward = st.integers(-64, 64).map(lambda n: n / 64) | st.sampled_from([math.nan, math.inf])
_runs = st.lists(st.lists(_reward, min_size=1, max_size=30), min_size=1, max_size=6)


@given(_runs, st.integers(-8, 8), st.integers(-3, 3))
def test_a_shift_or_a_positive_factor_changes_no_label(runs: list[list[float]], shift: int, power: int) -> None:
    moved = label(*([reward * 2.0**power + shift for reward in run] for run in runs))
    for before, after in zip(label(*runs), moved, strict=True):
        assert (after.fate, after.lost) == (before.fate, before.lost)
        assert after.end == pytest.approx(before.end * 2.0**power + shift, nan_ok=True)


@given(_runs, st.randoms(use_true_random=False))
def test_the_order_of_the_runs_changes_no_label(runs: list[list[float]], chance: random.Random) -> None:
    order = list(range(len(runs)))
    chance.shuffle(order)
    assert repr(label(*(runs[i] for i in order))) == repr(tuple(label(*runs)[i] for i in order))


@given(_runs, st.floats())
def test_no_other_metric_changes_a_label(runs: list[list[float]], value: float) -> None:
    others = [curve(run, kl=value, entropy=value, grad_norm=value, zero_std_fraction=value) for run in runs]
    assert repr(label_runs(others)) == repr(label(*runs))


@given(_runs)
def test_what_died_was_lost_at_one_of_its_steps_and_the_best_lived(runs: list[list[float]]) -> None:
    labels = label(*runs)
    alive = [each.end for each in labels if not math.isnan(each.end)]
    for run, each in zip(runs, labels, strict=True):
        assert each.died == (each.fate in (Fate.DIVERGED, Fate.COLLAPSED, Fate.NEVER_LEARNED))
        assert math.isnan(each.end) == (each.fate is Fate.DIVERGED)
        if each.lost is not None and each.fate is not Fate.NEVER_LEARNED:
            assert 1 <= each.lost <= len(run)
        if not all(map(math.isfinite, run)):
            assert each.fate is Fate.DIVERGED
        if each.fate is Fate.GOOD and len(runs) < 8:
            assert each.end == max(alive)


@pytest.mark.slow
def test_a_hundred_thousand_steps() -> None:
    noise = random.Random(2)
    run = [0.7 - 0.5 * math.exp(-t / 20_000) + noise.gauss(0, 0.05) for t in range(100_000)]
    assert label(run)[0].fate is Fate.GOOD
