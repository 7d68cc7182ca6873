"""CSV with a header: a column of steps, columns with canonical or any trainer's names, maybe a column `run`.

W&B's `history().to_csv(...)` is such a table too. Empty cells are absent, `nan` and `inf` are kept; rows of the same
step are merged. Without a column of steps, rows are numbered.
"""

from __future__ import annotations

from collections.abc import Sequence

from rltune.trainers.logs.base import Reading
from rltune.trainers.logs.collect import Curve, counted
from rltune.trainers.logs.names import STEP_NAMES, canonical, lookup
from rltune.trainers.logs.numbers import number_of, step_of
from rltune.trainers.logs.source import Source
from rltune.trainers.logs.table import header_of, rows


class PlainCsv:
    """See the module."""

    name = "csv"

    def claims(self, head: str) -> bool:
        columns = header_of(head)
        return any(lookup(c) for c in columns) or (len(columns) > 1 and any(c in STEP_NAMES for c in columns))

    def read(self, source: Source) -> Reading:
        columns = header_of(source.head)
        known = [(i, column) for i, column in enumerate(columns) if column not in ("run", *STEP_NAMES)]
        steps = next((columns.index(name) for name in STEP_NAMES if name in columns), None)
        runs = columns.index("run") if "run" in columns else None
        curves: dict[str | None, Curve] = {}
        counts: dict[str | None, int] = {}
        torn = stepless = 0
        for row in rows(source):
            if not row.whole:
                torn += 1
                continue
            run = row.cells[runs] if runs is not None else None
            counts[run] = counts.get(run, 0) + 1
            step = step_of(row.cells[steps]) if steps is not None else counts[run]
            if step is None:
                stepless += 1
            elif values := canonical(_numbers(row.cells, known)):
                curves.setdefault(run, Curve()).add(step, values)
        notes = (
            *counted(torn, "row", "with more or fewer cells than the header: left out"),
            *counted(stepless, "row", "without a step: left out"),
            *(("there is no column of steps: rows are numbered 1, 2, ...",) if steps is None else ()),
        )
        found = tuple(curve.finish(source, self.name, run, notes) for run, curve in curves.items())
        return Reading(found, tuple(column for _, column in known if column and not lookup(column))[:20], line=1)


def _numbers(cells: Sequence[str], columns: Sequence[tuple[int, str]]) -> dict[str, float]:
    return {name: number for i, name in columns if cells[i] and (number := number_of(cells[i])) is not None}
