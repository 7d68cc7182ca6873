"""`rltune status`: where a study stands, also while it runs."""

from __future__ import annotations

from rich.table import Table

from rltune.analysis.standing import CRASHED, Standing, stand
from rltune.cli.closing import closing_lines
from rltune.cli.console import TextConsole
from rltune.cli.words import clock_time, number, sparkline
from rltune.study.looking import look_at

SHOWN = 20
"""Runs in flight that are shown: those that have come furthest on their way."""


def main(study_at: str) -> None:
    look = look_at(study_at)
    found = stand(look.store, look.alive())
    look.store.close()
    tell(found, TextConsole())


def tell(summary: Standing, console: TextConsole) -> None:
    """The same for people."""
    limit = f" of {clock_time(summary.budget_seconds)}" if summary.budget_seconds else ""
    phase = f", phase {summary.phase}" if summary.phase else ""
    console.print(f"{summary.name}: {summary.state}{phase}, {clock_time(summary.seconds)}{limit} spent")
    if (use := summary.utilization) is not None:
        limit = f" of {summary.budget_gpu_hours:,.4g}" if summary.budget_gpu_hours else ""
        held = f"{use.whole.held:,.3g}{limit} {use.unit}-hours held by trials"
        console.print(f"busy     {use.whole.busy:.1%} of the time, {held}; lost to {use.whole.losses}", soft_wrap=True)
    if summary.failed_because:
        console.print(f"failed   {summary.failed_because}", style="red", soft_wrap=True)
    if summary.paused:
        console.print("paused: nothing is trained and no time counts; go on with `rltune resume`", style="yellow")
    if summary.state == CRASHED:
        console.print("no process runs it any more; nothing is lost: go on with `rltune resume`", style="yellow")
    if summary.best is not None:
        best = summary.best
        values = "  ".join(f"{name} {number(value)}" for name, value in best.values.items())
        console.print(f"best     {best.score:.3f} on {best.model} at step {best.step}: {values}", markup=False)
    if summary.check:
        console.print(str(summary.check.get("reason", "")), markup=False, soft_wrap=True)
    for line in closing_lines(summary):
        console.print(line, soft_wrap=True)
    if summary.running:
        furthest = sorted(summary.running, key=lambda run: run.step / run.to_step, reverse=True)[:SHOWN]
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", title="in flight", title_justify="left")
        curve = "loss" if any(run.losses for run in summary.running) else "reward"
        for heading in ("run", "model", "step", curve, "forecast (80 %)"):
            table.add_column(heading)
        for run in sorted(furthest, key=lambda run: run.run):
            ahead = "–" if run.forecast is None else "{:.2f} ({:.2f} to {:.2f})".format(*run.forecast)
            table.add_row(
                str(run.run), run.model, f"{run.step}/{run.to_step}", sparkline(run.rewards or run.losses), ahead
            )
        console.print(table)
        if len(summary.running) > SHOWN:
            console.print(f"and {len(summary.running) - SHOWN} more, which have further to go: --json has all")
    for stop in summary.stops[-5:]:
        console.print(f"stopped  run {stop.run} by {stop.rule} at step {stop.step}: {stop.reason}", markup=False)
    for failure in summary.failures[-5:]:
        whose = f"{failure.fault}: {failure.cause}"
        place = f" on {failure.worker}" if failure.worker else ""
        text = f"failed   run {failure.run} at step {failure.step}{place} ({whose}): {failure.reason}; {failure.remedy}"
        console.print(text, markup=False)
