"""A study in Optuna, from the command line: mirrored, followed while it runs, and shown by optuna-dashboard."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from rltune.clock import Clock
from rltune.config.load import load_study
from rltune.errors import TrackerError
from rltune.study.address import is_address
from rltune.study.looking import Look, look_at, study_file_in
from rltune.trackers.build import TRACKERS, check_tracker
from rltune.trackers.lock import MirrorLock
from rltune.trackers.mirror import Mirror, Tell
from rltune.trackers.options import OptunaOptions
from rltune.trackers.optuna_ import OptunaTracker
from rltune.trackers.view import tracked_study

NAME = "optuna"
WHERE = "rltune optuna"


def mirror_into_optuna(
    study: str,
    storage: str | None,
    clock: Clock,
    tell: Tell,
    ended: Callable[[float], bool],
    *,
    rebuild: bool = False,
    page: tuple[str, int] | None = None,
) -> None:
    """Brings the Optuna studies of a study up to its store; with a `page` shows them, and follows until `ended`.

    Where the study's own process mirrors it already, it is only shown.

    Args:
        study: its folder, or URL#NAME. storage: instead of the study file's. rebuild: delete what is there of it first.
        page: host and port of the dashboard. ended: waits the seconds that it is given; whether to stop.

    Raises:
        TrackerError: if the storage can't be used or lacks something afterwards, the dashboard isn't installed, or
            another process mirrors the study into another storage. StoreError: if the store can't be read.
        StudyError: if there is no such study.
    """
    if page is not None:
        check_dashboard()
    own = options_of(study)
    options = own if storage is None else {**own, "storage": storage}
    checked = check_tracker(NAME, options)
    assert isinstance(checked, OptunaOptions)
    look = look_at(study)
    with ExitStack() as stack:
        stack.callback(look.store.close)
        tracker = OptunaTracker(checked, look.folder)
        stack.callback(tracker.close)
        mirror = None
        if _locked(look, clock, stack):
            mirror = Mirror(NAME, lambda: tracker, look.store, clock, tell, TRACKERS[NAME].contents)
            if rebuild:
                tracker.open(tracked_study(look.store.study()))
                tracker.settle({})
            _first_pass(mirror, look, tell)
        elif rebuild or options != own:
            raise TrackerError(
                "another process mirrors the study already, into the storage that its file names",
                where=WHERE,
                hint="leave out --storage and --rebuild, or wait until the study is at rest",
            )
        else:
            tracker.open(tracked_study(look.store.study()))
            tell("info", f"kept up to date by another process: {tracker.place}")
        if page is not None:
            _show(tracker, page, tell, stack)
            mirror.follow(ended, look.alive) if mirror else _wait(ended)


def options_of(study: str) -> Mapping[str, object]:
    """What the study's own file says of this tracker; nothing of a study that is seen from elsewhere."""
    if is_address(study):
        return {}
    file = load_study(study_file_in(Path(study)))
    return next((tracker.options for tracker in file.config.trackers if tracker.name == NAME), {})


def check_dashboard() -> None:
    """Passes if optuna-dashboard is installed.

    Raises:
        TrackerError: if it isn't.
    """
    if importlib.util.find_spec("optuna_dashboard") is None:
        raise TrackerError(
            "this needs the package optuna-dashboard, which isn't installed",
            where=WHERE,
            hint="pip install 'rltune[optuna]'; --export-only mirrors the study without it",
        )


def _locked(look: Look, clock: Clock, stack: ExitStack) -> bool:
    """Whether nobody else mirrors the study, and nobody else will until the end."""
    try:
        stack.enter_context(MirrorLock(look.folder, NAME, clock, patience=2.0))
    except TrackerError:
        return False
    return True


def _first_pass(mirror: Mirror, look: Look, tell: Tell) -> None:
    done = mirror.update(alive=look.alive(), now=True)
    things = TRACKERS[NAME].things
    if done.missing or not mirror.place:
        raise TrackerError(
            f"{done.missing or 'all'} of the {things} could not be written",
            where=f"tracker {NAME}",
            hint="mend the cause and do it again; what is there already is not written twice",
        )
    tell("info", f"{done.written} {things} written, {done.current} were up to date: {mirror.place}")


def _show(tracker: OptunaTracker, page: tuple[str, int], tell: Tell, stack: ExitStack) -> None:
    # Not before it is needed: it imports optuna-dashboard, which may be missing.
    module = importlib.import_module("rltune.trackers.optuna_page")
    address = stack.enter_context(module.dashboard(tracker.at, tracker.main, *page))
    tell("info", f"optuna-dashboard: {address}")
    if not module.is_loopback(page[0]):
        tell("warning", "it asks for no password: whoever reaches this address can change and delete what it shows")


def _wait(ended: Callable[[float], bool]) -> None:
    while not ended(3600.0):
        pass
