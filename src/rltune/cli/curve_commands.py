"""The arguments of the commands that read curves of logs and studies: `rltune forecast`, `rltune replay-stopping`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rltune.cli.calling import call


def forecast(
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="Training logs, or folders of studies.")],
    upto: Annotated[
        str | None,
        typer.Option(
            metavar="PART",
            help="Forecast from the first part only, for the log's last step, and compare with what came: a share of "
            "the steps (0.3) or a step (300).",
        ),
    ] = None,
    horizon: Annotated[
        int | None,
        typer.Option(metavar="STEP", help="Steps planned. Default: as the log says, else its last step."),
    ] = None,
    metric: Annotated[str, typer.Option(metavar="NAME", help="The curve: reward, score/..., any metric.")] = "reward",
    bounds: Annotated[
        tuple[float, float] | None,
        typer.Option(metavar="LOW HIGH", help="The metric's range. Default: 0 1, -1 1, or guessed from what was seen."),
    ] = None,
    coverage: Annotated[float, typer.Option(metavar="SHARE", help="Probability that the interval holds.")] = 0.8,
    worth: Annotated[
        float | None,
        typer.Option(metavar="GAIN", help="A gain that doesn't pay more training. Default: 1 % of the metric's range."),
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="PATH", help="Write an HTML page with the figures.")] = None,
    form: Annotated[
        str | None, typer.Option("--format", "-f", metavar="NAME", help="The logs' format. Default: recognized.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a curve, for scripts.")] = False,
) -> None:
    """Say where reward curves go, which phase they are in, and when more training stops paying.

    Reads logs of verl (console, JSON lines) and TRL (trainer_state.json, printed), CSV files of W&B, plain CSV and
    JSON lines with canonical names, and rltune's own studies.

    \b
    rltune forecast run.log                 all of it, to the end that it plans
    rltune forecast run.log --horizon 400   where it will be at step 400
    rltune forecast run.log --upto 0.3      from 30 % of it, beside what came
    """
    call("forecast", files, metric, upto, horizon, bounds, coverage, worth, form, html, as_json)


def replay_stopping(
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="Training logs, or folders of studies.")],
    preset: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="default, paper or off; repeatable. Default: default and paper."),
    ] = None,
    rules: Annotated[
        Path | None, typer.Option(metavar="FILE", help="YAML file with a list of rules, added as by --rule.")
    ] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE",
            help="A rule added to each preset, such as '{rule: kl_runaway, floor: 0.5}'; it replaces the preset's of "
            "the same name. Repeatable. Without --preset it is added to default.",
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help="Runs are peers if what the first brackets match in their names (of files with one run: in the path) "
            "is equal. Default: runs of one file, told apart by what their names have before the first '-'; a file "
            "with one run is alone; runs of a study are peers if model and last step are equal.",
        ),
    ] = None,
    horizon: Annotated[
        int | None,
        typer.Option(metavar="STEP", min=1, help="Steps planned, for rules that look ahead. Default: as the log says."),
    ] = None,
    form: Annotated[
        str | None, typer.Option("--format", "-f", metavar="NAME", help="The logs' format. Default: recognized.")
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print one JSON object a curve, of the default preset unless others are named."),
    ] = False,
    summary: Annotated[
        bool, typer.Option("--summary-json", help="Print only how good each preset is, as one JSON object.")
    ] = False,
) -> None:
    """Say which curves stopping rules would have ended, when and why, and how good that would have been.

    Reads what `rltune forecast` reads. Nothing is trained and nothing is written.

    \b
    rltune replay-stopping run.log                   both presets on one log
    rltune replay-stopping studies/demo              on all runs of a study
    rltune replay-stopping *.log --rule '{rule: kl_runaway, floor: 0.5}'
    """
    call("replay_stopping", files, preset or (), rules, rule or (), group, horizon, form, as_json, summary)
