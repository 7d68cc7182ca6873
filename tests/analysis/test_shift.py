"""How far the best learning rate moves: found where pairs allow it, refused in words where they don't."""

from __future__ import annotations

import numpy as np
import pytest

from rltune.analysis.shift import NoShift, Shift, log_shift


def response(log_rate: np.ndarray, best: float) -> np.ndarray:
    """Slow below the best rate, a cliff above it."""
    excess = log_rate - best
    return 0.4 + 0.5 * np.exp(-((excess / np.where(excess < 0, 0.9, 0.35)) ** 2))


def pairs(count: int, moved: float, seed: int = 0) -> tuple[list[float], list[float], list[float]]:
    """Rates and scores on both models; another hyperparameter moves both scores alike."""
    rng = np.random.default_rng(seed)
    rate, other = rng.uniform(-5.3, -2.3, count), rng.uniform(0, 0.1, count)
    proxy = response(rate, -3.6) - other + rng.normal(0, 0.02, count)
    target = response(rate, -3.6 + moved) - other + rng.normal(0, 0.02, count)
    return list(10**rate), list(proxy), list(target)


@pytest.mark.parametrize("moved", [-0.6, -0.3, 0.0, 0.4])
def test_a_shift_is_found(moved: float) -> None:
    found = log_shift(*pairs(60, moved))
    assert isinstance(found, Shift) and found.pairs == 60
    assert found.decades == pytest.approx(moved, abs=0.1)
    assert found.low <= moved + 0.05 and found.high >= moved - 0.05
    assert found.sure == (moved != 0.0)
    assert ("times the proxy's" in found.text) == found.sure


def test_more_runs_of_the_proxy_let_fewer_pairs_tell() -> None:
    told = {False: 0, True: 0}
    for seed in range(4):
        rate, proxy, _ = pairs(40, -0.4, seed + 100)
        for more in told:
            extra = (rate, proxy) if more else ()
            told[more] += isinstance(log_shift(*pairs(8, -0.4, seed), *extra), Shift)
    assert told[True] > told[False]


@pytest.mark.parametrize(
    ("count", "change", "why"),
    [
        (4, lambda rate, p, t: (rate, p, t), "4 pairs, 6 are needed"),
        (12, lambda rate, p, t: ([1e-4 * (1 + 0.01 * i) for i in range(12)], p, t), "decades of learning rate"),
        (12, lambda rate, p, t: (rate, p, [0.5] * 12), "equal"),
        (40, lambda rate, p, t: (rate, p, list(np.random.default_rng(3).uniform(size=40))), "explains"),
    ],
)
def test_pairs_that_cannot_tell_are_refused_with_the_reason(count: int, change, why: str) -> None:
    found = log_shift(*change(*pairs(count, -0.3)))
    assert isinstance(found, NoShift) and why in found.reason and "can't be told" in found.text


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        log_shift([0.0] * 6, [1.0] * 6, [1.0] * 6)
    with pytest.raises(ValueError, match="equally many"):
        log_shift([1.0] * 6, [1.0] * 6, [1.0] * 5)
