"""A forecast of each curve of a log, from all of it or from its first part, beside what really came."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rltune.analysis.logs import STUDY
from rltune.curves.forecast import Forecast, Refusal, forecast
from rltune.curves.predict import level_at_end
from rltune.curves.series import Array
from rltune.errors import CurveError, LogError, suggest
from rltune.trainers.logs.base import LoggedRun


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of each curve.

    Attributes:
        metric: canonical name. horizon: steps that the run is planned for; None: as the log says, else its last step.
        upto: forecast from the first part only, for the log's last step: a share of its steps (up to 1), or a step.
        bounds, coverage, worth: as `rltune.curves.forecast.forecast` takes them.

    Raises:
        CurveError: if a value is impossible, or `upto` and `horizon` are both given.
    """

    metric: str = "reward"
    upto: float | None = None
    horizon: int | None = None
    bounds: tuple[float, float] | None = None
    coverage: float = 0.8
    worth: float | None = None

    def __post_init__(self) -> None:
        upto = self.upto
        if upto is not None and not (0 < upto <= 1 or (math.isfinite(upto) and upto > 1 and upto == int(upto))):
            raise CurveError(
                f"expected a share of the steps (above 0, at most 1) or a whole step number, got {upto:g}",
                where="upto",
                hint="0.3 is the first 30 %, 300 the first 300 steps",
            )
        if upto is not None and self.horizon is not None:
            raise CurveError(
                "a forecast from the first part is for the log's last step, and takes no other horizon",
                where="upto",
                hint="leave one of the two out",
            )
        if self.horizon is not None and self.horizon < 1:
            raise CurveError(f"the horizon must be at least 1 step, got {self.horizon}", where="horizon")
        if not 0 < self.coverage < 1:
            raise CurveError(
                f"the interval's probability must lie between 0 and 1, got {self.coverage:g}",
                where="coverage",
                hint="0.8 is an interval that holds 80 % of the outcomes",
            )
        if self.worth is not None and not (0 <= self.worth < math.inf):
            raise CurveError(f"a gain's worth must be a number >= 0, got {self.worth:g}", where="worth")
        if self.bounds is not None and not -math.inf < self.bounds[0] < self.bounds[1] < math.inf:
            low, high = self.bounds
            raise CurveError(f"bounds must be LOW HIGH with LOW < HIGH, got {low:g} and {high:g}", where="bounds")


@dataclass(frozen=True, slots=True)
class LogForecast:
    """The answer for one curve.

    Attributes:
        source, run, metric: which. steps, values: (n,) the whole curve as logged; values may be non-finite.
        seen: how many of them the forecast is made from. horizon: the step that it is for.
        result: the forecast, or why there is none. coverage: of its interval.
        actual: with `upto`, the measured mean of the last tenth; None without, or if it isn't finite.
        notes: what was repaired or assumed, one sentence each.
        length_known: False if nobody said how long the run was to be: it is then taken as finished.
    """

    source: str
    run: str | None
    metric: str
    steps: Array
    values: Array
    seen: int
    horizon: int
    coverage: float
    result: Forecast | Refusal
    actual: float | None = None
    notes: tuple[str, ...] = ()
    length_known: bool = True

    @property
    def title(self) -> str:
        """The file, and the run in it where it has several."""
        return f"{self.source}: {self.run}" if self.run else self.source

    @property
    def inside(self) -> bool | None:
        """Whether what came lies in the interval; None if one of the two isn't there."""
        if self.actual is None or isinstance(self.result, Refusal):
            return None
        low, high = self.result.interval
        return low <= self.actual <= high


def forecast_log(run: LoggedRun, request: Request) -> LogForecast:
    """The forecast of one curve.

    Raises:
        LogError: if the curve doesn't have the metric. CurveError: if the horizon lies before its last step, or the
            bounds don't hold it.
    """
    steps, values, notes = _curve(run, request.metric)
    last = int(steps[-1])
    seen, horizon, actual = steps.size, last, None
    if request.upto is not None:
        seen, said = _first_part(steps, request.upto)
        actual, gap = _ended(values)
        notes += (*said, *gap)
    elif request.horizon is not None:
        horizon = request.horizon
    elif run.horizon is not None and run.horizon > last:
        horizon = run.horizon
        notes += (f"{run.horizon} steps are planned, says the {'study' if run.format == STUDY else 'log'}",)
    try:
        result = forecast(
            values[:seen],
            steps[:seen],
            horizon=horizon,
            bounds=request.bounds,
            coverage=request.coverage,
            worth=request.worth,
        )
    except CurveError as error:
        raise CurveError(error.message, where=_place(run), hint=error.hint) from error
    length_known = request.upto is not None or request.horizon is not None or run.horizon is not None
    if not length_known and isinstance(result, Forecast):
        notes += ("taken as finished, for the log doesn't say how long it was to be: name a horizon if it goes on",)
    return LogForecast(
        source=run.source,
        run=run.run,
        metric=request.metric,
        steps=steps,
        values=values,
        seen=seen,
        horizon=horizon,
        coverage=request.coverage,
        result=result,
        actual=actual,
        notes=(*run.notes, *notes),
        length_known=length_known,
    )


def _curve(run: LoggedRun, metric: str) -> tuple[Array, Array, tuple[str, ...]]:
    """Steps (n,), counted from 1, and values (n,) of the metric, n >= 1; what was done to the steps."""
    found = [(each.step, each.values[metric]) for each in run.steps if metric in each.values]
    if not found:
        known = {name for each in run.steps for name in each.values}
        raise LogError(f"there is no metric {metric!r} in it", where=_place(run), hint=suggest(metric, known))
    steps, values = np.array(found, dtype=float).T
    if run.training and run.training[0].step == 0:
        return steps + 1, values, ("the log counts its steps from 0: here its first is step 1",)
    if steps[0] > 0:
        return steps, values, ()
    if steps.size == 1:
        raise LogError(f"{metric!r} was measured only before training", where=_place(run), hint="wait for more steps")
    return steps[1:], values[1:], ("step 0, before training, is left out",)


def _place(run: LoggedRun) -> str:
    return f"{run.source}: {run.run}" if run.run else run.source


def _first_part(steps: Array, upto: float) -> tuple[int, tuple[str, ...]]:
    """How many steps are seen (>= 1), and a note if that is all of them."""
    if upto <= 1:
        return max(1, round(upto * steps.size)), ()
    if upto < steps[0]:
        raise CurveError(
            f"the log begins at step {steps[0]:.0f}, after step {upto:.0f}", where="upto", hint="name a later step"
        )
    if upto >= steps[-1]:
        return steps.size, (f"it ends at step {steps[-1]:.0f}: all of it is seen",)
    return int(np.searchsorted(steps, upto, side="right")), ()


def _ended(values: Array) -> tuple[float | None, tuple[str, ...]]:
    """Mean over the last tenth, or None and why."""
    mean = level_at_end(values)
    return (mean, ()) if math.isfinite(mean) else (None, ("its end isn't a finite number",))
