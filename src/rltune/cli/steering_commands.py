"""The commands that ask something of a study: `pause`, `stop`, `enqueue`, `pin`, `budget`, `extend`, `requests`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rltune.cli.calling import call

PlaceArgument = Annotated[
    str,
    typer.Argument(metavar="STUDY", help="The study's folder, such as studies/demo; or URL#NAME, of a database."),
]
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="A run's id or number: r0007, or 7.")]
NoWaitOption = Annotated[bool, typer.Option("--no-wait", help="Don't wait for the answer of whoever runs the study.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the request as one JSON object, for scripts.")]


def pause(study: PlaceArgument, no_wait: NoWaitOption = False, as_json: JsonOption = False) -> None:
    """Begin no new trials; those in flight save a checkpoint and wait. `rltune resume STUDY` goes on."""
    call("ask", study, "pause", {}, not no_wait, as_json)


def stop(study: PlaceArgument, run: RunArgument, no_wait: NoWaitOption = False, as_json: JsonOption = False) -> None:
    """End one run for good, with a checkpoint; that isn't held against its configuration."""
    call("ask", study, "stop_run", {"run": _id(run)}, not no_wait, as_json)


def enqueue(
    study: PlaceArgument,
    values: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=VALUE...", help="Hyperparameters; the others are the recipe's.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="One of the study's models. Default: the smallest.")] = None,
    steps: Annotated[int | None, typer.Option(help="A rung to train to. Default: the whole length.")] = None,
    file: Annotated[Path | None, typer.Option(help="A YAML or JSON file with hyperparameters.")] = None,
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Try a configuration next."""
    call("enqueue", study, tuple(values or ()), file, model, steps, not no_wait, as_json)


def pin(
    study: PlaceArgument,
    run: RunArgument,
    step: Annotated[int, typer.Argument(metavar="STEP", help="Of the checkpoint.")],
    unpin: Annotated[bool, typer.Option("--unpin", help="Let go of it again.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Keep a checkpoint, whatever room is needed for; at once."""
    call("ask", study, "pin", {"run": _id(run), "step": step, "pinned": not unpin}, False, as_json)


def budget(
    study: PlaceArgument,
    time: Annotated[
        str | None, typer.Argument(metavar="TIME", help="Wall clock: a new total (60h), or more of it (+12h).")
    ] = None,
    gpu_hours: Annotated[str | None, typer.Option(help="GPU-hours: a new total (500), or more (+100).")] = None,
    trials: Annotated[str | None, typer.Option(help="Search trials: a new total (80), or more (+20).")] = None,
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Change what a study may spend, also one that is finished: its search then goes on when it is resumed."""
    call("budget", study, time, gpu_hours, trials, not no_wait, as_json)


def extend(
    study: PlaceArgument,
    run: RunArgument,
    steps: Annotated[int | None, typer.Option(help="A rung to train to. Default: the whole length.")] = None,
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train a run further, also one that was stopped, and also in a finished study when it is resumed."""
    call("ask", study, "extend_run", {"run": _id(run), "steps": steps}, not no_wait, as_json)


def requests(study: PlaceArgument, as_json: JsonOption = False) -> None:
    """List what was asked of a study, by whom, and the answers."""
    call("requests", study, as_json)


def _id(run: str) -> str:
    """A run's id, from that or from its number."""
    return f"r{int(run):04d}" if run.isascii() and run.isdigit() else run


COMMANDS = (pause, stop, enqueue, pin, budget, extend, requests)
