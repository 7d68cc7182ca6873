"""How busy the study kept its GPUs (or places for trials), and what the rest of their time went into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rltune.analysis.records import Records

CAUSES = {
    "starting": "starting trials",
    "asking": "waiting for proposals",
    "controller": "waiting for the controller",
    "room": "kept free for a larger trial",
    "nothing": "no work in the phase",
    "landing": "landing at a sitting's end",
}
"""Accounts of the study's `usage` beside training, in words. `starting` is a part of what trials hold."""

LEAST_SHOWN = 0.0005


@dataclass(frozen=True, slots=True)
class Use:
    """Of a phase or of the whole study.

    Attributes:
        hours: of all GPUs (or places) there are. held: of these, held by trials.
        busy: share of `hours` in which trials trained, validated or were scored.
        lost: share by cause (see CAUSES), those that took nothing left out. `busy` and these make 1.
    """

    hours: float
    held: float
    busy: float
    lost: Mapping[str, float]

    @property
    def losses(self) -> str:
        """What the rest of the time went into, the most first: `starting trials 3.0 %, waiting for proposals 0.2 %`."""
        ranked = sorted(self.lost.items(), key=lambda cause: -cause[1])
        return ", ".join(f"{CAUSES[name]} {share:.1%}" for name, share in ranked if share >= LEAST_SHOWN) or "nothing"


@dataclass(frozen=True, slots=True)
class Utilization:
    """`unit`: GPU or place (for a trial, where trials use no GPU)."""

    unit: str
    whole: Use
    by_phase: Mapping[str, Use]


def measure_utilization(records: Records) -> Utilization | None:
    """From what the study has booked; None if it has booked nothing, as one of an earlier version."""
    phases = {
        str(phase): {str(k): float(v) for k, v in use.items() if isinstance(v, (int, float))}
        for phase, use in records.fact("usage").items()
        if isinstance(use, Mapping)
    }
    known = {phase: found for phase, use in phases.items() if (found := _use(use)) is not None}
    names = {name for use in phases.values() for name in use}
    whole = _use({name: sum(use.get(name, 0.0) for use in phases.values()) for name in names})
    if whole is None:
        return None
    return Utilization(str(records.study.facts.get("usage_unit") or "place"), whole, known)


def _use(accounts: Mapping[str, float]) -> Use | None:
    seconds = sum(value for name, value in accounts.items() if name != "starting")
    if seconds <= 0:
        return None
    held = accounts.get("held", 0.0)
    # A start that an earlier phase paid for may be booked in a later one.
    starting = min(accounts.get("starting", 0.0), held)
    lost = {name: accounts.get(name, 0.0) / seconds for name in CAUSES if name != "starting"}
    lost["starting"] = starting / seconds
    return Use(
        hours=seconds / 3600,
        held=held / 3600,
        busy=(held - starting) / seconds,
        lost={name: lost[name] for name in CAUSES if lost[name] > 0},
    )
