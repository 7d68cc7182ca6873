"""Gradients that explode, spike, grow, or vanish."""

from __future__ import annotations

import math
import random

from rltune.stopping.base import Decision, first_stop
from rltune.stopping.grad_explosion import GradExplosion

from .contract import curve

LEARNS = [0.3 + 0.01 * t for t in range(40)]
DIES = LEARNS + [0.6, 0.4, 0.2, 0.1] + [0.0] * 16
CALM = [1.0 + 0.3 * (-1) ** t for t in range(40)]


def stop(rewards: list[float], norms: list[float]) -> Decision | None:
    return first_stop(
        GradExplosion(), curve([{"reward": r, "grad_norm": g} for r, g in zip(rewards, norms, strict=True)])
    )


def test_gradients_that_explode_and_take_the_reward_along_are_stopped() -> None:
    decision = stop(DIES, CALM + [80.0] * 20)
    assert decision is not None and decision.step == 48
    assert decision.values["grad_norm"] == 80 and decision.values["median"] == 1.3
    assert "exploded to 80, over 10 times its median of 1.3" in decision.reason


def test_single_spikes_live() -> None:
    norms = [1000.0 if t in (15, 16, 30, 44, 45, 46) else 1.0 for t in range(60)]
    assert stop(DIES, norms) is None


def test_an_explosion_that_the_reward_survives_lives() -> None:
    assert stop(LEARNS + [0.7] * 20, CALM + [80.0] * 20) is None


def test_gradients_that_always_vary_by_factors_live() -> None:
    source = random.Random(0)
    levels = [source.lognormvariate(3.0, 2.0) for _ in range(40)]
    assert any(level > 10 * math.exp(3.0) for level in levels)
    assert stop([0.3] * 400, [levels[t // 10] for t in range(400)]) is None


def test_small_gradients_that_grow_tenfold_live() -> None:
    assert stop(DIES, [0.02] * 40 + [0.6] * 20) is None


def test_a_silent_run_has_no_gradients_and_no_explosion() -> None:
    assert stop([0.0] * 60, [0.0] * 60) is None


def test_the_first_steps_are_no_reference() -> None:
    decision = stop([0.4] + [0.0] * 39, [1.0, 1.0] + [900.0] * 38)
    assert decision is None
