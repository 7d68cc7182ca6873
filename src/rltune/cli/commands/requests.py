"""`rltune requests`: what was asked of a study, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from rich.table import Table

from rltune.cli.console import TextConsole
from rltune.store.base import RequestRecord
from rltune.study.looking import look_at


def main(study: str, as_json: bool) -> None:
    """Prints what was asked of a study, and what became of it."""
    look = look_at(study)
    found = look.store.requests()
    look.store.close()
    if as_json:
        print(json.dumps([asdict(record) for record in found]))
    elif found:
        TextConsole().print(_table(found))
    else:
        TextConsole().print("nothing was asked of this study")


def _table(found: list[RequestRecord]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("", "when", "by", "what", "state", "answer"):
        table.add_column(heading)
    for record in found:
        when = datetime.fromtimestamp(record.time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        row = (str(record.id), when, record.by, _what(record), record.state.value, record.answer)
        table.add_row(*(text.replace("[", "\\[") for text in row))
    return table


def _what(record: RequestRecord) -> str:
    """The request as it is typed: a configuration is its values, so that a narrow table can break between them."""
    values = dict(record.values)
    configuration = values.pop("configuration", None)
    given = {**configuration, **values} if isinstance(configuration, Mapping) else values
    told = (f"{name}={_text(value)}" for name, value in given.items() if value is not None)
    return " ".join([record.kind, *told])


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
