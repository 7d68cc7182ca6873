"""What a replay of stopping rules says, in plain words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from rltune.analysis.log_replay import LogReplay
from rltune.analysis.replay import Judged, Share, Verdict
from rltune.stopping.labels import DEFINITION, Fate
from rltune.trainers.logs.base import LoggedRun

FEW_PEERS = 4
"""A group of fewer runs has no quarter: its best run alone can be good."""

Row = tuple[str, tuple[str, ...]]
"""(what is measured, one cell a set of rules)"""

_MEASURES: Mapping[str, Callable[[Verdict], str]] = {
    "stopped": lambda v: f"{v.stopped} of {v.runs}",
    "dying runs stopped": lambda v: share(v.recall),
    "dying runs' lost cost saved": lambda v: percent(v.caught),
    "stopped at, of their length": lambda v: percent(v.when),
    "all cost saved": lambda v: percent(v.saved),
    "stopped runs that died": lambda v: share(v.precision),
    "without the futile ones": lambda v: share(v.precision_dying),
    "good runs lost": lambda v: share(v.good_lost),
    "best of its group lost": lambda v: counted(v.best_lost),
}


def title(run: LoggedRun) -> str:
    """The file, and the run if it holds several."""
    return f"{run.source}: {run.run}" if run.run else run.source


def abstained(reason: str) -> str:
    """What a rule that abstained misses, without saying so again."""
    return reason.removeprefix("abstains: ")


def percent(value: float) -> str:
    """A share as a percentage; a dash for NaN."""
    return "-" if math.isnan(value) else f"{value:.0%}"


def counted(value: Share) -> str:
    """A share as a count of a total; a dash for nothing."""
    return f"{value.count} of {value.total}" if value.total else "-"


def share(value: Share) -> str:
    """`31 of 35, 89% (74-95)`: the brackets hold the 95 % interval."""
    if not value.total:
        return "-"
    low, high = value.interval
    return f"{counted(value)}, {value.value:.0%} ({100 * low:.0f}-{100 * high:.0f})"


def headline(replayed: LogReplay) -> str:
    """`208 curves in 2 groups: 60 good, 73 fine, 75 died (50 collapsed, 25 never learned)`."""
    judged = replayed.judged[0]
    fates = Counter(each.label.fate for each in judged)
    deaths = {fate: fates.pop(fate) for fate in Fate if any(j.label.fate is fate and j.label.died for j in judged)}
    parts = [f"{fates[fate]} {fate}" for fate in (Fate.GOOD, Fate.FINE, Fate.UNKNOWN) if fates[fate]]
    died = f"{sum(deaths.values())} died"
    if deaths:
        died += f" ({', '.join(f'{count} {fate}' for fate, count in deaths.items())})"
    groups = len(set(replayed.groups))
    where = f"{_number(len(judged), 'curve')} in {_number(groups, 'group')}"
    return f"{where}: {', '.join([*parts, died])}"


def measures(replayed: LogReplay) -> list[Row]:
    """How good each set is; then its stops by rule, and of each way to die."""
    verdicts = replayed.verdicts
    rows: list[Row] = [(name, tuple(told(v) for v in verdicts)) for name, told in _MEASURES.items()]
    for fate in verdicts[0].by_fate:
        rows.append((f"{fate}: stopped", tuple(counted(v.by_fate[fate]) for v in verdicts)))
    for rule in sorted({rule for v in verdicts for rule in v.by_rule}):
        rows.append((f"stopped by {rule}", tuple(str(v.by_rule.get(rule, 0)) for v in verdicts)))
    return rows


def footnotes(replayed: LogReplay) -> list[str]:
    """What the words of the table mean, and what doesn't hold of these curves."""
    unit = "seconds" if replayed.verdicts[0].timed else "steps, for not every curve tells its seconds"
    notes = [
        DEFINITION,
        "Lost cost is what a dying run spends after it was lost, the step from which training was pointless. Cost is "
        f"in {unit}; brackets hold 95 % intervals.",
    ]
    sizes = Counter(replayed.groups).values()
    if small := sum(1 < size < FEW_PEERS for size in sizes):
        notes.append(
            f"{_number(small, 'group')} of fewer than {FEW_PEERS} runs: only the best run can be good there, "
            "and best is best of few."
        )
    if alone := sum(size == 1 for size in sizes):
        notes.append(f"{_number(alone, 'curve')} without peers: good or dead by its own curve alone.")
    return notes


def abstentions(replayed: LogReplay) -> list[str]:
    """`entropy_collapse abstained in 3 of 5 curves: entropy is not reported`, a line a rule and set."""
    lines: dict[str, list[str]] = {}
    for each, judged in zip(replayed.sets, replayed.judged, strict=True):
        for rule, reasons in _reasons(judged).items():
            reason = abstained(Counter(reasons).most_common(1)[0][0])
            line = f"{rule} abstained in {len(reasons)} of {_number(len(judged), 'curve')}: {reason}"
            lines.setdefault(line, []).append(each.name)
    several = len(replayed.sets) > 1
    return [f"{' and '.join(names)}: {line}" if several else line for line, names in lines.items()]


def _reasons(judged: Sequence[Judged]) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for each in judged:
        for rule, reason in each.replayed.abstentions.items():
            reasons.setdefault(rule, []).append(reason)
    return reasons


def outcome(judged: Judged) -> str:
    """`step 12 of 210 by kl_runaway: why`, or `not stopped`."""
    stop = judged.replayed.stop
    if stop is None:
        return "not stopped"
    return f"step {stop.step} of {judged.replayed.last_step} by {stop.rule}: {stop.reason}"


def became(judged: Judged) -> str:
    """`collapsed, lost at step 12`, `good`."""
    label = judged.label
    return str(label.fate) if label.lost is None else f"{label.fate}, lost at step {label.lost}"


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}{'s' if count != 1 else ''}"
