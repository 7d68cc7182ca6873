"""What of a study a kind of tracker gets: its runs with their curves, or its finished evaluations."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from rltune.analysis.records import ReadableStore
from rltune.trackers.base import EvaluationTracker, RunTracker, Status, TrackedEvaluation, TrackedRun
from rltune.trackers.evaluations import about_study, tracked_evaluations
from rltune.trackers.view import curve_of, tracked_runs

STUDY_KEY = "study"
"""Key of the item that says what a study's evaluations have in common."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to be written.

    Attributes:
        settled: whether, once it was written, only another digest can mean that it has changed.
        send: writes it into a tracker of the right kind.
        counted: whether people are told of it, as one of the runs or evaluations.
    """

    key: str
    digest: str
    settled: bool
    send: Callable[[Any], None]
    counted: bool = True


Contents = Callable[[ReadableStore, bool], list[Item]]
"""(store, whether a controller is at work) -> all that is to be there. Raises StoreError if the store can't be read."""


def runs(store: ReadableStore, alive: bool) -> list[Item]:
    """Each run that was begun. One in training grows without its digest changing."""

    def send(run_id: str, run: TrackedRun, tracker: RunTracker) -> None:
        tracker.write(run, curve_of(store, run_id))

    return [
        Item(run.key, run.digest, run.status is not Status.RUNNING, partial(send, run_id, run))
        for run_id, run in tracked_runs(store, alive=alive)
    ]


def evaluations(store: ReadableStore, alive: bool) -> list[Item]:
    """The study itself, then each finished evaluation."""
    found = tracked_evaluations(store)
    about = about_study(store.study())
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]

    def describe(tracker: EvaluationTracker) -> None:
        tracker.describe(about, digest)

    def add(evaluation: TrackedEvaluation, tracker: EvaluationTracker) -> None:
        tracker.write(evaluation)

    return [
        Item(STUDY_KEY, digest, True, describe, counted=False),
        *(Item(e.key, e.digest, True, partial(add, e)) for e in found),
    ]
