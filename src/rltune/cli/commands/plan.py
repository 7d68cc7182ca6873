"""`rltune plan`: time a few steps, and say what the budget will buy."""

from __future__ import annotations

import json
from pathlib import Path

from rltune.cli.console import TextConsole
from rltune.cli.plain import PlainLines
from rltune.cli.plan_words import plan_lines
from rltune.cli.stopping import StopOnSignal
from rltune.config.load import load_study
from rltune.errors import StudyError
from rltune.study.assembly import measure_plan
from rltune.study.blueprint import Blueprint, draw_blueprint
from rltune.study.plan import Plan
from rltune.study.terms import guess_plan


def main(file: Path, from_sizes: bool, as_json: bool) -> None:
    """Prints what the budget will buy, from timed steps or from sizes alone."""
    blueprint = draw_blueprint(load_study(file))
    plan = (_guessed(blueprint) if from_sizes else _measured(blueprint)).to_json()
    if as_json:
        print(json.dumps(plan))
        return
    for line in plan_lines(plan):
        TextConsole().print(line, markup=False, soft_wrap=True)


def _measured(blueprint: Blueprint) -> Plan:
    news = TextConsole(stderr=True)
    news.print("timing a few steps on each model ...", style="dim")
    with StopOnSignal(news) as stop:
        return measure_plan(blueprint, PlainLines(news, quiet=True), stop)


def _guessed(blueprint: Blueprint) -> Plan:
    plan = guess_plan(blueprint)
    if plan is None:
        raise StudyError(
            f"the trainer {blueprint.config.trainer.name} can't tell what a run will take",
            where="plan --from-sizes",
            hint="leave --from-sizes out: a few steps are then timed on each model",
        )
    return plan
