"""Tables of W&B's runs as CSV.

As the runs table of a project exports them: `"Name","State",...,"Created","Runtime","Sweep"`, then settings and
metrics, each group by name, nested settings with dots. And as the script of W&B's own documentation writes them:
columns `name`, `config`, `summary`, the last two Python dictionaries.
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from rltune.errors import PriorError
from rltune.importers.base import End, Result, Table
from rltune.importers.tables import flat, numbers_in, value_of
from rltune.trainers.logs.numbers import number_of
from rltune.types import Scalar

ABOUT = frozenset(
    {"Name", "ID", "State", "Agent", "Notes", "User", "Tags", "Created", "CreatedTimestamp", "Updated", "End Time"}
    | {"Runtime", "Sweep", "Group", "Job Type", "Hostname", "GPU Type", "GPU Count", "Github", "Report", "Project"}
)
"""Columns about the run itself."""
ENDS: Mapping[str, End] = {
    "finished": End.FINISHED,
    "failed": End.FAILED,
    "crashed": End.FAILED,
    "running": End.OPEN,
    "pending": End.OPEN,
    "killed": End.OPEN,
    "preempted": End.OPEN,
    "preempting": End.OPEN,
}
"""W&B's words for how a run stands."""
_BARE = re.compile(r"(?<![\w'\"])(nan|inf|-inf)(?![\w'\"])")


class WandbCsvReader:
    """Implements `rltune.importers.base.Reader`."""

    name = "wandb-csv"

    def claims(self, source: str, head: bytes) -> bool:
        header = _header(head.decode("utf-8-sig", errors="replace").partition("\n")[0])
        return "Name" in header and bool(ABOUT & set(header) - {"Name"}) or {"config", "summary"} <= set(header)

    def read(self, source: str, study: str | None) -> Table:
        rows = list(_rows(Path(source)))
        header = rows[0][1] if rows else []
        nested = {"config", "summary"} <= set(header)
        if not nested and "Name" not in header:
            charts = any(" - " in name for name in header)
            raise PriorError(
                "this isn't the table of a project's runs: it has no column Name",
                where=source,
                hint="this is a chart's export, curves: `rltune forecast` reads it; here the runs table is needed"
                if charts
                else "export it from the runs table of the project (the arrow at its right: CSV)",
            )
        results, border = [], _border(header)
        for number, cells in rows[1:]:
            if len(cells) != len(header):
                raise PriorError(
                    f"a row of {len(cells)} cells below a header of {len(header)}",
                    where=f"{source}:{number}",
                    hint="export the table again; spreadsheets sometimes change it",
                )
            if nested:
                results.append(_nested(dict(zip(header, cells, strict=True)), number, source))
            else:
                results.append(_plain(header, cells, border, number))
        return Table(source=f"W&B runs in {Path(source).name}", results=tuple(results))


def _plain(header: Sequence[str], cells: Sequence[str], border: int | None, number: int) -> Result:
    """`border`: index of the first metric's column; None: settings and metrics can't be told apart."""
    about = {name: cell for name, cell in zip(header, cells, strict=True) if name in ABOUT}
    values: dict[str, Scalar] = {}
    numbers: dict[str, float] = {}
    for index, (name, cell) in enumerate(zip(header, cells, strict=True)):
        if name in ABOUT:
            continue
        if (border is None or index < border) and name not in values and (value := value_of(cell)) is not None:
            values[name] = value
        if (border is None or index >= border) and (number_in := number_of(cell)) is not None:
            numbers[name] = number_in
    return Result(called(about.get("Name"), number), end_of(about.get("State")), values, numbers)


def _border(header: Sequence[str]) -> int | None:
    """Where the metrics begin: settings come first, both are sorted by name. A name such as `learning_rate` may be
    both, and isn't the same: a metric's is that of the last step."""
    own = [index for index, name in enumerate(header) if name not in ABOUT]
    falls = [j for i, j in pairwise(own) if header[j].casefold() < header[i].casefold()]
    return falls[0] if len(falls) == 1 else None


def _nested(row: Mapping[str, str], number: int, source: str) -> Result:
    parts: dict[str, Mapping[str, object]] = {}
    for name in ("config", "summary"):
        try:
            read = ast.literal_eval(_BARE.sub(r"'\1'", row[name]) or "{}")
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            read = None
        if not isinstance(read, dict):
            raise PriorError(f"the cell {name} isn't a dictionary", where=f"{source}:{number}")
        parts[name] = {str(key): value for key, value in read.items()}
    values: dict[str, Scalar] = flat(parts["config"])
    end = end_of(row.get("state"))
    return Result(called(row.get("name"), number), end, values, numbers_in(parts["summary"]))


def end_of(state: str | None) -> End:
    """Without a state a run counts as finished: the documentation's script doesn't write one."""
    return ENDS.get(state.strip().lower(), End.OPEN) if state else End.FINISHED


def called(name: str | None, number: int) -> str:
    """What a run is called: by its name, or by its line."""
    return f"run {name}" if name else f"line {number}"


def _header(line: str) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of each row that isn't blank."""
    csv.field_size_limit(2**24)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield reader.line_num, cells
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PriorError(f"the table can't be read: {error}", where=str(path)) from error
