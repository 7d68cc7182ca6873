"""The arguments of the commands that lead to Optuna and back: `rltune optuna`, `rltune import`."""

from __future__ import annotations

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
