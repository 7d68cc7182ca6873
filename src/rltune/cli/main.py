"""The `rltune` command: parse, call, print; no logic.

Each command's module is imported only when it is called, so that a mistake in a study file is told at once and
`rltune --help` doesn't wait for libraries that it doesn't need.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from rltune import __version__
from rltune.errors import RltuneError
from rltune.stopping.labels import DEFINITION

USAGE_STATUS = 2

app = typer.Typer(
    name="rltune",
    help="Joint-fidelity hyperparameter optimization for LLM reinforcement learning.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The study file (YAML).")]
StudyArgument = Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder, such as studies/demo.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object, for scripts.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Only phases and warnings, as plain lines.")]


def _call(command: str, *arguments: object) -> None:
    """Runs a command's module; its `main` returns the exit status, or None for 0."""
    status = importlib.import_module(f"rltune.cli.commands.{command}").main(*arguments)
    if status:
        raise typer.Exit(status)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rltune {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None: ...


@app.command()
def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")] = Path("study.yaml"),
    model: Annotated[
        str | None, typer.Option(help="Your model, a folder or a hub name. Default: the embedded family.")
    ] = None,
    proxy: Annotated[list[str] | None, typer.Option(help="A smaller model of its family; repeatable.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Write a commented study file to start from."""
    _call("init", file, model, tuple(proxy or ()), force)


@app.command()
def check(
    file: FileArgument,
    commands: Annotated[
        bool, typer.Option("--commands", help="Print the commands that the recipe's first runs would launch.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Validate a study file and say what it would do. Spends nothing."""
    _call("check", file, commands, as_json)


@app.command()
def plan(
    file: FileArgument,
    from_sizes: Annotated[
        bool,
        typer.Option("--from-sizes", help="Time nothing: guess from the models' sizes, as on a machine without GPU."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Time a few steps on each model and say what the budget will buy, in trials, GPU-hours and disk."""
    _call("plan", file, from_sizes, as_json)


@app.command()
def run(
    file: FileArgument,
    name: Annotated[str | None, typer.Option(help="Name of the study, instead of the file's.")] = None,
    output: Annotated[str | None, typer.Option(help="Folder for studies, instead of the file's.")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Set an earlier study of that name aside and start anew.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Run a study: search, confirm, train the winner, test it, report."""
    _call("run", file, name, output, fresh, quiet)


@app.command()
def resume(study: StudyArgument, quiet: QuietOption = False) -> None:
    """Go on with a study after any kind of end."""
    _call("resume", study, quiet)


@app.command()
def status(study: StudyArgument, as_json: JsonOption = False) -> None:
    """Say where a study stands; works from another terminal while it runs."""
    _call("status", study, as_json)


@app.command()
def report(
    study: StudyArgument,
    output: Annotated[
        Path | None, typer.Option(help="Where to write it. Default: report.html in the study's folder.")
    ] = None,
) -> None:
    """Write the report as one self-contained HTML file."""
    _call("report", study, output)


@app.command()
def export(
    study: StudyArgument,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            help="trl, verl, command or json; wandb, mlflow or tensorboard. Default: that of the study's trainer.",
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="A file to write. Default: standard output.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the winner's settings for a trainer, or mirror all runs into an experiment tracker."""
    _call("export", study, "json" if as_json else form, output)


@app.command()
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
    _call("forecast", files, metric, upto, horizon, bounds, coverage, worth, form, html, as_json)


@app.command("replay-stopping", epilog=DEFINITION)
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
    _call("replay_stopping", files, preset or (), rules, rule or (), group, horizon, form, as_json, summary)


def main() -> None:
    """Entry point of the command. Exit status: 0 done, 2 a mistake or a study that can't go on, 130 interrupted."""
    try:
        app()
    except RltuneError as error:
        show(error)
        sys.exit(USAGE_STATUS)


def show(error: RltuneError) -> None:
    """Prints an error: what, where, and what to do."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(Text.assemble(("error: ", "bold red"), error.message))
    if error.where:
        console.print(Text.assemble(("   at: ", "dim"), error.where))
    if error.hint:
        console.print(Text.assemble((" hint: ", "cyan"), error.hint))
