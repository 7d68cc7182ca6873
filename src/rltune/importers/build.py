"""From a source, or a format's name, to what reads it. A new format is one file and one line here."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path

from rltune.errors import PriorError, suggest
from rltune.importers.base import Reader, Table
from rltune.redaction import hide_passwords

READERS: Mapping[str, tuple[str, str]] = {
    "optuna": ("rltune.importers.optuna_", "OptunaReader"),
    "wandb-csv": ("rltune.importers.wandb_csv", "WandbCsvReader"),
    "wandb-json": ("rltune.importers.wandb_json", "WandbJsonReader"),
}
"""Format -> module and class, in the order in which they are asked whether a source is theirs."""
HEAD = 2**16
"""Bytes of a file that tell its format."""


def read_table(source: str, form: str | None = None, study: str | None = None) -> Table:
    """The results in a source.

    Args:
        source: a file, or a database's URL. form: a key of `READERS`; None: recognized. study: an Optuna study's name.

    Raises:
        PriorError: if there is no such source or format, or it can't be read.
    """
    if form is not None and form not in READERS:
        raise PriorError(f"unknown format {form!r}", where="--format", hint=suggest(form, READERS))
    head = b""
    if "://" not in source:
        try:
            with Path(source).open("rb") as file:
                head = file.read(HEAD)
        except OSError as error:
            raise PriorError(f"it can't be read: {error.strerror}", where=source, hint="check the path") from None
    for name in READERS if form is None else (form,):
        reader = build_reader(name)
        if form is not None or reader.claims(source, head):
            return reader.read(source, study)
    raise PriorError(
        "this is no Optuna storage and no export of W&B's runs that is known",
        where=hide_passwords(source),
        hint=f"say what it is with --format: {', '.join(READERS)}",
    )


def build_reader(name: str) -> Reader:
    """The reader of a key of `READERS`."""
    module, attribute = READERS[name]
    return getattr(importlib.import_module(module), attribute)()
