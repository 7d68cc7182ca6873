"""A program's launch as lines of a shell script, for people to read and to run themselves."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping

from rltune.errors import TrainerError
from rltune.redaction import is_secret_name

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNMENT = re.compile(r"[\w@%+=:,./-]*=[\w@%+=:,./-]*")


def export_lines(environment: Mapping[str, str]) -> str:
    """A line `export NAME=value` each. A secret's value is not written: who runs the script has to have set it.

    Raises:
        TrainerError: for a name that a shell takes for something else.
    """
    return "".join(_line(name, value) for name, value in environment.items())


def in_lines(arguments: Iterable[str]) -> list[str]:
    """A command's words in quoted lines: each flag, with its values, and each override `key=value` has its own."""
    lines: list[list[str]] = [[]]
    for position, word in enumerate(arguments):
        value = bool(lines[-1]) and lines[-1][-1].startswith("--")
        if lines[-1] and (word.startswith("--") or ("=" in word and not value)):
            lines.append([])
        # Unquoted, a first word such as A=b would be an assignment.
        lines[-1].append(f"'{word}'" if position == 0 and _ASSIGNMENT.fullmatch(word) else shlex.quote(word))
    return [" ".join(line) for line in lines]


def _line(name: str, value: str) -> str:
    if not _NAME.fullmatch(name):
        raise TrainerError(
            f"{name!r} can't be exported: expected a name of letters, digits and underscores",
            where="trainer.settings.env",
            hint="export it as json",
        )
    if is_secret_name(name) and value:
        return f': "${{{name}:?set it first: secrets are not exported}}"\nexport {name}\n'
    return f"export {name}={shlex.quote(value)}\n"
