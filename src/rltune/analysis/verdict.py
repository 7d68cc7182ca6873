"""Does a proxy's ranking hold on the target? A verdict from pairs, with its reason.

Two questions, since a high rank correlation isn't enough: does the proxy *order* configurations as the target does
(Spearman's rho with its interval), and what does it cost to *pick* the proxy's best (its loss on the target against
the best of the pairs, beyond noise; or its death there)?

    strong   ρ above DECENT throughout the interval, and the proxy's pick loses little
    weak     r below DECENT, and ρ below GOOD throughout the interval (so low an r is rare if the proxy is any good)
             or the proxy's pick dies on the target; without an r, that death alone
    unknown  all else; with four pairs nothing can be strong, and a good proxy is called weak rarely
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from rltune.analysis.certainty import RankEstimate, estimate, pairs_needed

DECENT = 0.5
"""Spearman's rho above which a proxy's ranking is worth following."""
GOOD = 0.75
"""Spearman's rho of a good proxy; the embedded family's, with scaled learning rates, have 0.8 and more."""
MUCH = 1 / 3
"""Share of the spread of target scores above which the loss by the proxy's pick counts as much."""
NOISE_FACTOR = 2.0
"""A loss is real from so many standard errors of a difference on."""


class Standing(StrEnum):
    """What the pairs say of the proxy: it ranks well, it misleads, or they can't tell."""

    STRONG = "strong"
    WEAK = "weak"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Pick:
    """What it costs to take the proxy's best configuration for the target's.

    Attributes:
        lost: target score of the best of the pairs minus that of the proxy's best. share: of the target scores' spread.
        real: whether it is more than noise. died: whether a rule stopped it on the target, or it diverged.
        shared, of: of the proxy's best `of`, so many are among the target's best.
    """

    lost: float
    share: float
    real: bool
    died: bool
    shared: int
    of: int

    @property
    def costly(self) -> bool:
        """Whether taking the proxy's best loses a good part of what there is to gain, beyond noise."""
        return self.died or (self.real and self.share > MUCH)

    @property
    def text(self) -> str:
        """What picking the proxy's best loses, in words."""
        top = "" if self.of < 2 else f"; {self.shared} of the proxy's best {self.of} are among the target's"
        if self.died:
            return f"the proxy's best died on the target{top}"
        if not self.real:
            return f"the proxy's best loses nothing measurable on the target{top}"
        return (
            f"the proxy's best scores {self.lost:.3f} less on the target than the best there, {100 * self.share:.0f} % "
            f"of the spread{top}"
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What pairs say of a proxy.

    Attributes:
        spearman, kendall: None with fewer than three pairs or a constant side.
        pick: None without any pair.
        needed: pairs that would put rho's interval on one side of DECENT, if it stays what it is; None if unknown.
    """

    standing: Standing
    reason: str
    pairs: int
    spearman: RankEstimate | None = None
    kendall: RankEstimate | None = None
    pick: Pick | None = None
    needed: int | None = None


def judge(proxy: Sequence[float], target: Sequence[float], noise: float = 0.0, died: Sequence[bool] = ()) -> Verdict:
    """The verdict on paired scores (n,), (n,).

    Args:
        noise: standard error of one target score. died: (n,) whether the target's run was stopped or diverged; empty
            if none was.

    Raises:
        ValueError: if the sides differ in length, a score isn't finite, or noise is negative.
    """
    if not noise >= 0:
        raise ValueError(f"noise must be at least 0, got {noise}")
    spearman, kendall = estimate(proxy, target), estimate(proxy, target, "kendall")
    pick = measure_pick(proxy, target, noise, died) if len(proxy) else None
    if spearman is None or pick is None:
        few = f"{len(proxy)} pairs, three are needed" if len(proxy) < 3 else "all scores of a side are equal"
        told = few if pick is None else f"{few}; {pick.text}"
        standing = Standing.WEAK if pick is not None and pick.died else Standing.UNKNOWN
        return Verdict(standing, f"No rank correlation: {told}.", len(proxy), pick=pick)
    needed = pairs_needed(spearman.value, DECENT)
    standing = _standing(spearman, pick)
    reason = f"{spearman.text} over {len(proxy)} pairs; {pick.text}."
    if standing is Standing.UNKNOWN:
        reason += f" {_what_is_open(spearman, needed)}"
    return Verdict(standing, reason, len(proxy), spearman, kendall, pick, needed)


def measure_pick(
    proxy: Sequence[float], target: Sequence[float], noise: float = 0.0, died: Sequence[bool] = ()
) -> Pick:
    """What the proxy's best loses on the target; of equal proxy scores, the one that is worst there counts.

    Raises:
        ValueError: if there is no pair, or lengths differ.
    """
    if len(died) not in (0, len(proxy)):
        raise ValueError(f"died must be told of all {len(proxy)} pairs or of none, got {len(died)}")
    p, t = np.asarray(proxy, dtype=float), np.asarray(target, dtype=float)
    if len(p) == 0:
        raise ValueError("a pick needs at least one pair, got none")
    lost = float(t.max() - t[p == p.max()].min())
    spread = float(np.ptp(t))
    top = max(1, len(p) // 3)
    best_p, best_t = (set(np.argsort(-v, kind="stable")[:top].tolist()) for v in (p, t))
    real = lost > NOISE_FACTOR * np.sqrt(2) * noise and lost > 0
    worst = min(np.flatnonzero(p == p.max()).tolist(), key=lambda i: t[i])
    share = lost / spread if spread > 0 else 0.0
    return Pick(lost, share, bool(real), bool(died[worst]) if len(died) else False, len(best_p & best_t), top)


def _standing(spearman: RankEstimate, pick: Pick) -> Standing:
    if spearman.value < DECENT and (spearman.high < GOOD or pick.died):
        return Standing.WEAK
    if spearman.low > DECENT and not pick.costly:
        return Standing.STRONG
    return Standing.UNKNOWN


def _what_is_open(spearman: RankEstimate, needed: int | None) -> str:
    if spearman.low > DECENT:
        return "The order holds, but not at the top: the proxy's best has to be confirmed on the target."
    if needed is None:
        return "No number of pairs would tell a correlation from one that equals it."
    side = "above" if spearman.value > DECENT else "below"
    return f"About {needed} pairs would tell whether it is {side} {DECENT}, if it stays what it is."
