"""Forecast of a reward curve: where it ends, how sure that is, which phase it is in, when to stop; or why not.

from rltune.curves.forecast import forecast
result = forecast(rewards, horizon=400)      # an array of shape (n,), one reward a step
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rltune.curves.advice import Advice, advise, look_back
from rltune.curves.fit import LawFit, fit_laws
from rltune.curves.phases import Phase, PhaseName, find_phases
from rltune.curves.predict import TAIL, Prediction, level_at_end, predict
from rltune.curves.series import USUAL_RANGES, Array, Series, bounds_of, series, step_noise
from rltune.errors import CurveError

LEAST_STEPS = 8
"""Fewer steps say nothing about a curve with noise."""

WORTH = 0.01
"""A gain that is not worth more training, as a share of the reward's range."""

_SETTLED = 600  # draws of a finished run's measured level, whose interval is that of its last steps' noise
_FARTHEST = 20.0  # a horizon of more than so many times the steps seen is not extrapolated to


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where a curve goes.

    Attributes:
        last_step, horizon: steps seen, and the step that the forecast is for.
        now: level at the last step seen (mean over the last tenth).
        final: expected reward at the horizon, mean over its last tenth.
        interval: (low, high) that holds it with probability `coverage`.
        noise: standard deviation of a single step's reward.
        phases: so far; the last one is now. laws: the fitted laws, best first.
        advice: when to stop. worth: the gain below which more training doesn't pay, in units of reward.
        ahead: (m,) steps; expected, low, high: (m,) level at them and its interval, without single steps' noise.
    """

    last_step: int
    horizon: int
    now: float
    final: float
    interval: tuple[float, float]
    coverage: float
    noise: float
    phases: tuple[Phase, ...]
    laws: tuple[LawFit, ...]
    advice: Advice
    worth: float
    ahead: Array
    expected: Array
    low: Array
    high: Array

    @property
    def phase(self) -> PhaseName:
        """The phase that the curve was in at the last step seen."""
        return self.phases[-1].name


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a curve isn't extrapolated. `phases` so far, as far as there are any."""

    reason: str
    last_step: int
    phases: tuple[Phase, ...] = ()


def forecast(
    rewards: ArrayLike,
    steps: ArrayLike | None = None,
    *,
    horizon: int | None = None,
    bounds: Sequence[float] | None = None,
    coverage: float = 0.8,
    worth: float | None = None,
    seed: int = 0,
) -> Forecast | Refusal:
    """Forecasts a reward curve.

    Args:
        rewards: (n,) one a step. steps: (n,) their step numbers, > 0 and rising; None: 1 ... n.
        horizon: the step to forecast for; None: the last one, which describes a finished run.
        bounds: (low, high) of the reward; None: [0, 1] or [-1, 1] if all rewards lie in it, else what they span,
            widened.
        coverage: probability of the interval, in (0, 1).
        worth: gain that isn't worth more training, in units of reward; None: 1 % of the range, or of what the
            rewards span where their range is only guessed. A fall by less is no collapse either.
        seed: of the draws; the same input gives the same output.

    Raises:
        CurveError: if arrays, bounds, horizon, coverage or worth are impossible.
    """
    curve = series(rewards, steps)
    last = int(curve.steps[-1])
    end = last if horizon is None else int(horizon)
    _check(last, end, coverage, worth)
    refusal = _refuse(curve, end)
    if refusal is not None:
        return refusal
    low, high = bounds_of(curve.rewards, bounds)
    guessed = bounds is None and (low, high) not in USUAL_RANGES
    if worth is None:
        worth = WORTH * float(np.ptp(curve.rewards) if guessed else high - low)
    phases = find_phases(curve)
    finished = end == last
    fall = phases[-1].first_level - phases[-1].last_level
    # A fall of less than a gain that isn't worth more training is a wobble: the drift explains it.
    if phases[-1].name is PhaseName.DECLINE and fall > worth and not finished:
        return Refusal(_fallen(phases[-1]), last, phases)
    futures = predict(curve, float(end), (low, high), seed) if not finished else _settled(curve)
    final = np.clip(futures.final() + _tail_noise(futures, TAIL * end * len(curve) / last, seed), low, high)
    tails = [(1 - coverage) / 2, (1 + coverage) / 2]
    band = np.quantile(futures.paths, tails, axis=0)
    return Forecast(
        last_step=last,
        horizon=end,
        now=level_at_end(curve.rewards),
        final=float(futures.final().mean()),
        interval=(float(np.quantile(final, tails[0])), float(np.quantile(final, tails[1]))),
        coverage=coverage,
        noise=futures.noise,
        phases=phases,
        laws=fit_laws(curve, float(end), (low, high), seed=seed),
        advice=look_back(curve, worth, phases[-1]) if finished else advise(futures, worth),
        worth=worth,
        ahead=futures.steps,
        expected=futures.paths.mean(axis=0),
        low=band[0],
        high=band[1],
    )


def _check(last: int, end: int, coverage: float, worth: float | None) -> None:
    """Raises CurveError unless the request is possible."""
    if end < last:
        raise CurveError(f"the horizon {end} lies before the last step {last}", where="horizon", hint="raise it")
    if not 0 < coverage < 1:
        raise CurveError(f"coverage must lie between 0 and 1, got {coverage:g}", where="coverage")
    if worth is not None and not worth >= 0:
        raise CurveError(f"worth must be a number >= 0, got {worth:g}", where="worth")


def _refuse(curve: Series, horizon: int) -> Refusal | None:
    last, n = int(curve.steps[-1]), len(curve)
    if curve.first_bad is not None:
        value = curve.rewards[curve.steps == curve.first_bad][0]
        return Refusal(f"the reward is {value:g} at step {curve.first_bad}: the run has failed", last)
    if n < LEAST_STEPS:
        few = f"{n} steps are" if n > 1 else "1 step is"
        return Refusal(f"{few} too few: at least {LEAST_STEPS} are needed to tell a trend from noise", last)
    if np.ptp(curve.rewards) == 0:
        return Refusal(f"the reward is {curve.rewards[0]:g} at all {n} steps: there is no curve to extrapolate", last)
    if horizon > _FARTHEST * last:
        return Refusal(
            f"step {horizon} is more than {_FARTHEST:.0f} times as far as the {last} steps seen: ask again later", last
        )
    return None


def _fallen(decline: Phase) -> str:
    return (
        f"the reward has fallen from {decline.first_level:.3g} at step {decline.first_step} to "
        f"{decline.last_level:.3g} at step {decline.last_step}: the laws describe rising curves, and say nothing about "
        "one that has collapsed"
    )


def _settled(curve: Series) -> Prediction:
    """The future of a finished run: what it has reached."""
    levels = np.full((_SETTLED, 1), level_at_end(curve.rewards))
    return Prediction(curve.steps[-1:], levels, step_noise(curve.rewards), "", 1.0)


def _tail_noise(futures: Prediction, count: float, seed: int) -> Array:
    """(draws,) noise of the mean of the last `count` rewards, which a measured end has on top of its level."""
    rng = np.random.default_rng([seed, 1])
    return rng.standard_normal(futures.paths.shape[0]) * futures.noise / max(1.0, count) ** 0.5
