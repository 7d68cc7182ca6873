"""What came out of a study, in a few lines."""

from __future__ import annotations

from rich.text import Text

from rltune.analysis.standing import Standing
from rltune.cli.words import clock_time, number
from rltune.words import several


def closing_lines(summary: Standing) -> list[Text]:
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
    room = f" ({work.steps_retrained_for_room} for want of room)" if work.steps_retrained_for_room else ""
    lines.append(
        Text(
            f"{several(work.configurations, 'configuration')}, {several(work.promotions, 'promotion')}, "
            f"{several(len(summary.stops), 'run')} stopped early, {several(work.steps_trained, 'step')} trained, "
            f"{work.steps_retrained} retrained{room}, "
            f"in {clock_time(summary.seconds)}"
        )
    )
    return lines
