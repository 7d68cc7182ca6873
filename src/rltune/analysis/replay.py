"""How good stopping rules are: dying runs caught, cost saved, good runs lost, on curves whose ends are known.

Runs of a group (one model, one task, one length) are replayed in their order, as a study would see them: a rule that
compares with the best run so far is told what those before it reached, if they weren't stopped.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rltune.stopping.build import build_rules, with_context
from rltune.stopping.labels import Fate, Label, label_runs
from rltune.stopping.replay import Replayed, is_timed, replay, step_costs
from rltune.types import StepMetrics, StopKind

Curve = Sequence[StepMetrics]

_Z = 1.959963984540054  # 95 %, normal


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `total` (what is undecided may count a half), with its 95 % interval (Wilson 1927)."""

    count: float
    total: int

    @property
    def value(self) -> float:
        """From 0 to 1; NaN of nothing."""
        return self.count / self.total if self.total else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """(low, high), both NaN of nothing."""
        n = self.total
        if not n:
            return math.nan, math.nan
        p, z2 = self.value, _Z**2
        middle = (p + z2 / (2 * n)) / (1 + z2 / n)
        reach = _Z / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        return max(0.0, middle - reach), min(1.0, middle + reach)


@dataclass(frozen=True, slots=True)
class Judged:
    """One curve: what became of it, and what the rules did. Costs are in seconds, or in steps if a curve isn't timed.

    Attributes:
        number: which of all curves. group: names its peers.
        timed: whether costs are seconds; the same for all curves that were judged together.
        cost, saved: of the whole curve, and of what the stop would have saved.
        remaining: from the step at which a dying run was lost to its end; 0 for one that lived.
        caught: of `remaining`, what the stop would have saved.
    """

    number: int
    group: str
    label: Label
    replayed: Replayed
    timed: bool
    cost: float
    saved: float
    remaining: float
    caught: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """A set of rules over all curves.

    Attributes:
        runs, died, stopped: how many.
        recall: of the dying runs, those stopped. precision: of the stopped runs of known fate, those that died;
            precision_dying: of those that weren't stopped as futile, which claims no death.
        good_lost: of the good runs (top quarter of each group), those stopped. best_lost: groups whose best run would
            have been stopped, of those that have good runs.
        timed: whether costs are seconds, not steps.
        caught: share of the dying runs' remaining cost that is saved (NaN if there is none). saved: share of all cost.
        when: median share of its length at which a dying run is stopped (NaN if none).
        by_rule, by_fate: stops by rule; (dying runs, of them stopped) by fate.
    """

    runs: int
    died: int
    stopped: int
    recall: Share
    precision: Share
    precision_dying: Share
    good_lost: Share
    best_lost: Share
    timed: bool
    caught: float
    saved: float
    when: float
    by_rule: Mapping[str, int]
    by_fate: Mapping[Fate, Share]


Replayer = Callable[[Curve, int, float | None], Replayed]
"""(curve, its group's planned last step, best level of the group's earlier runs) -> what happened to it."""


def rules_replayer(descriptions: Sequence[Mapping[str, object]]) -> Replayer:
    """Replays rules given by their descriptions, each with the context that the curve has."""
    return lambda curve, horizon, best: replay(
        build_rules(with_context(descriptions, horizon=horizon, best=best)), curve
    )


def judge(
    curves: Sequence[Curve],
    groups: Sequence[str],
    replayer: Replayer,
    *,
    horizons: Sequence[int | None] | None = None,
    on_each: Callable[[], None] = lambda: None,
) -> tuple[Judged, ...]:
    """Replays all curves, group by group, in their order.

    Args:
        curves: at least one step each. groups: one name a curve.
        horizons: the planned last step of each curve, where it is known; a group's is the largest of these and of its
            curves' last steps.
        on_each: called after each curve.
    """
    planned = horizons or [None] * len(curves)
    timed = all(is_timed(curve) for curve in curves)
    judged: dict[int, Judged] = {}
    for group in dict.fromkeys(groups):
        numbers = [i for i, name in enumerate(groups) if name == group]
        labels = label_runs([curves[i] for i in numbers])
        horizon = max(max(curves[i][-1].step, planned[i] or 1) for i in numbers)
        best: float | None = None
        for number, label in zip(numbers, labels, strict=True):
            replayed = replayer(curves[number], horizon, best)
            judged[number] = _judged(number, group, label, replayed, step_costs(curves[number], timed=timed), timed)
            if replayed.stop is None and math.isfinite(label.end):
                best = label.end if best is None else max(best, label.end)
            on_each()
    return tuple(judged[i] for i in range(len(curves)))


def _judged(
    number: int, group: str, label: Label, replayed: Replayed, costs: Mapping[int, float], timed: bool
) -> Judged:
    lost = math.inf if label.lost is None else label.lost
    stop = math.inf if replayed.stop is None else replayed.stop.step
    cost, saved, remaining, caught = (
        sum(c for step, c in costs.items() if step > after) for after in (-1, stop, lost, max(stop, lost))
    )
    return Judged(number, group, label, replayed, timed, cost, saved, remaining, caught)


def verdict(judged: Sequence[Judged]) -> Verdict:
    """All curves together."""
    dying = [j for j in judged if j.label.died]
    stopped = [j for j in judged if j.replayed.stop is not None]
    known = [j for j in stopped if j.label.fate is not Fate.UNKNOWN]
    called = [j for j in known if j.replayed.stop is not None and j.replayed.stop.kind is not StopKind.FUTILE]
    good = [j for j in judged if j.label.fate is Fate.GOOD]
    remaining, total = sum(j.remaining for j in dying), sum(j.cost for j in judged)
    stops = [j.replayed.stop.step / max(j.replayed.last_step, 1) for j in dying if j.replayed.stop is not None]
    rules = [j.replayed.stop.rule for j in judged if j.replayed.stop is not None]
    fates = [fate for fate in Fate if any(j.label.fate is fate for j in dying)]
    bests = [max(group, key=lambda j: j.label.end) for group in _by_group(good)]
    return Verdict(
        runs=len(judged),
        died=len(dying),
        stopped=len(stopped),
        recall=_stopped(dying),
        precision=Share(sum(j.label.died for j in known), len(known)),
        precision_dying=Share(sum(j.label.died for j in called), len(called)),
        good_lost=_stopped(good),
        best_lost=_stopped(bests),
        timed=all(j.timed for j in judged),
        caught=sum(j.caught for j in dying) / remaining if remaining else math.nan,
        saved=sum(j.saved for j in judged) / total if total else math.nan,
        when=statistics.median(stops) if stops else math.nan,
        by_rule={rule: rules.count(rule) for rule in sorted(set(rules))},
        by_fate={fate: _stopped([j for j in dying if j.label.fate is fate]) for fate in fates},
    )


def _stopped(among: Sequence[Judged]) -> Share:
    """Of these, those that were stopped."""
    return Share(sum(j.replayed.stop is not None for j in among), len(among))


def _by_group(judged: Sequence[Judged]) -> list[list[Judged]]:
    return [[j for j in judged if j.group == name] for name in dict.fromkeys(j.group for j in judged)]
