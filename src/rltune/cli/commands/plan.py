"""`rltune plan`: time a few steps, and say what the budget will buy."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from rltune.cli.plain import PlainLines
from rltune.cli.stopping import StopOnSignal
from rltune.cli.words import plan_lines
from rltune.config.load import load_study
from rltune.study.assembly import measure_plan
from rltune.study.blueprint import draw_blueprint


def main(file: Path, as_json: bool) -> None:
    blueprint = draw_blueprint(load_study(file))
    news = Console(stderr=True, highlight=False)
    news.print("timing a few steps on each model ...", style="dim")
    with StopOnSignal(news) as stop:
        plan = measure_plan(blueprint, PlainLines(news, quiet=True), stop).to_json()
    if as_json:
        print(json.dumps(plan))
        return
    for line in plan_lines(plan):
        Console(highlight=False).print(line, markup=False, soft_wrap=True)
