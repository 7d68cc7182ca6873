"""The answers grow out of bounds, or into the limit, and the reward doesn't follow.

Long reasoning is learned by growing answers tenfold while the reward rises: so a run is stopped only if its reward
also stands no higher than at its start, or has lost half of what it had gained. (A published 7B run ends with half of
its answers cut at the limit, three times as long as at its best, at a reward within 2 % of its peak. It lives.)

Notation, at rollout step t:
    l_t  response length or, if that is less, its mean over the last `window` steps, tokens
    h    the run's own early level: median response length of its first `early` steps
    c_t  mean share of answers cut at the limit over the last `window` steps with it, and k its own early level
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rltune.stopping.base import Decision, Judge
from rltune.stopping.checks import check_count, check_number, check_share
from rltune.stopping.latch import Thresholds, abstention
from rltune.stopping.levels import Early, Smoothed, Standing
from rltune.types import StepMetrics

_GROWN = 1.5
"""Least growth of length, to the early level, that is a way into the limit: base models may begin close to it."""


@dataclass(frozen=True, slots=True)
class LengthRunaway(Thresholds):
    """Stops after `patience` consecutive steps with answers too long and the reward down.

    Too long is l_t >= near * limit and l_t >= 1.5 h; or, where the limit isn't known and the trainer reports
    `truncated_fraction`, c_t >= truncated and c_t >= 2 k; or l_t > ratio * h, which counts only if the reward has also
    fallen from its peak: answers may grow long before they pay.

    Attributes:
        ratio: to the early level. Healthy runs whose reward doesn't rise stay within 1.5 of it.
        limit: tokens at which answers are cut; None: not known.
        near: share of the limit that is near it.
        truncated: share of answers cut at the limit; base models may begin at 0.3.
        patience: consecutive steps: a reward that merely stands still is above its start every few steps.
        window: steps that length, truncation and reward are averaged over: long, since hard tasks rise slowly.
        early: steps that make the early level; none is stopped before.
        noise: standard errors that the reward's fall must exceed.
    """

    ratio: float = 3.0
    limit: int | None = None
    near: float = 0.9
    truncated: float = 0.5
    patience: int = 10
    window: int = 10
    early: int = 5
    noise: float = 3.0

    def __post_init__(self) -> None:
        check_number(self.name, "ratio", self.ratio, above=1)
        if self.limit is not None:
            check_count(self.name, "limit", self.limit, 1)
        check_share(self.name, "near", self.near)
        check_share(self.name, "truncated", self.truncated)
        check_count(self.name, "patience", self.patience, 1)
        check_count(self.name, "window", self.window, 1)
        check_count(self.name, "early", self.early, 1)
        check_number(self.name, "noise", self.noise)

    @property
    def name(self) -> str:
        return "length_runaway"

    @property
    def needs(self) -> tuple[str, ...]:
        return ("response_length", "reward")

    def judge(self) -> Judge:
        return _LengthRunawayJudge(self)


class _LengthRunawayJudge:
    def __init__(self, rule: LengthRunaway) -> None:
        self._rule = rule
        self._early, self._length = Early(rule.early), Smoothed(rule.window)
        self._early_cut, self._cut = Early(rule.early), Smoothed(rule.window)
        self._standing = Standing(rule.window, rule.noise)
        self._streak = 0

    def look(self, metrics: StepMetrics) -> Decision:
        rule, standing = self._rule, self._standing
        if (abstained := abstention(rule, metrics)) is not None:
            return abstained
        standing.add(metrics.values["reward"])
        now = metrics.values["response_length"]
        length = min(self._length.add(now), now)  # one step of long answers counts for one step
        early = self._early.add(now)
        values = {"response_length": length, "reward": standing.mean, "start": standing.start}
        if early is not None:
            values["early"] = early
        how = self._at_the_limit(length, early) or self._too_often_cut(metrics, values)
        if how is None and early is not None and length > rule.ratio * early and standing.fallen:
            how = f"from {early:.0f} to {length:.0f} tokens"
        self._streak = self._streak + 1 if how and standing.down else 0
        values["streak"] = float(self._streak)
        if self._streak < rule.patience:
            return Decision(False, rule.name, metrics.step, f"answers of {length:.0f} tokens", values)
        reason = (
            f"the answers ran away, {how}, for {self._streak} consecutive steps, at a reward of {standing.mean:.3g} "
            f"that started at {standing.start:.3g} and was at best {standing.peak:.3g}"
        )
        return Decision(True, rule.name, metrics.step, reason, values)

    def _at_the_limit(self, length: float, early: float | None) -> str | None:
        """In words how near the limit the answers have come, or None."""
        rule = self._rule
        if early is None or rule.limit is None or length < max(rule.near * rule.limit, _GROWN * early):
            return None
        return f"from {early:.0f} to {length:.0f} tokens, near the limit of {rule.limit}"

    def _too_often_cut(self, metrics: StepMetrics, values: dict[str, float]) -> str | None:
        """In words how often answers are cut, or None; only where the limit isn't known. Adds to `values`."""
        share = metrics.values.get("truncated_fraction", math.nan)
        if self._rule.limit is not None or not math.isfinite(share):
            return None
        cut, early = self._cut.add(share), self._early_cut.add(share)
        values["truncated_fraction"] = cut
        if early is None or cut < self._rule.truncated or cut < 2 * early:
            return None
        return f"cut at the limit in {cut:.0%} of cases, at first {early:.0%}"
