"""What can be asked for now, and why the rest can't: by the judgement that a request meets too."""

from __future__ import annotations

from collections.abc import Callable

from rltune.errors import RltuneError
from rltune.store.base import SegmentRecord
from rltune.study.asked import Asked, ExtendRun, Pause, Resume, StopRun
from rltune.study.granting import Grant, Seen, grant_pause, grant_resume, grant_stop
from rltune.study.trying import grant_extension
from rltune.types import Phase
from rltune.web.board import Entry
from rltune.web.live import Live
from rltune.web.records import evaluations_of, run_record
from rltune.web.views.requests import BY

_MOST_BESIDE = 60
_TOO_LATE = "the winner is chosen already: nothing more is tried; a larger budget reopens the search"

Refusals = dict[str, str | None]
"""Kind of a request -> why it can't be granted now; None: it can."""


def of_study(live: Live) -> Refusals:
    """What may be asked of the study as a whole."""
    seen = Seen(live.study(), BY, live.version.alive)
    return {
        "pause": _refusal(grant_pause, Pause(), seen),
        "resume": _refusal(grant_resume, Resume(), seen),
        "enqueue": _TOO_LATE if seen.closing else None,
        "budget": None,
    }


def of_run(live: Live, entry: Entry, segments: list[SegmentRecord], has_checkpoint: bool) -> Refusals:
    """What may be asked about one run."""
    beside = _beside(live, entry)
    seen = Seen(
        study=live.study(),
        who=BY,
        alive=live.version.alive,
        runs=[run_record(e) for e in (entry, *beside)],
        segments=[*segments, *(s for e in beside for s in live.store.segments(e.run.id))],
        evaluations=tuple(evaluations_of(live, (entry, *beside))),
    )
    return {
        "stop_run": _refusal(grant_stop, StopRun(run=entry.run.id), seen),
        "extend_run": _refusal(grant_extension, ExtendRun(run=entry.run.id), seen),
        "pin": None if has_checkpoint else "it has no checkpoint",
    }


def _beside(live: Live, entry: Entry) -> list[Entry]:
    """The other runs of its phase, of which one has to be left when it is stopped; of the search there are enough."""
    phase = entry.newest.phase if entry.newest else None
    if phase not in (Phase.CONFIRM.value, Phase.FINAL.value):
        return []
    others = (e for e in live.board.entries.values() if e is not entry and e.run.model == entry.run.model)
    return [e for e in others if any(s.phase == phase for s in e.segments)][:_MOST_BESIDE]


def _refusal(grant: Callable[..., Grant], asked: Asked, seen: Seen) -> str | None:
    try:
        grant(asked, seen)
    except RltuneError as error:
        return error.message
    return None
