"""A reward law across model sizes: where the curve of a size goes that hasn't been run yet.

After arXiv 2507.18014, whose law depends on model size, initial reward and normalized progress. Runs are grouped by
configuration: each has its own pace and reach, and how both change with size is common to all. Models of a family
don't lie on a line, though: each size has its own quirk besides, which the law learns for the sizes that it has seen
and takes for zero elsewhere. Without it a quirk of two sizes passes for a trend.

Notation, for a curve of group g, model size N (parameters), initial reward R0, progress x = step / horizon:
    z  ln(N / N_ref), N_ref the geometric mean of the sizes fitted on
    R(x) = R0 + (high - R0) reach (1 - exp(-(pace x)^s))
    reach = sigmoid(c_g + c z + a_N), the share of the headroom that is won;  pace = exp(d_g + d z + b_N);  s common
    a_N, b_N  the size's own quirks, normal about 0
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy.optimize import least_squares
from scipy.special import expit, logit

from rltune.curves.series import Array, Series, binned, drawn_in, step_noise
from rltune.errors import CurveError

_POINTS = 32  # a curve's bins: all curves weigh the same, however long
_SLOPE_PRIOR = 0.2  # standard deviation of the slopes c and d per e-fold of size: two sizes alone hardly tell them
_QUIRK_PRIOR = 0.5  # of a_N and b_N
_OFFSET_PRIOR = 2.0  # of c_g and d_g about their common means
_START = (logit(0.7), 1.5, 0.0, 0.0, 0.0)  # common c, common d, slope c, slope d, ln s


@dataclass(frozen=True, slots=True)
class SizedCurve:
    """A run on a model of `size` parameters: `initial` reward before training, and the curve over `horizon` steps.

    `group` names its configuration; curves of several sizes share one.
    """

    size: float
    initial: float
    curve: Series
    horizon: float
    group: str = ""


@dataclass(frozen=True, slots=True)
class SizeLaw:
    """The fitted law. `reach`, `pace`: c_g and d_g by group; `slopes`: (c, d); `shape`: s; `high`: the best reward."""

    reach: Mapping[str, float]
    pace: Mapping[str, float]
    slopes: tuple[float, float]
    shape: float
    reference: float
    high: float

    def level(self, size: float, initial: float, progress: Array, group: str = "") -> Array:
        """R at `progress` (n,) for a model of `size` parameters that starts at `initial`.

        Raises:
            CurveError: if no curve of `group` was fitted.
        """
        if group not in self.reach:
            raise CurveError(f"no curve of the group {group!r} was fitted", where="group")
        z = np.log(size / self.reference)
        reach = expit(self.reach[group] + self.slopes[0] * z)
        pace = np.exp(self.pace[group] + self.slopes[1] * z)
        return initial + (self.high - initial) * reach * -np.expm1(-((pace * np.asarray(progress)) ** self.shape))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One curve predicted from the other sizes.

    Attributes:
        run: the curve. predicted: (n,) level at its steps. error: mean absolute error of the trajectory, against the
            curve smoothed over a tenth of its steps. final_error: of its last tenth.
    """

    run: SizedCurve
    predicted: Array
    error: float
    final_error: float


def fit_size_law(runs: Sequence[SizedCurve], high: float = 1.0) -> SizeLaw:
    """Fits the law to runs of at least two sizes; `high` is the best possible reward.

    Raises:
        CurveError: if there are fewer than two sizes, a curve isn't finite, or a reward or initial reward lies above
            `high`.
    """
    _check(runs, high)
    groups = sorted({run.group for run in runs})
    reference = float(np.exp(np.mean([np.log(size) for size in sorted({run.size for run in runs})])))
    sizes = sorted({run.size for run in runs})
    prepared = [_prepare(run, groups, sizes, reference) for run in runs]
    count, kinds = len(groups), len(sizes)

    def residuals(p: Array) -> Array:
        c, d, slope_c, slope_d, log_s = p[:5]
        offsets, quirks = p[5 : 5 + 2 * count].reshape(2, count), p[5 + 2 * count :].reshape(2, kinds)
        parts = [p[2:4] / _SLOPE_PRIOR, offsets.ravel() / _OFFSET_PRIOR, quirks.ravel() / _QUIRK_PRIOR]
        for number, size, z, initial, x, y, weight in prepared:
            reach = expit(c + offsets[0, number] + slope_c * z + quirks[0, size])
            pace = np.exp(d + offsets[1, number] + slope_d * z + quirks[1, size])
            level = initial + (high - initial) * reach * -np.expm1(-((pace * x) ** np.exp(log_s)))
            parts.append((level - y) * weight)
        return np.concatenate(parts)

    p = least_squares(
        residuals, np.concatenate((_START, np.zeros(2 * count + 2 * kinds))), loss="soft_l1", f_scale=3.0
    ).x
    return SizeLaw(
        MappingProxyType({group: float(p[0] + p[5 + i]) for i, group in enumerate(groups)}),
        MappingProxyType({group: float(p[1] + p[5 + count + i]) for i, group in enumerate(groups)}),
        (float(p[2]), float(p[3])),
        float(np.exp(p[4])),
        reference,
        high,
    )


def leave_one_size_out(runs: Sequence[SizedCurve], size: float, high: float = 1.0) -> tuple[LeftOut, ...]:
    """Fits on all other sizes and predicts each run of `size` whose group was fitted; it gives its initial reward only.

    Raises:
        CurveError: if the other sizes are fewer than two.
    """
    law = fit_size_law([run for run in runs if run.size != size], high)
    return tuple(_left_out(law, run) for run in runs if run.size == size and run.group in law.reach)


def _left_out(law: SizeLaw, run: SizedCurve) -> LeftOut:
    predicted = law.level(run.size, run.initial, run.curve.steps / run.horizon, run.group)
    n = len(run.curve)
    window = max(1, round(0.1 * n))
    padded = np.pad(run.curve.rewards, (window // 2, window - 1 - window // 2), mode="edge")
    level = np.convolve(padded, np.full(window, 1 / window), mode="valid")
    return LeftOut(
        run,
        predicted,
        float(np.abs(predicted - level).mean()),
        float(abs(predicted[-window:].mean() - run.curve.rewards[-window:].mean())),
    )


def _prepare(
    run: SizedCurve, groups: Sequence[str], sizes: Sequence[float], reference: float
) -> tuple[int, int, float, float, Array, Array, Array]:
    """Numbers of the group and of the size, z, initial reward, binned progress and rewards, and weights in units of the
    curve's noise."""
    noise = max(step_noise(run.curve.rewards), 1e-3)
    steps, y, counts = binned(Series(run.curve.steps, drawn_in(run.curve.rewards, noise)), _POINTS)
    weights = np.sqrt(counts * _POINTS / counts.sum()) / noise
    z = float(np.log(run.size / reference))
    return groups.index(run.group), sizes.index(run.size), z, run.initial, steps / run.horizon, y, weights


def _check(runs: Sequence[SizedCurve], high: float) -> None:
    sizes = {run.size for run in runs}
    if len(sizes) < 2 or min(sizes) <= 0:
        raise CurveError(
            f"expected curves of at least two model sizes > 0, got {len(sizes)}",
            where="sizes",
            hint="one size can't tell what size changes",
        )
    for run in runs:
        if run.curve.first_bad is not None:
            raise CurveError(f"a curve of size {run.size:g} is not finite at step {run.curve.first_bad}", where="curve")
        if max(run.initial, float(run.curve.rewards.max())) > high or run.initial >= high:
            raise CurveError(f"a curve of size {run.size:g} lies above the best reward {high:g}", where="high")
