"""How amounts and lists read in a sentence, in messages of any part."""

from __future__ import annotations

from collections.abc import Sequence


def duration(seconds: float) -> str:
    """`0.42 s`, `17 s`, `4.2 min`, `3.1 h`."""
    if seconds < 10:
        return f"{seconds:.2g} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def magnitude(parameters: float) -> str:
    """Parameters of a model: `0.13 M`, `494 M`, `7.62 B`."""
    billions = parameters >= 999.5e6
    return f"{parameters / (1e9 if billions else 1e6):.3g} {'B' if billions else 'M'}"


def several(count: object, what: str) -> str:
    """`1 trial`, `2 trials`, `160,027 trials`."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def budget_text(seconds: float | None, gpu_hours: float | None) -> str:
    """`48 h`, `400 GPU-hours`, or `48 h or 400 GPU-hours, whichever ends first`."""
    limits = [duration(seconds)] if seconds is not None else []
    limits += [f"{gpu_hours:,.4g} GPU-hours"] if gpu_hours is not None else []
    return " or ".join(limits) + (", whichever ends first" if len(limits) > 1 else "")
