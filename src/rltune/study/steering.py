"""Asking a study for something from outside: the one entry for the command line, the page and Python.

A request is a row of the study's store, so that whatever process runs the study, on whatever machine, obeys (see
`rltune.study.helm`). It is judged at once, and again when it is carried out. Light: loads no torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rltune.clock import Clock, SystemClock
from rltune.config.source import read_identity
from rltune.errors import RltuneError
from rltune.store.base import RequestRecord, RequestState, StudyStore
from rltune.store.lock import lock_holder
from rltune.store.open import open_study as open_store
from rltune.study.address import is_address, split_address
from rltune.study.allowance import grant_budget
from rltune.study.asked import KINDS, Asked, Budget, Enqueue, ExtendRun, Pause, Pin, Resume, StopRun, read_values
from rltune.study.granting import Grant, grant_pause, grant_pin, grant_resume, grant_stop, look_for
from rltune.study.looking import study_file_in
from rltune.study.trying import grant_enqueue, grant_extension

__all__ = ["KINDS", "Place", "carry_out_pin", "grant", "place_of", "request", "said", "wait_for_answer"]

LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a study's records are. `folder`: of its files; None: not known here."""

    location: str | Path
    name: str
    folder: Path | None

    def alive(self) -> bool:
        """Whether a process runs the study."""
        return lock_holder(self.location, self.name) is not None

    @contextmanager
    def store(self) -> Iterator[StudyStore]:
        """The store, open for a moment beside whoever runs the study."""
        store = open_store(self.location, self.name, folder=self.folder, trusting=True)
        try:
            yield store
        finally:
            store.close()


def place_of(study: str | Path | Place) -> Place:
    """The place of a study: of the one in a folder, or `URL#NAME` of one in a database.

    Raises:
        StudyError: if there is none. ConfigError: if its study file was spoilt.
    """
    if isinstance(study, Place):
        return study
    if is_address(str(study)):
        url, name = split_address(str(study), read_only=True)
        return Place(url, name, None)
    folder = Path(study)
    found = read_identity(study_file_in(folder))
    return Place(found.store or folder, found.name, folder)


def request(place: str | Path | Place, kind: str, values: Mapping[str, object], by: str) -> RequestRecord:
    """Asks a study for something.

    Args:
        place: its folder, or `URL#NAME`. kind, values: see `rltune.study.asked`. by: who asks: `cli`, `page`, `api`, or
            a name.

    Returns:
        The request, WAITING for whoever runs the study; DONE already if it takes nobody (`pin`).

    Raises:
        StudyError, SpaceError: if it can't be granted; unless the request itself is malformed, that is in the ledger.
        StoreError: if the store can't be written.
    """
    asked = read_values(kind, values)
    found = place_of(place)
    alive = found.alive()
    with found.store() as store:
        try:
            grant(asked, store, by, alive=alive)
        except RltuneError as error:
            refused = store.add_request(kind, values, by)
            store.answer_request(refused.id, RequestState.REFUSED, said(error))
            raise
        record = store.add_request(kind, asked.model_dump(mode="json"), by)
        if isinstance(asked, Pin):
            carry_out_pin(asked, store, record)
            record = _now(store, record)
    return record


def wait_for_answer(
    place: str | Path | Place, request_id: int, seconds: float, clock: Clock | None = None
) -> RequestRecord:
    """The request, as soon as it is answered or so many seconds are over."""
    time, found = clock or SystemClock(), place_of(place)
    end = time.monotonic() + seconds
    with found.store() as store:
        while True:
            record = next(r for r in store.requests() if r.id == request_id)
            if record.state is not RequestState.WAITING or time.monotonic() >= end:
                return record
            time.sleep(LOOK_SECONDS)


def grant(asked: Asked, store: StudyStore, by: str, number: int = 0, *, alive: bool = True, seed: int = 0) -> Grant:
    """What carries a request out.

    Args:
        number: the request's; 0: it has none yet. alive: somebody runs the study. seed: of the search's runs.

    Raises:
        StudyError, SpaceError: if it can't be granted.
        TypeError: if it is no request.
    """
    seen = look_for(asked, store, f"{by} (request {number})" if number else by, number, alive, seed)
    match asked:
        case Pause():
            return grant_pause(asked, seen)
        case Resume():
            return grant_resume(asked, seen)
        case StopRun():
            return grant_stop(asked, seen)
        case Enqueue():
            return grant_enqueue(asked, seen)
        case Pin():
            return grant_pin(asked, seen)
        case Budget():
            return grant_budget(asked, seen)
        case ExtendRun():
            return grant_extension(asked, seen)
    raise TypeError(f"no request: {asked!r}")


def carry_out_pin(asked: Pin, store: StudyStore, record: RequestRecord) -> None:
    """Pins or unpins, and answers. Whoever comes first does it; twice is as good as once."""
    granted = grant(asked, store, record.by, record.id)
    store.pin_checkpoint(asked.run, asked.step, asked.pinned)
    store.answer_request(record.id, RequestState.DONE, granted.answer, subject=granted.subject)


def _now(store: StudyStore, record: RequestRecord) -> RequestRecord:
    return next(r for r in store.requests() if r.id == record.id)


def said(error: RltuneError) -> str:
    """Why a request is refused, as its answer."""
    return f"{error.message} ({error.hint})" if error.hint else error.message
