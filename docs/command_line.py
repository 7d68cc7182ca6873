"""Writes docs/command-line.md: every command with its arguments and options, as Typer knows them.

python docs/command_line.py        # rewrites the page
"""

from __future__ import annotations

import re
from pathlib import Path

import typer.main
from typer.cli import get_docs_for_click

from rltune.cli.main import app

PAGE = Path(__file__).with_name("command-line.md")
HEAD = """# The command line

`rltune COMMAND --help` says the same. A STUDY is its folder, such as `studies/demo`; to look at one from
elsewhere, `URL#NAME` of a database ([store](store.md)). What a command prints for scripts, with `--json`, is one JSON
object on standard output; warnings and errors go to standard error.

| exit status | meaning |
|---|---|
| 0 | done |
| 2 | a mistake in what was given, or a study that can't go on: the error says what, where, and what to do |
| 130 | interrupted (Ctrl-C, SIGTERM); `rltune resume` goes on |

This page is made by `docs/command_line.py`.
"""

_EXAMPLES = re.compile(r"\n\n((?:rltune .*\n)+)")
"""Lines of a command's help that show how to call it."""


def page() -> str:
    """The whole page."""
    command = typer.main.get_command(app)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command), name="rltune")
    _, _, commands = text.partition("\n## ")
    commands = _EXAMPLES.sub(r"\n```console\n\1```\n", commands)
    return f"{HEAD}\n## {commands.strip()}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
