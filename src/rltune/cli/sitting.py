"""One sitting of a study in a terminal: watch it, stop it cleanly, and say at the end what came out."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from rltune.analysis.summary import Summary
from rltune.cli.live import LiveView
from rltune.cli.plain import PlainLines
from rltune.cli.stopping import StopOnSignal
from rltune.cli.words import clock_time, number
from rltune.store.base import StudyState
from rltune.study.api import Study
from rltune.words import several

INTERRUPTED_STATUS = 130


def sit(study: Study, quiet: bool) -> int:
    """Runs the study until it ends or is stopped. Returns the exit status."""
    console = Console(highlight=False)
    title = study.store.study().name
    view = PlainLines(console, quiet) if quiet or not console.is_terminal else LiveView(console, title)
    with StopOnSignal(console) as stop, view:
        state = study.run(view, stop)
    summary = study.summary()
    report = study.report()
    if state is StudyState.INTERRUPTED:
        console.print(f"interrupted; nothing is lost. Go on with: rltune resume {study.folder}", markup=False)
        return INTERRUPTED_STATUS
    for line in closing_lines(summary):
        console.print(line, soft_wrap=True)
    console.print(f"report: {report}", markup=False, soft_wrap=True)
    console.print(f"settings: rltune export {study.folder}", markup=False, soft_wrap=True)
    return 0


def closing_lines(summary: Summary) -> list[Text]:
    """What came out, in a few lines."""
    lines = []
    winner, recipe, gain = summary.winner, summary.recipe, summary.gain
    if winner is not None:
        values = "  ".join(f"{name} {number(value)}" for name, value in winner.configuration.values.items())
        lines.append(Text.assemble(("winner   ", "bold green"), values))
    for role, finalist in (("winner", winner), ("recipe", recipe)):
        if finalist is not None and finalist.mean is not None:
            seeds = ", ".join(f"{score:.3f}" for score in finalist.test.values())
            lines.append(Text(f"{role}   test accuracy {finalist.mean:.3f} (seeds: {seeds})"))
    verdict = gain.sentence if gain is not None else summary.undecided
    if verdict:
        lines.append(Text(verdict, style="bold"))
    work = summary.work
    lines.append(
        Text(
            f"{several(work.configurations, 'configuration')}, {several(work.promotions, 'promotion')}, "
            f"{several(len(summary.stops), 'run')} stopped early, {several(work.steps_trained, 'step')} trained, "
            f"{work.steps_retrained} retrained, "
            f"in {clock_time(summary.seconds)}"
        )
    )
    return lines
