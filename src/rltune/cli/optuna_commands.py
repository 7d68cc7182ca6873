"""The arguments of the commands that lead to Optuna and back: `rltune optuna`, `rltune import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rltune.cli.calling import call


def optuna(
    study: Annotated[
        str,
        typer.Argument(metavar="STUDY", help="The study's folder, such as studies/demo; or URL#NAME, of a database."),
    ],
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE",
            help="A database's URL (sqlite:///file, postgresql+psycopg://host/name), or a journal file. Default: as "
            "the study file says, else optuna.journal in the study's folder.",
        ),
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Delete what the storage has of this study, and write it anew.")
    ] = False,
    export_only: Annotated[
        bool, typer.Option("--export-only", help="Mirror the study once, and don't open the dashboard.")
    ] = False,
    host: Annotated[str, typer.Option(help="Address to serve at. The dashboard asks for no password.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: any that is free.")] = 8080,
) -> None:
    """Mirror a study's evaluations into Optuna and open optuna-dashboard on them, also while the study runs.

    Ctrl-C ends it; what is there stays, and the next time only what is new is written.
    """
    call("optuna", study, storage, rebuild, export_only, host, port)


def import_(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="An Optuna storage (URL, SQLite or journal file), or W&B's runs (CSV of the runs table, or JSON).",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The prior file to write.")],
    metric: Annotated[
        str | None, typer.Option(metavar="NAME", help="The score. Default: what was optimized, or the one there is.")
    ] = None,
    negate: Annotated[bool, typer.Option("--negate", help="Less of the metric is better: take its negative.")] = False,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="OLD=NEW", help="A hyperparameter's name there and here; repeatable."),
    ] = None,
    steps: Annotated[
        str | None,
        typer.Option(metavar="N|NAME", help="Rollout steps of all runs, or the name of the value that holds them."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="The model that all runs trained.")] = None,
    model_from: Annotated[str | None, typer.Option(metavar="NAME", help="The value that holds the model.")] = None,
    parameters: Annotated[float | None, typer.Option(min=1, help="The model's number of parameters.")] = None,
    seed_from: Annotated[str | None, typer.Option(metavar="NAME", help="The value that holds the seed.")] = None,
    reported: Annotated[
        bool, typer.Option("--reported", help="Also what runs reported on their way, at the steps that they told.")
    ] = False,
    failures: Annotated[
        bool, typer.Option("--failures", help="Count failed runs as bad results, instead of leaving them out.")
    ] = False,
    horizon: Annotated[int | None, typer.Option(min=1, help="Steps of a full run there.")] = None,
    task: Annotated[str | None, typer.Option(help="What was trained on, for people.")] = None,
    study_name: Annotated[str | None, typer.Option(metavar="NAME", help="Which Optuna study.")] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", "-f", metavar="NAME", help="optuna, wandb-csv or wandb-json. Default: recognized."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, for scripts.")] = False,
) -> None:
    """Make a prior file of an Optuna study or an export of W&B: what a study's warm_start can learn from."""
    wishes = {
        "metric": metric,
        "negate": negate,
        "steps": int(steps) if steps and steps.isdecimal() else steps,
        "model": model,
        "model_from": model_from,
        "seed_from": seed_from,
        "parameters": parameters,
        "reported": reported,
        "failures": failures,
        "horizon": horizon,
        "task": task,
    }
    call("import_", source, output, tuple(mapping or ()), wishes, form, study_name, as_json)
