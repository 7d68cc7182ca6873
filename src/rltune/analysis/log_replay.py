"""Sets of rules replayed over curves of logs and studies: which curves are peers, and what each set did."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rltune.analysis.logs import STUDY
from rltune.analysis.replay import Judged, Verdict, judge, rules_replayer, verdict
from rltune.errors import RuleError
from rltune.stopping.build import build_rules, describe_rules
from rltune.trainers.external.patterns import patience
from rltune.trainers.logs.base import LoggedRun

_NUMBERED = re.compile(r"run \d+ on ")
"""What tells runs of a study's model apart; what is left names the model, and the study if there are several."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A preset with rules added: `name` says both, `rules` are the descriptions of all of them."""

    name: str
    rules: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True)
class LogReplay:
    """What became of `runs`, and what each of `sets` did: `judged[i][j]` is set i on run j, `groups[j]` its peers."""

    runs: tuple[LoggedRun, ...]
    groups: tuple[str, ...]
    sets: tuple[RuleSet, ...]
    judged: tuple[tuple[Judged, ...], ...]
    verdicts: tuple[Verdict, ...]


def rule_set(preset: str, more: Sequence[Mapping[str, object]] = ()) -> RuleSet:
    """A preset with `more` added; one of the same name replaces the preset's.

    Raises:
        RuleError: as `describe_rules`.
    """
    rules = describe_rules(preset, more)
    added = ", ".join(dict.fromkeys(rule.name for rule in build_rules(more)))
    if added and preset == "off":
        return RuleSet(added, tuple(rules))
    return RuleSet(f"{preset} + {added}" if added else preset, tuple(rules))


def group_runs(runs: Sequence[LoggedRun], pattern: str | None = None) -> tuple[str, ...]:
    """The name of each run's group.

    Without a pattern: a file with one run is a group of its own; runs of one file are peers if the parts of their names
    before the first `-` are equal (`xs` of `xs-w001-s0`), or all of them are, if one has no such part; runs of a study
    are if model and last step are equal.

    Args:
        pattern: a regular expression. What its first group (or all of it) matches in the run's name, or in the file's
            where that holds one run, names the group, across files. Runs that don't match are grouped as without it.

    Raises:
        RuleError: if it is no regular expression. TrainerError: if it takes for ever on a name.
    """
    try:
        wanted = None if pattern is None else re.compile(pattern)
    except re.error as error:
        raise RuleError(
            f"expected a regular expression, got {pattern!r}: {error}",
            where="group",
            hint="such as '^(.*)-seed': what the brackets match in a run's name is its group",
        ) from None
    prefixed = {source: _all_prefixed(runs, source) for source in {run.source for run in runs}}
    names = [_matched(wanted, run.run or run.source) if wanted else None for run in runs]
    return tuple(
        _own_group(run, prefixed[run.source]) if name is None else name for run, name in zip(runs, names, strict=True)
    )


def _matched(pattern: re.Pattern[str], text: str) -> str | None:
    found = None
    with patience(pattern, text):
        found = pattern.search(text)
    return found[min(1, pattern.groups)] if found else None


def _all_prefixed(runs: Sequence[LoggedRun], source: str) -> bool:
    return all("-" in (run.run or "") for run in runs if run.source == source)


def _own_group(run: LoggedRun, prefixed: bool) -> str:
    if run.run is None:
        return run.source
    if run.format == STUDY:
        return f"{run.source}: {_NUMBERED.sub('', run.run)} to step {run.steps[-1].step}"
    return f"{run.source}: {run.run.partition('-')[0]}" if prefixed else run.source


def replay_logs(
    runs: Sequence[LoggedRun],
    sets: Sequence[RuleSet],
    *,
    pattern: str | None = None,
    horizon: int | None = None,
    on_each: Callable[[], None] = lambda: None,
) -> LogReplay:
    """Replays all sets over all runs.

    Args:
        runs: with at least one training step each. pattern: see `group_runs`.
        horizon: planned last step of all runs; None: as the logs say, else the last step of a run's group.
        on_each: called after each run under each set.

    Raises:
        RuleError: as `group_runs`.
    """
    groups = group_runs(runs, pattern)
    curves = [run.training for run in runs]
    # A study's run that wasn't promoted was compared at its own last step, whatever the longest rung is.
    horizons = [horizon or (None if run.format == STUDY else run.horizon) for run in runs]
    judged = tuple(
        judge(curves, groups, rules_replayer(each.rules), horizons=horizons, on_each=on_each) for each in sets
    )
    return LogReplay(tuple(runs), groups, tuple(sets), judged, tuple(verdict(each) for each in judged))
