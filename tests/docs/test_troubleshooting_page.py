"""docs/troubleshooting.md quotes messages: what is quoted is what the code says, and commands exist."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest
import typer.main

from docs.pages import ROOT, page
from rltune.cli.main import app

TEXT = page("troubleshooting")
QUOTED = [line for block in re.findall(r"```output\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
MESSAGES = [
    line for line in QUOTED if re.match(r"(error|warning|note|info| hint|stopped)\b", line) and " problems:" not in line
]
WORDS = 3
"""So many words in a row are recognized in the code, where values stand between."""
FOREIGN = ("Could not find any running Ray instance", "failed to resolve host", "Name or service not known")
"""What Ray, psycopg and the system say in a message."""


@cache
def said() -> tuple[str, ...]:
    """The literal texts of the code."""
    found: list[str] = []
    for path in sorted((ROOT / "src" / "rltune").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(" ".join(node.value.split()))
    return tuple(found)


def runs_of_words(line: str) -> list[str]:
    """All runs of plain words in a message, overlapping."""
    for foreign in FOREIGN:
        line = line.replace(foreign, "0")
    words = re.sub(r"^(error|warning|note|info| hint|stopped):?\s+", "", line).split()
    runs = [words[at : at + WORDS] for at in range(len(words) - WORDS + 1)]
    return [
        " ".join(run).rstrip(",:;.")
        for run in runs
        if all(re.fullmatch(r"[A-Za-z](?:[A-Za-z'-]*[A-Za-z])?[,:;.]?", word) for word in run)
    ]


def test_there_are_messages() -> None:
    assert len(MESSAGES) > 25


@pytest.mark.parametrize("line", MESSAGES, ids=lambda line: line[:40])
def test_a_quoted_message_is_one_of_the_code(line: str) -> None:
    runs = runs_of_words(line)
    text = "\n".join(said())
    unknown = [run for run in runs if run not in text]
    assert runs and len(unknown) <= len(runs) / 2, f"the code doesn't say {unknown}"


def test_commands_and_options_exist() -> None:
    commands = typer.main.get_command(app).commands  # pyright: ignore[reportAttributeAccessIssue]
    called = re.findall(r"(?:`|^)rltune ([a-z-]+)((?: [^`\n|]*)?)", TEXT, re.MULTILINE)
    assert {name for name, _ in called} - set(commands) == set()
    for name, rest in called:
        known = {option for parameter in commands[name].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", rest.split("#")[0])) <= known, f"rltune {name}{rest}"
