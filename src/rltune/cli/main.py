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
def check(file: FileArgument, as_json: JsonOption = False) -> None:
    """Validate a study file and say what it would do. Spends nothing."""
    _call("check", file, as_json)


@app.command()
def plan(file: FileArgument, as_json: JsonOption = False) -> None:
    """Time a few steps on each model and say what the budget will buy."""
    _call("plan", file, as_json)


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
    form: Annotated[str, typer.Option("--format", "-f", help="trl, verl or json.")] = "trl",
    output: Annotated[Path | None, typer.Option(help="A file to write. Default: standard output.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the winner's settings for a trainer."""
    _call("export", study, "json" if as_json else form, output)


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
