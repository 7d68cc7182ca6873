"""What the phases see: the store and the work in flight, as one frozen view."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from rltune.store.base import StudyStore
from rltune.study.recovery import unfinished
from rltune.study.work import Score, Timing, View, Work
from rltune.tasks.ood import other_of
from rltune.types import SAYS_NOTHING, Configuration, Phase


def take_snapshot(
    store: StudyStore,
    running: Sequence[Work],
    tried: Collection[tuple[Configuration, str, int]],
    failed: Mapping[Score | Timing, str],
    seconds: float,
) -> View:
    """Reads all that a phase may decide from. `seconds`: wall clock spent so far."""
    evaluations = store.evaluations()
    runs = {run.id: run for run in store.runs()}
    scores = tuple(store.scores())
    tested = [
        (runs[s.run_id], other_of(s.split) or "")
        for s in scores
        if s.run_id is not None and (s.split == "test" or other_of(s.split))
    ]
    trials = [
        s for s in store.segments() if s.phase is Phase.SEARCH and (s.stop is None or s.stop.kind not in SAYS_NOTHING)
    ]
    return View(
        history=store.history(),
        evaluations=tuple(e for _, e in evaluations),
        unfinished=tuple(unfinished(store, evaluations)),
        scores=scores,
        facts=store.study().facts,
        running=tuple(running),
        seconds=seconds,
        trials=len(trials),
        tried=frozenset(tried),
        tested=frozenset((run.configuration, run.seed, other) for run, other in tested),
        failed=dict(failed),
    )
