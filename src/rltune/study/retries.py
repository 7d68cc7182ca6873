"""When a run that the infrastructure has ended is tried again: pure, from how its tries ended.

A try counts only if it got no further than those before it: a long run on machines that are taken back again and again
is no hopeless one. The first try again comes at once, since a single accident says little; each further one waits
twice as long as the one before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from rltune.executors.base import Outcome
from rltune.faults.attribute import attribute, settle
from rltune.faults.base import WORDS, Cause
from rltune.store.base import RunRecord, SegmentRecord, SegmentState
from rltune.types import Fidelity, Proposal, StopKind

RETRY_SECONDS = 10.0
"""The first wait."""
LONGEST_WAIT = 600.0

TRIES: Mapping[Cause, int] = {Cause.KILLED: 3, Cause.REWARD: 2, Cause.DATA: 2, Cause.IMPORT: 2}
"""Tries without progress until a run is given up. A process that just vanishes may be its own fault (memory). Where the
study is at fault a second try, as a rule after somebody has mended it, shows whether it is mended."""
OTHER_TRIES = 6
"""The same where it is known that the infrastructure was at fault."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a run stands that was lost on its way to a step.

    Attributes:
        tries: that got no further than those before them. cause: of the newest one. again: whether there is another.
        wait: seconds from the newest one's end until then.
    """

    tries: int
    cause: Cause
    again: bool
    wait: float

    @property
    def words(self) -> str:
        """What has happened, for a reason."""
        return "its process vanished" if self.cause is Cause.KILLED else WORDS[self.cause]


def standing(lost: Sequence[SegmentRecord], base: float = RETRY_SECONDS) -> Standing:
    """Where a run stands after these segments, at least one, which were all lost on the way to one step, oldest first.

    Args:
        base: seconds of the first wait.
    """
    tries, furthest = 0, -1
    for segment in lost:
        step = segment.stop.step if segment.stop is not None else segment.from_step
        tries = 1 if step > furthest else tries + 1
        furthest = max(furthest, step)
    newest = lost[-1]
    found = attribute(newest.stop, newest.log_tail) if newest.stop is not None else None
    cause = found.cause if found is not None else Cause.KILLED
    return Standing(tries, cause, tries < TRIES.get(cause, OTHER_TRIES), wait_seconds(tries, base))


def wait_seconds(tries: int, base: float = RETRY_SECONDS) -> float:
    """How long to wait after so many fruitless tries: 0, base, 2 base, 4 base, ..."""
    return 0.0 if tries < 2 else min(base * 2 ** min(tries - 2, 30), LONGEST_WAIT)


def settled(outcome: Outcome) -> Outcome:
    """The outcome as it counts: what the infrastructure has ended says nothing of the configuration."""
    return replace(outcome, stop=settle(outcome.stop, outcome.log_tail))


def tried_again(
    segments: Sequence[SegmentRecord], evaluated: Collection[int], base: float = RETRY_SECONDS
) -> float | None:
    """From when (seconds since the epoch) a run may be tried again whose newest segment ended without saying anything
    about its configuration; None: it did, or the run was given up.

    Args:
        segments: of the run, in their order, at least one. evaluated: steps of the run that have an evaluation.
    """
    newest = segments[-1]
    if newest.state is not SegmentState.ENDED or newest.to_step in evaluated:
        return None
    lost = [s for s in segments if s.to_step == newest.to_step and s.stop is not None and s.stop.kind is StopKind.LOST]
    if not lost:
        return 0.0
    stands = standing(lost, base)
    return (newest.ended or 0.0) + stands.wait if stands.again else None


def proposal_of(segment: SegmentRecord, run: RunRecord) -> Proposal:
    """The proposal that a segment was begun for."""
    fidelity = Fidelity(run.model, segment.to_step)
    return Proposal(run.configuration, fidelity, run.seed, segment.phase, segment.reason)
