"""Where the winner's and the recipe's training on the target goes, and from which step on it stopped paying."""

from __future__ import annotations

from collections.abc import Sequence

from rltune.analysis.records import Records
from rltune.curves.forecast import Forecast, forecast
from rltune.report.data import ReportData, percent_text
from rltune.report.markup import Html, join, missing, paragraph, section, table
from rltune.store.base import RunRecord
from rltune.types import StepMetrics


def paying(data: ReportData) -> Html:
    """One row a run of the winner or the recipe on the target."""
    rows = [
        row
        for run in sorted(data.records.runs.values(), key=lambda run: (data.role(run.configuration.id), run.seed))
        if run.model == data.records.target and data.role(run.configuration.id)
        if (row := _row(run, data.role(run.configuration.id), data.records)) is not None
    ]
    if not rows:
        curves = [curve for curve in data.records.curves.values() if curve]
        silent = bool(curves) and not any("reward" in metrics.values for curve in curves for metrics in curve)
        why = "No run has reported a reward to judge by." if silent else "No winner was trained on the target yet."
        return section("When more training stops paying", "paying", missing(why))
    headers = ("run", "what", "seed", "steps", "phase", "mean reward at the end", "could stop at", "gives up", "saves")
    note = (
        "The end is the mean reward over the last tenth of the steps; of a run in flight it is a forecast with its "
        "80 % interval. It could stop where what is left is worth less than 0.01 of the reward's range."
    )
    return section("When more training stops paying", "paying", join([table(headers, rows), paragraph(note)]))


def _row(run: RunRecord, role: str, records: Records) -> Sequence[object] | None:
    curve: Sequence[StepMetrics] = [m for m in records.curves.get(run.id, ()) if "reward" in m.values]
    if not curve:
        return None
    steps = [m.step for m in curve]
    known = (str(run.number), role, str(run.seed), str(steps[-1]))
    result = forecast([m.values["reward"] for m in curve], steps, horizon=max(records.horizon or 0, steps[-1]))
    if not isinstance(result, Forecast):
        return (*known, "–", result.reason, "–", "–", "–")
    end = f"{result.final:.3f}"
    if result.horizon > result.last_step:
        end += " ({:.3f} to {:.3f})".format(*result.interval)
    advice = result.advice
    if not advice.saved:
        return (*known, result.phase.value, end, "no earlier", "–", "–")
    return (
        *known,
        result.phase.value,
        end,
        str(advice.step),
        f"{advice.given_up:.3f}",
        percent_text(advice.saved, 0),
    )
