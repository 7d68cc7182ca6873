"""`rltune replay-stopping`: what stopping rules would have done to recorded curves, and how good that is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rltune.analysis.log_replay import LogReplay, RuleSet, replay_logs, rule_set
from rltune.cli.calling import USAGE_STATUS, show
from rltune.cli.console import TextConsole
from rltune.cli.logs import progress_of, read_each
from rltune.config.yaml_reader import read_yaml
from rltune.errors import LogError, RuleError
from rltune.report.replay.json_ import curve_lines, summary
from rltune.report.replay.terminal import tell
from rltune.stopping.build import build_rules
from rltune.trainers.logs.base import LoggedRun


def main(
    files: Sequence[Path],
    presets: Sequence[str],
    rules_file: Path | None,
    rules: Sequence[str],
    pattern: str | None,
    horizon: int | None,
    form: str | None,
    as_json: bool,
    summary_only: bool,
) -> int:
    """Tells of every curve that can be read; the exit status says whether that was all."""
    sets = _sets(presets, _added(rules_file, rules), as_json)
    found, problems = read_each(files, form)
    runs = [run for run in found if run.training]
    problems += [
        LogError("expected training steps, found validation scores only", where=source)
        for source in dict.fromkeys(run.source for run in found)
        if not any(run.training for run in found if run.source == source)
    ]
    if runs:
        replayed = _replay(runs, sets, pattern, horizon)
        if summary_only:
            print(json.dumps(summary(replayed), allow_nan=False))
        elif as_json:
            for line in curve_lines(replayed):
                print(json.dumps(line, allow_nan=False))
        else:
            tell(replayed, TextConsole())
    for problem in problems:
        show(problem)
    return USAGE_STATUS if problems else 0


def _sets(presets: Sequence[str], added: Sequence[Mapping[str, object]], as_json: bool) -> list[RuleSet]:
    """As asked; else the default preset, beside the paper's in the table if no rule of one's own is tried."""
    named = presets or (("default",) if as_json or added else ("default", "paper"))
    try:
        return [rule_set(name, added) for name in dict.fromkeys(named)]
    except RuleError as error:
        raise RuleError(error.message, where="--preset", hint=error.hint) from None


def _added(file: Path | None, texts: Sequence[str]) -> list[dict[str, object]]:
    """Rules of --rules and --rule, in this order, all thresholds named.

    Raises:
        ConfigError: for a text that isn't YAML. RuleError: for a file that can't be read, or impossible rules.
    """
    given = [(f"{file} rules.{i}", rule) for i, rule in enumerate(_listed(file))] if file else []
    given += [("--rule", read_yaml(text, "--rule")[0]) for text in texts]
    added = []
    for where, rule in given:
        try:
            added += [built.describe() for built in build_rules([rule])]  # type: ignore[list-item]
        except RuleError as error:
            place = (error.where or "").replace("stopping.rules.0", where, 1)
            raise RuleError(error.message, where=place, hint=error.hint) from None
    return added


def _listed(file: Path) -> list[object]:
    """The rules of a YAML file: a list, or a mapping with the list under `rules`."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"the rules can't be read: {error}", where=str(file)) from None
    content, _ = read_yaml(text, str(file))
    rules = content.get("rules") if isinstance(content, Mapping) else content
    if not isinstance(rules, list):
        raise RuleError(
            "expected a list of rules, or a mapping with one under `rules`",
            where=str(file),
            hint="such as\n- {rule: kl_runaway, floor: 0.5}\n- {rule: plateau}",
        )
    return rules


def _replay(runs: Sequence[LoggedRun], sets: Sequence[RuleSet], pattern: str | None, horizon: int | None) -> LogReplay:
    with progress_of(len(runs)) as progress:
        bar = progress.add_task("replaying", total=len(runs) * len(sets))
        return replay_logs(runs, sets, pattern=pattern, horizon=horizon, on_each=lambda: progress.advance(bar))
