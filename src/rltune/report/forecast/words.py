"""What a forecast says, in a few lines of plain words."""

from __future__ import annotations

import re

from rltune.analysis.forecasts import LogForecast
from rltune.curves.fit import LawFit
from rltune.curves.forecast import Forecast
from rltune.curves.phases import Phase, PhaseName

Line = tuple[str, str]
"""(what it is about, what is said)"""


def told(answer: LogForecast) -> list[Line]:
    """Where the curve is, where it goes, when to stop, by which law, and what came; or why nothing is forecast."""
    result = answer.result
    lines: list[Line] = []
    if result.phases:
        lines.append(("where", _where(result.phases[-1], result.now if isinstance(result, Forecast) else None)))
    if isinstance(result, Forecast):
        lines += [
            ("goes", _goes(result, answer.length_known)),
            ("stop", result.advice.reason),
            ("law", law_text(result.laws[0])),
        ]
    else:
        lines.append(("refused", f"no forecast: {result.reason}"))
    if answer.actual is not None:
        lines.append(("came", came(answer)))
    return lines + [("note", note) for note in answer.notes]


def seen_text(answer: LogForecast) -> str:
    """`reward, seen to step 63 of 210`."""
    last = answer.result.last_step
    if last == answer.horizon:
        return f"{answer.metric}, {last} steps"
    return f"{answer.metric}, seen to step {last} of {answer.horizon}"


def interval_text(forecast: Forecast) -> str:
    """The final reward's interval."""
    low, high = forecast.interval
    return f"{low:.3g} to {high:.3g}"


def came(answer: LogForecast) -> str:
    """What was measured at the end; `answer.actual` isn't None."""
    actual = answer.actual if answer.actual is not None else 0.0
    if not isinstance(answer.result, Forecast):
        return f"{actual:.3g} over the last tenth of the steps"
    off = abs(answer.result.final - actual)
    where = "inside" if answer.inside else "outside"
    return f"{actual:.3g} over the last tenth of the steps: {off:.2g} off, {where} the interval"


def law_text(fit: LawFit) -> str:
    """The law with its numbers: `power: 0.1 + 0.87 (1 - (1 + x / 0.002)^-0.73), x = step / 1119, ...`."""
    numbers = {"start": fit.start, "gain": fit.gain, **fit.theta}
    equation = re.sub(r"[a-z]+", lambda word: _number(numbers, word[0]), fit.law.equation)
    return (
        f"the best single one (the forecast weighs all) is {fit.law.name}: {equation}, x = step / {fit.horizon:.0f}; "
        f"tends to {fit.asymptote:.3g}; weight {fit.weight:.0%} among the laws"
    )


def _number(numbers: dict[str, float], word: str) -> str:
    return f"{numbers[word]:.3g}" if word in numbers else word


def _where(phase: Phase, now: float | None) -> str:
    moved = f"{phase.first_level:.3g} at step {phase.first_step}, {phase.last_level:.3g} at step {phase.last_step}"
    level = "" if now is None else f"; the last tenth's mean is {now:.3g}"
    if phase.name is PhaseName.SLOW_START:
        return f"{phase.name}, no rise beyond the noise yet: {moved}{level}"
    return f"{phase.name} since step {phase.first_step}: {moved}{level}"


def _goes(forecast: Forecast, length_known: bool) -> str:
    ends = f"{forecast.coverage:.0%} interval {interval_text(forecast)}"
    if not length_known:
        return (
            f"unknown, for the log doesn't say how long the run was to be: name it by --horizon. The log ends at "
            f"{forecast.final:.3g} ({ends} by its last steps' noise)"
        )
    if forecast.last_step == forecast.horizon:
        return f"it ended at {forecast.final:.3g} ({ends} by its last steps' noise)"
    return f"{forecast.final:.3g} at step {forecast.horizon} ({ends})"
