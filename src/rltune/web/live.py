"""A study that is looked at for as long as the page is open: its store, its board, and what version of it that is."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from rltune.analysis.records import Records
from rltune.errors import RltuneError
from rltune.store.engine import parse_location
from rltune.store.lines import Pulse, pulse
from rltune.store.records import StudyRecord
from rltune.store.sql import SqlStudyStore
from rltune.study.address import is_address
from rltune.study.looking import Look, look_at
from rltune.web.board import Board

CLOCK_STEP = 5.0
"""Seconds of a study's clock that count as news when nothing else has changed."""

COPY_SECONDS = 3.0
"""A store of an earlier version is read from a copy, which is made anew this often at most."""

R = TypeVar("R")

PARTS = ("overview", "runs", "curves", "run", "configurations", "transfer", "ledger", "requests")


@dataclass(frozen=True, slots=True)
class Version:
    """What the page shows changes with these. `alive`: whether a process runs the study. `problem`: why the store can't
    be read now. `extra`: what isn't in the store, by part, such as a figure that was computed beside it."""

    pulse: Pulse
    alive: bool
    problem: str = ""
    extra: tuple[tuple[str, int], ...] = ()

    def of(self, part: str) -> str:
        """A text that changes when this part of the page does."""
        p = self.pulse
        trained = (p.segment, p.evaluation, tuple(run for run, _ in p.running))
        by_part: dict[str, object] = {
            "overview": (_without_seconds(p), int(p.seconds // CLOCK_STEP), self.alive, p.requests, self.problem),
            "runs": (trained, p.running),
            "curves": (trained, p.running),
            "run": (trained, p.running, p.decision, p.score, p.requests),
            "configurations": (trained, p.score, p.facts),
            "transfer": (p.evaluation, p.score, p.decision, p.facts),
            "ledger": p.decision,
            "requests": p.requests,
        }
        return f"{hash((by_part[part], dict(self.extra).get(part, 0))) & (1 << 64) - 1:x}"


def _stamp(look: Look) -> tuple[int, ...]:
    """Changes with the file of an SQLite store."""
    if is_address(str(look.location)):
        return ()
    file = parse_location(look.location).database
    return tuple(
        found.st_mtime_ns for each in (file, file.with_name(f"{file.name}-wal")) if (found := _state(each)) is not None
    )


def _state(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except OSError:
        return None


def _is_another(after: Pulse, before: Pulse) -> bool:
    """Whether these are of another study: keys and the clock only ever go up."""
    return (
        after.segment < before.segment
        or after.decision < before.decision
        or after.event < before.event
        or after.seconds < before.seconds
    )


def _without_seconds(p: Pulse) -> tuple[object, ...]:
    return p.state, p.phase, p.segment, p.evaluation, p.score, p.decision, p.event, p.running, p.facts


class Live:
    """One study, read again and again. Every method may be called from any thread; one at a time is served.

    Attributes:
        place: the study's folder, or URL#NAME. version: of what `board` holds.
        overview: the newest that was told.
        forecasts: by the number of each run in flight, the step that it was made at, and what it says.

    Args:
        place: the study's folder, or URL#NAME.

    Raises:
        RltuneError: if there is no such study.
    """

    def __init__(self, place: str | Path) -> None:
        self.place = place
        self.look: Look = look_at(place)
        self.board = Board()
        self.lock = threading.RLock()
        self._extra: dict[str, int] = {}
        self._study: tuple[str, StudyRecord] | None = None
        self._alive_at = -1e9
        self._alive = False
        self.overview: dict[str, Any] = {}
        self.forecasts: dict[int, tuple[int, object]] = {}
        self._copied, self._copied_at = _stamp(self.look), time.monotonic()
        self.version = self._fresh()
        self.board.catch_up(self.store)

    @property
    def store(self) -> SqlStudyStore:
        return self.look.store

    @property
    def name(self) -> str:
        return self.look.name

    def refresh(self) -> tuple[str, ...]:
        """Looks whether the study has changed, and reads what is new. Returns the parts of the page that changed.

        A store that can't be read now (a server that restarts, a folder that is gone for a while) is news too: the page
        goes on showing what it has.
        """
        with self.lock:
            before = self.version
            try:
                self._renew()
                after = self._fresh()
                if _is_another(after.pulse, before.pulse):
                    self._begin_anew()
                    after = self._fresh()
                if after != before:
                    self.board.catch_up(self.store)
            except RltuneError as error:
                after = Version(before.pulse, before.alive, str(error), before.extra)
            self.version = after
            return tuple(part for part in PARTS if after.of(part) != before.of(part))

    def _renew(self) -> None:
        """Opens a store of an earlier version again when its file has changed, by its controller or by an upgrade."""
        if not self.store.is_copy or time.monotonic() - self._copied_at < COPY_SECONDS:
            return
        stamp = _stamp(self.look)
        if stamp != self._copied:
            older, self.look = self.look, look_at(self.place)
            older.store.close()
            self._copied = stamp
        self._copied_at = time.monotonic()

    def _begin_anew(self) -> None:
        """Forgets the study that was here: another one was made under its name, with other rows under the same keys."""
        older, self.look = self.look, look_at(self.place)
        older.store.close()
        self.board, self._study, self.overview, self.forecasts = Board(), None, {}, {}

    def bump(self, part: str) -> None:
        """Says that something of this part changed that the store doesn't know of."""
        with self.lock:
            self._extra[part] = self._extra.get(part, 0) + 1

    def study(self) -> StudyRecord:
        """The study's record, read anew only when it may have changed."""
        with self.lock:
            stamp = repr(self.version.pulse)
            if self._study is None or self._study[0] != stamp:
                self._study = stamp, self.store.study()
            return self._study[1]

    def flying(self) -> dict[int, int]:
        """The newest step of each run that is being trained, by its key."""
        return dict(self.version.pulse.running)

    def models(self) -> list[str]:
        """Every model that was run or is known, smallest first, the target last."""
        known = Records(self.study())
        names = {str(name) for name in known.fact("models")} | {e.run.model for e in self.board.entries.values()}
        return sorted(names, key=lambda name: (name == known.target, known.parameters(name), name))

    def writable(self) -> bool:
        """Whether this process may write to the database; of a server's it is found out by trying."""
        location = self.look.location
        if is_address(str(location)):
            return True
        file = parse_location(location).database
        return os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)

    def reading(self, look: Callable[..., R], *arguments: object, **named: object) -> R:
        """What a function of (connection, scope, ...) reads from the store."""
        return self.store.view(lambda connection, scope: look(connection, scope, *arguments, **named))

    def close(self) -> None:
        with self.lock:
            self.store.close()

    def _fresh(self) -> Version:
        found = self.store.view(pulse)
        return Version(found, self._is_alive(), "", tuple(sorted(self._extra.items())))

    def _is_alive(self) -> bool:
        """Looked up every two seconds: nothing is written when a controller dies."""
        now = time.monotonic()
        if now - self._alive_at >= 2.0:
            self._alive, self._alive_at = self.look.alive(), now
        return self._alive


Answerer = Callable[[Live, Mapping[str, str]], object]
"""What an address answers, from the study and the query's parameters."""

__all__ = ["PARTS", "Answerer", "Live", "Version"]
