"""`rltune status`: where a study stands, also while it runs."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from rltune.analysis.summary import CRASHED, Summary
from rltune.cli.sitting import closing_lines
from rltune.cli.words import clock_time, number, sparkline
from rltune.study.api import open_study


def main(folder: Path, as_json: bool) -> None:
    with open_study(folder, read_only=True) as study:
        summary = study.summary()
    if as_json:
        print(json.dumps(summary.to_json()))
    else:
        tell(summary, Console(highlight=False))


def tell(summary: Summary, console: Console) -> None:
    """The same for people."""
    limit = f" of {clock_time(summary.budget_seconds)}" if summary.budget_seconds else ""
    console.print(f"{summary.name}: {summary.state}, phase {summary.phase}, {clock_time(summary.seconds)}{limit} spent")
    if summary.state == CRASHED:
        console.print("no process runs it any more; nothing is lost: go on with `rltune resume`", style="yellow")
    if summary.best is not None:
        best = summary.best
        values = "  ".join(f"{name} {number(value)}" for name, value in best.values.items())
        console.print(f"best     {best.score:.3f} on {best.model} at step {best.step}: {values}", markup=False)
    if summary.transfer.check:
        console.print(str(summary.transfer.check.get("reason", "")), markup=False, soft_wrap=True)
    for line in closing_lines(summary):
        console.print(line, soft_wrap=True)
    if summary.running:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", title="in flight", title_justify="left")
        curve = "loss" if any(run.losses for run in summary.running) else "reward"
        for heading in ("run", "model", "step", curve, "forecast (80 %)"):
            table.add_column(heading)
        for run in summary.running:
            ahead = "–" if run.forecast is None else "{:.2f} ({:.2f} to {:.2f})".format(*run.forecast)
            table.add_row(
                str(run.run), run.model, f"{run.step}/{run.to_step}", sparkline(run.rewards or run.losses), ahead
            )
        console.print(table)
    for stop in summary.stops[-5:]:
        console.print(f"stopped  run {stop.run} by {stop.rule} at step {stop.step}: {stop.reason}", markup=False)
    for failure in summary.failures[-5:]:
        console.print(f"failed   run {failure.run} at step {failure.step}: {failure.reason}", markup=False)
