"""How a command's module is called, and how an error is shown."""

from __future__ import annotations

import importlib

import typer
from rich.text import Text

from rltune.cli.console import TextConsole
from rltune.errors import RltuneError

USAGE_STATUS = 2


def call(command: str, *arguments: object) -> None:
    """Runs a command's module; its `main` returns the exit status, or None for 0."""
    status = importlib.import_module(f"rltune.cli.commands.{command}").main(*arguments)
    if status:
        raise typer.Exit(status)


def show(error: RltuneError) -> None:
    """Prints an error: what, where, and what to do."""
    console = TextConsole(stderr=True, soft_wrap=True)
    console.print(Text.assemble(("error: ", "bold red"), error.message))
    if error.where:
        console.print(Text.assemble(("   at: ", "dim"), error.where))
    if error.hint:
        console.print(Text.assemble((" hint: ", "cyan"), error.hint))
