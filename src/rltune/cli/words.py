"""How numbers and configurations read in a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rltune.types import Configuration, StopReason
from rltune.words import listed

BARS = "▁▂▃▄▅▆▇█"
SHORT = {
    "learning_rate": "lr",
    "lr_scheduler": "schedule",
    "clip_ratio": "clip",
    "grad_clip": "grad",
    "kl_coef": "kl",
    "rollouts": "n",
}


def clock_time(seconds: float) -> str:
    """`0:07`, `5:00`, `26:03:00`."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def number(value: object) -> str:
    """Three significant digits for floats, everything else as it is."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def steps_in_words(steps: Sequence[int]) -> str:
    """`step 40`, `steps 10, 20 and 40`."""
    return f"step{'s' if len(steps) > 1 else ''} {listed([str(step) for step in steps])}"


def short_configuration(configuration: Configuration) -> str:
    """`lr 0.0005  schedule constant  clip 0.2 ...`."""
    return "  ".join(f"{SHORT.get(name, name)} {number(value)}" for name, value in configuration.values.items())


def how_it_ended(stop: StopReason) -> str:
    """`stopped by kl_growth at step 12`, `failed at step 3`."""
    how = f"stopped by {stop.rule}" if stop.rule else stop.kind.replace("_", " ")
    return f"{how} at step {stop.step}"


def sparkline(values: Sequence[float], width: int = 20) -> str:
    """The last `width` values as bars between their least and their greatest; gaps for NaN."""
    shown = values[-width:]
    finite = [v for v in shown if math.isfinite(v)]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    scale = (len(BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(BARS[round((v - low) * scale)] if math.isfinite(v) else " " for v in shown)
