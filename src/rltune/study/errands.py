"""Errands: training that people have asked for, kept as facts of the study until it is done.

An errand is done as soon as its run has a score at that step, or a segment which was begun for it has come to an end
that isn't tried again. So it happens once, whoever is killed when: all follows from what the store holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rltune.store.base import RunRecord, SegmentRecord, SegmentState
from rltune.types import Configuration, Evaluation, Fidelity, Phase, Proposal

ASKED = "asked"
"""Fact: all errands of the study's life, oldest first."""
STOPPED = "stopped_segments"
"""Fact: segments that people have stopped: id -> who."""
EXTENDS = "extends"
"""Among a proposal's values: somebody wants more of the run, whatever stopping rules say."""


@dataclass(frozen=True, slots=True)
class Errand:
    """One piece of training that was asked for.

    Attributes:
        segments: that its run had when it was asked for. extends: it goes on with a run that had ended.
    """

    configuration: Configuration
    model: str
    steps: int
    seed: int
    phase: Phase
    reason: str
    segments: int
    extends: bool = False

    @property
    def proposal(self) -> Proposal:
        fidelity, values = Fidelity(self.model, self.steps), {EXTENDS: 1.0} if self.extends else {}
        return Proposal(self.configuration, fidelity, self.seed, self.phase, self.reason, values)

    def is_of(self, run: RunRecord) -> bool:
        """Whether it is about this run."""
        return (self.configuration, self.model, self.seed) == (run.configuration, run.model, run.seed)

    def is_done(self, segments: Sequence[SegmentRecord], evaluations: Mapping[int, Evaluation], again: bool) -> bool:
        """Whether nothing is left to do of it.

        Args:
            segments: of its run, in their order. evaluations: of its run, by step. again: the run's newest segment was
                cut short, and is to be tried again.
        """
        found = evaluations.get(self.steps)
        if found is not None and found.succeeded:
            return True
        own = [s for s in segments[self.segments :] if s.to_step == self.steps]
        return bool(own) and own[-1].state is SegmentState.ENDED and not again

    def to_json(self) -> dict[str, object]:
        """As the fact keeps it."""
        return {
            "configuration": dict(self.configuration.values),
            "model": self.model,
            "steps": self.steps,
            "seed": self.seed,
            "phase": self.phase.value,
            "reason": self.reason,
            "segments": self.segments,
            "extends": self.extends,
        }


def errands_of(facts: Mapping[str, object]) -> list[Errand]:
    """All errands among a study's facts, oldest first."""
    known = facts.get(ASKED)
    return [_errand(entry) for entry in known if isinstance(entry, Mapping)] if isinstance(known, (list, tuple)) else []


def stopped_of(facts: Mapping[str, object]) -> dict[str, str]:
    """Segments that people have stopped: id -> who."""
    known = facts.get(STOPPED)
    return {str(segment_id): str(who) for segment_id, who in known.items()} if isinstance(known, Mapping) else {}


def _errand(entry: Mapping[str, object]) -> Errand:
    values = entry["configuration"]
    assert isinstance(values, Mapping)
    return Errand(
        Configuration(values),
        str(entry["model"]),
        int(str(entry["steps"])),
        int(str(entry["seed"])),
        Phase(str(entry["phase"])),
        str(entry["reason"]),
        int(str(entry["segments"])),
        bool(entry["extends"]),
    )
