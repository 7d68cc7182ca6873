"""The updates explode: step after step the gradient norm is far above the run's own, and the reward doesn't hold.

Single spikes are healthy: published runs show up to 150 times the median, for one or two steps, and go on learning (the
gradient is clipped). Slow growth is healthy too: twofold over 400 steps. Gradient norms vary by factors, not by
sums, so all is compared on the logarithm.

Notation, at rollout step t, with g_t the gradient norm before clipping:
    m    median of g_1 ... g_t
    d    spread: median of |log g_u - log m| over u = 1 ... t, with the median as it was at u; in robust standard
         deviations d / 0.6745
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from rltune.stopping.base import Decision, Judge
from rltune.stopping.checks import check_count, check_number
from rltune.stopping.latch import Thresholds, abstention
from rltune.stopping.levels import RunningMedian, Standing
from rltune.types import StepMetrics

_MEDIAN_DEVIATION = statistics.NormalDist().inv_cdf(0.75)
"""Median of |x| for a normal x of standard deviation 1."""

_LEAST = 1e-12
"""Gradient norms below this are taken for this: a run without a signal reports 0, which has no logarithm."""


@dataclass(frozen=True, slots=True)
class GradExplosion(Thresholds):
    """Stops after `patience` consecutive steps with g_t exploded and the reward down.

    Exploded is g_t > ratio * m and log g_t > log m + spread * d / 0.6745 and g_t > floor.

    Attributes:
        ratio: to the median. Healthy runs exceed 3 for at most three steps on end, 10 for at most two.
        spread: robust standard deviations above the median, on the logarithm, for runs that always vary by factors.
        floor: gradient norm that is never too much. Healthy medians are 0.1 (7B, GRPO), 4 (0.5B, PPO), 2 (tiny).
        patience: consecutive steps, each of them exploded.
        warmup: steps at the start at which none is stopped; they make the median.
        window: steps that the reward is averaged over.
        noise: standard errors that the reward's fall must exceed.
    """

    ratio: float = 10.0
    spread: float = 5.0
    floor: float = 10.0
    patience: int = 5
    warmup: int = 10
    window: int = 5
    noise: float = 3.0

    def __post_init__(self) -> None:
        check_number(self.name, "ratio", self.ratio, above=1)
        check_number(self.name, "spread", self.spread)
        check_number(self.name, "floor", self.floor)
        check_count(self.name, "patience", self.patience, 1)
        check_count(self.name, "warmup", self.warmup, 0)
        check_count(self.name, "window", self.window, 1)
        check_number(self.name, "noise", self.noise)

    @property
    def name(self) -> str:
        return "grad_explosion"

    @property
    def needs(self) -> tuple[str, ...]:
        return ("grad_norm", "reward")

    def judge(self) -> Judge:
        return _GradExplosionJudge(self)


class _GradExplosionJudge:
    def __init__(self, rule: GradExplosion) -> None:
        self._rule = rule
        self._median, self._spread = RunningMedian(), RunningMedian()  # of g_t, and of its distance to it
        self._standing = Standing(rule.window, rule.noise)
        self._streak = 0

    def look(self, metrics: StepMetrics) -> Decision:
        rule, standing = self._rule, self._standing
        if (abstained := abstention(rule, metrics)) is not None:
            return abstained
        standing.add(metrics.values["reward"])
        norm = metrics.values["grad_norm"]
        self._median.add(norm)
        median = self._median.value
        above = math.log(max(norm, _LEAST) / max(median, _LEAST))
        self._spread.add(abs(above))
        deviation = self._spread.value / _MEDIAN_DEVIATION
        exploded = norm > rule.floor and above > math.log(rule.ratio) and above > rule.spread * deviation
        counts = exploded and standing.down and metrics.step > rule.warmup
        self._streak = self._streak + 1 if counts else 0
        values = {"grad_norm": norm, "median": median, "reward": standing.mean, "streak": float(self._streak)}
        if self._streak < rule.patience:
            return Decision(False, rule.name, metrics.step, f"gradient norm {norm:.3g}, median {median:.3g}", values)
        reason = (
            f"the gradient norm exploded to {norm:.3g}, over {rule.ratio:g} times its median of {median:.3g}, for "
            f"{self._streak} consecutive steps, at a reward of {standing.mean:.3g} that started at "
            f"{standing.start:.3g} and was at best {standing.peak:.3g}"
        )
        return Decision(True, rule.name, metrics.step, reason, values)
