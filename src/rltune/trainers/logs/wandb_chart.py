"""The CSV that W&B exports from a chart: `"Step","<run> - critic/score/mean","<run> - critic/score/mean__MIN",...`.

One chart may show several runs; each is a curve. Cells are empty where a run has no such step.
"""

from __future__ import annotations

from rltune.trainers.logs.base import Reading
from rltune.trainers.logs.collect import Curve, counted
from rltune.trainers.logs.names import STEP_NAMES, canonical, lookup
from rltune.trainers.logs.numbers import number_of, step_of
from rltune.trainers.logs.source import Source
from rltune.trainers.logs.table import header_of, rows

_BOUNDS = ("__MIN", "__MAX")


class WandbChart:
    """See the module."""

    name = "wandb_chart"

    def claims(self, head: str) -> bool:
        return any(" - " in column for column in header_of(head)[1:])

    def read(self, source: Source) -> Reading:
        header = header_of(source.head)
        columns = _columns(header)
        unknown = tuple(dict.fromkeys(metric for _, _, metric in columns if not lookup(metric)))[:20]
        if header[0] not in STEP_NAMES:
            problem = f"the chart's x axis is {header[0]!r}: export it with Step on the x axis"
            return Reading((), unknown, problem, 1)
        curves = {run: Curve() for _, run, _ in columns}
        torn = 0
        for row in rows(source):
            step = step_of(row.cells[0]) if row.whole else None
            if step is None:
                torn += 1
                continue
            lines: dict[str, dict[str, float]] = {}
            for i, run, metric in columns:
                if (number := number_of(row.cells[i])) is not None:
                    lines.setdefault(run, {})[metric] = number
            for run, line in lines.items():
                if values := canonical(line):
                    curves[run].add(step, values)
        notes = counted(torn, "row", "without a step, or with more or fewer cells than the header: left out")
        runs = tuple(curve.finish(source, self.name, run, notes) for run, curve in curves.items() if len(curve))
        return Reading(runs, unknown, line=1)


def _columns(header: tuple[str, ...]) -> list[tuple[int, str, str]]:
    """(index, run, metric) of each column that is a metric's own: not its bounds."""
    found = []
    for i, column in enumerate(header[1:], start=1):
        run, separator, metric = column.rpartition(" - ")
        if separator and not metric.endswith(_BOUNDS):
            found.append((i, run, metric))
    return found
