"""What every part of the report is given: the study's records, their summary, and how values are written."""

from __future__ import annotations

from dataclasses import dataclass

from rltune.analysis.records import ReadableStore, Records, read_records
from rltune.analysis.summary import Summary, summarize_records
from rltune.types import Configuration


@dataclass(frozen=True, slots=True)
class ReportData:
    """One reading of a study."""

    records: Records
    summary: Summary

    @property
    def winner_id(self) -> str | None:
        return self.summary.winner.configuration.id if self.summary.winner else None

    @property
    def recipe_id(self) -> str | None:
        return self.summary.recipe.configuration.id if self.summary.recipe else None

    def role(self, configuration_id: str) -> str:
        """What a configuration is: winner (even if it is the recipe itself), recipe, or nothing (empty)."""
        if configuration_id == self.winner_id:
            return "winner"
        return "recipe" if configuration_id == self.recipe_id else ""


def read_report_data(store: ReadableStore) -> ReportData:
    """Reads a study's store.

    Raises:
        StoreError: if the store can't be read.
    """
    records = read_records(store)
    return ReportData(records, summarize_records(records))


def value_text(value: object) -> str:
    """A setting or a number as people write it: 0.0003 becomes 3e-04, 0.25 stays."""
    if isinstance(value, float) and not isinstance(value, bool):
        return f"{value:.3g}"
    return str(value)


def configuration_text(configuration: Configuration, joint: str = ", ") -> str:
    """`name = value` of every hyperparameter."""
    return joint.join(f"{name} = {value_text(value)}" for name, value in configuration.values.items())


def seconds_text(seconds: float | None) -> str:
    """A duration as people say it: 0.42 s, 35 s, 4 min 10 s, 3 h 5 min; a dash for None."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"{seconds:.2g} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 90:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def percent_text(value: float | None, digits: int = 1) -> str:
    """A share as per cent; a dash for None."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"
