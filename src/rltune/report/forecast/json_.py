"""A forecast as one JSON object: plain values, and null for what isn't there or isn't a finite number."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rltune.analysis.forecasts import LogForecast
from rltune.curves.fit import LawFit
from rltune.curves.forecast import Forecast
from rltune.curves.phases import Phase


def to_json(answer: LogForecast) -> dict[str, object]:
    """The answer's values by name; `refused` is the reason where there is no forecast, and None where there is one."""
    result = answer.result
    known = result if isinstance(result, Forecast) else None
    laws = [_law(fit) for fit in known.laws] if known else []
    return {
        "file": answer.source,
        "run": answer.run,
        "metric": answer.metric,
        "steps_seen": result.last_step,
        "horizon": answer.horizon,
        "now": _finite(known.now) if known else None,
        "forecast": _finite(known.final) if known else None,
        "interval": [_finite(end) for end in known.interval] if known else None,
        "coverage": answer.coverage,
        "phase": result.phases[-1].name.value if result.phases else None,
        "phases": [_phase(phase) for phase in result.phases],
        "law": laws[0] if laws else None,
        "laws": laws,
        "advised_stop": _advice(known) if known else None,
        "worth": _finite(known.worth) if known else None,
        "noise": _finite(known.noise) if known else None,
        "actual": _finite(answer.actual),
        "inside": answer.inside,
        "refused": None if isinstance(result, Forecast) else result.reason,
        "notes": list(answer.notes),
    }


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _phase(phase: Phase) -> Mapping[str, object]:
    return {
        "name": phase.name.value,
        "first_step": phase.first_step,
        "last_step": phase.last_step,
        "first_level": _finite(phase.first_level),
        "last_level": _finite(phase.last_level),
    }


def _law(fit: LawFit) -> Mapping[str, object]:
    parameters: dict[str, float | None] = {"start": _finite(fit.start), "gain": _finite(fit.gain)}
    parameters |= {name: _finite(value) for name, value in fit.theta.items()}
    return {
        "name": fit.law.name,
        "parameters": parameters,
        "asymptote": _finite(fit.asymptote),
        "weight": _finite(fit.weight),
    }


def _advice(forecast: Forecast) -> Mapping[str, object]:
    advice = forecast.advice
    return {
        "step": advice.step,
        "reward_given_up": _finite(advice.given_up),
        "compute_saved": _finite(advice.saved),
        "reason": advice.reason,
    }
