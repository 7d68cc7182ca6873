"""The `rltune` command: parse and call; no logic.

Each command's module is imported only when it is called, so that a mistake in a study file is told at once and
`rltune --help` doesn't wait for libraries that it doesn't need.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from rltune import __version__
from rltune.cli.calling import USAGE_STATUS, call, show
from rltune.cli.curve_commands import forecast, replay_stopping
from rltune.cli.steering_commands import COMMANDS
from rltune.errors import RltuneError
from rltune.stopping.labels import DEFINITION

app = typer.Typer(
    name="rltune",
    help="Joint-fidelity hyperparameter optimization for LLM reinforcement learning.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The study file (YAML).")]
PlaceArgument = Annotated[
    str,
    typer.Argument(metavar="STUDY", help="The study's folder, such as studies/demo; or URL#NAME, of a database."),
]
StudyArgument = Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder, such as studies/demo.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object, for scripts.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Only phases and warnings, as plain lines.")]


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
    call("init", file, model, tuple(proxy or ()), force)


@app.command()
def check(
    file: FileArgument,
    commands: Annotated[
        bool, typer.Option("--commands", help="Print the commands that the recipe's first runs would launch.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Validate a study file and say what it would do. Spends nothing."""
    call("check", file, commands, as_json)


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
    call("plan", file, from_sizes, as_json)


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
    call("run", file, name, output, fresh, quiet)


@app.command()
def resume(
    study: StudyArgument,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait while another process runs it, instead of refusing.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Go on with a study after any kind of end, or after `rltune pause`."""
    call("resume", study, wait, quiet)


@app.command("list")
def list_(
    place: Annotated[
        str, typer.Argument(metavar="PLACE", help="A folder of studies, a study's own, or the URL of a database.")
    ] = "studies",
    as_json: JsonOption = False,
) -> None:
    """List the studies of a folder or of a database, and who runs them."""
    call("list", place, as_json)


@app.command()
def upgrade(
    place: Annotated[str, typer.Argument(metavar="PLACE", help="A study's folder, or the URL of a database.")],
) -> None:
    """Bring the store of an earlier rltune up to date; resuming a study does it by itself."""
    call("upgrade", place)


@app.command()
def status(study: PlaceArgument, as_json: JsonOption = False) -> None:
    """Say where a study stands; works from another terminal while it runs."""
    call("status_json" if as_json else "status", study)


@app.command()
def dashboard(
    study: PlaceArgument,
    host: Annotated[
        str, typer.Option(help="Where to serve it. Elsewhere than on this machine's loopback a token is needed.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="0: any free one. Default: the first free one from 8265 on.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="RLTUNE_DASHBOARD_TOKEN",
            help="A token of 16 and more characters that every visitor needs; `random`: a new one. Default: none on "
            "loopback, else a new one.",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", help="A further name that the page may be called by; repeatable."),
    ] = None,
    browse: Annotated[bool, typer.Option("--open/--no-open", help="Open it in the browser.")] = False,
) -> None:
    """Serve a study's live page: watch it and steer it, while it runs and afterwards."""
    call("dashboard", study, host, port, token, tuple(allow_host or ()), browse)


@app.command()
def clean(
    study: StudyArgument,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would go, and what that frees.")] = False,
    keep: Annotated[
        str, typer.Option(help="needed: what the study may go on from; winner: nothing else; or a size such as 100GB.")
    ] = "needed",
    as_json: JsonOption = False,
) -> None:
    """Delete checkpoints that are no longer needed, least valuable first. The winner's always stay."""
    call("clean", study, keep, dry_run, as_json)


@app.command()
def report(
    study: PlaceArgument,
    output: Annotated[
        Path | None, typer.Option(help="Where to write it. Default: report.html in the study's folder, or here.")
    ] = None,
) -> None:
    """Write the report as one self-contained HTML file."""
    call("report", study, output)


@app.command()
def export(
    study: PlaceArgument,
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
    call("export", study, "json" if as_json else form, output)


app.command()(forecast)
app.command("replay-stopping", epilog=DEFINITION)(replay_stopping)
for _command in COMMANDS:
    app.command()(_command)


def main() -> None:
    """Entry point of the command. Exit status: 0 done, 2 a mistake or a study that can't go on, 130 interrupted."""
    try:
        app()
    except RltuneError as error:
        show(error)
        sys.exit(USAGE_STATUS)
