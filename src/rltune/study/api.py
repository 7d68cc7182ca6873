"""A study in Python: make or open one, run it, read it. The command line is a thin layer over this.

A study lives in a folder: `study.db` (the store), `study.yaml` (its file as it was given), `runs/` (checkpoints, logs)
and `report.html`. With a PostgreSQL URL the store is there instead, and the folder keeps the rest.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType

import yaml

from rltune.analysis.summary import Summary, summarize
from rltune.clock import Clock, SystemClock
from rltune.config.load import StudyFile, load_study, parse_study
from rltune.errors import RltuneError, StudyError
from rltune.report.export.build import export
from rltune.report.html import write_report
from rltune.store.base import RequestState, StudyState, StudyStore
from rltune.store.lock import lock_holder, lock_study
from rltune.store.open import open_study as open_store
from rltune.study.address import is_address, split_address
from rltune.study.alarms import note_failure
from rltune.study.allowance import BUDGET, budget_fact, in_force
from rltune.study.assembly import Parts, assemble, facts_of
from rltune.study.blueprint import Blueprint, draw_blueprint
from rltune.study.elsewhere import claim, clear, note_winner
from rltune.study.helm import begin_sitting
from rltune.study.looking import STUDY_FILE, look_at, study_file_in
from rltune.study.making import set_aside, write_down
from rltune.study.mirrors import Listening, Mirrors
from rltune.study.observer import Observer, Silent
from rltune.study.recovery import recover
from rltune.study.steered import Steered
from rltune.trackers.export import mirror_once

REPORT_FILE = "report.html"


def never() -> bool:
    """Asks for no stop."""
    return False


class Study(Steered):
    """One study, open. Use it as a context manager, or call `close`.

    Args:
        store: its records. folder: where its runs, its file and its report lie.
        blueprint: its resolved and checked configuration; None for one that is only read.
        location, name: where the store is, and the study's name in it; None: as the blueprint says.
    """

    def __init__(
        self,
        store: StudyStore,
        folder: Path,
        blueprint: Blueprint | None,
        location: str | Path | None = None,
        name: str | None = None,
    ) -> None:
        self.store = store
        self.folder = folder
        self.blueprint = blueprint
        self.location = location or (blueprint.config.store if blueprint else None) or folder
        self.name = name or (blueprint.config.name if blueprint else folder.name)

    def run(
        self,
        observer: Observer | None = None,
        stop_requested: Callable[[], bool] = never,
        clock: Clock | None = None,
        wait: bool = False,
    ) -> StudyState:
        """Runs the study, or goes on with it after any kind of end, until it is finished or asked to stop.

        Args:
            wait: for the end of another process that runs it, instead of refusing.

        Returns:
            FINISHED, or INTERRUPTED if `stop_requested` said so.

        Raises:
            StudyError: if the study is open for reading only, or can't go on; it can be resumed when that is mended.
            StoreError: if another process runs it, or has taken it over meanwhile.
            StorageError: if its checkpoints go to object storage that can't be used.
        """
        if self.blueprint is None:
            raise StudyError("the study was opened for reading only", where=str(self.folder), hint="open it to run it")
        if self._is_finished():
            return StudyState.FINISHED
        observer = observer or Silent()

        def tell(level: str, text: str) -> None:
            self.store.add_event(level, text)
            observer.message(level, text)

        with (
            lock_study(self.location, self.name, wait=wait, tell=partial(observer.message, "info")) as lock,
            Mirrors(self.blueprint.config.trackers, self.location, self.name, self.folder, tell) as mirrors,
        ):
            self.store.fence(lock.token)
            if self._is_finished():
                return StudyState.FINISHED  # by the one that was waited for
            begin_sitting(self.store, tell)
            try:
                url = claim(self.store, self.blueprint.config.checkpoints.remote)
                parts = assemble(with_budget(self.blueprint, self.store), self.folder, url)
            except RltuneError as error:
                note_failure(self.store, error)
                self.store.set_state(StudyState.FAILED)
                raise
            try:
                return self._run(parts, observer, Listening(observer, mirrors), stop_requested, clock or SystemClock())
            finally:
                parts.executor.close()  # it may hold a connection since its places were counted

    def _is_finished(self) -> bool:
        """Whether there is nothing to do, not even for people who have asked for something since."""
        return self.store.study().state is StudyState.FINISHED and not self.store.requests(RequestState.WAITING)

    def _run(
        self, parts: Parts, observer: Observer, listening: Observer, stop_requested: Callable[[], bool], clock: Clock
    ) -> StudyState:
        """Under the lock: records what an earlier sitting left, then goes on."""
        assert self.blueprint is not None
        known = self.store.study()
        observer.tick(known.phase, known.seconds, parts.budget.whole)
        for found in recover(self.store, parts.workshop):
            observer.message("info", found)
        clear(self.store, self.folder)
        facts = {**facts_of(self.blueprint), BUDGET: budget_fact(self.blueprint.config.budget, known.facts)}
        if known.facts.get("versions", facts["versions"]) != facts["versions"]:
            self.store.add_event("warning", f"versions changed: {known.facts['versions']} -> {facts['versions']}")
        for name, value in facts.items():
            self.store.set_fact(name, value)
        state = parts.loop(self.store, clock, listening, stop_requested).run()
        if state is StudyState.FINISHED:
            clear(self.store, self.folder)
            note_winner(self.store)
        return state

    def summary(self) -> Summary:
        """Where the study stands; also while another process runs it."""
        return summarize(self.store, alive=lock_holder(self.location, self.name) is not None)

    def report(self, path: Path | None = None) -> Path:
        """Writes the report as one self-contained HTML file."""
        return write_report(self.store, path or self.folder / REPORT_FILE)

    def export(self, form: str | None = None) -> str:
        """The winner's settings: `trl`, `verl`, `command` or `json`; None: for the trainer that the study used."""
        return export(self.store, form)

    def track(self, tracker: str) -> str:
        """Mirrors all runs into a tracker (`wandb`, `mlflow`, `tensorboard`), with the study file's options for it if
        it names the tracker. Returns what was done. Repeating it adds nothing; a running study can be mirrored too.

        Raises:
            TrackerError: if the tracker can't be used or lacks runs afterwards.
        """
        chosen = {t.name: t.options for t in load_study(self.folder / STUDY_FILE).config.trackers}
        alive = lock_holder(self.location, self.name) is not None
        return mirror_once(self.store, self.folder, tracker, chosen.get(tracker, {}), SystemClock(), alive=alive)

    def close(self) -> None:
        self.store.close()

    def __enter__(self) -> Study:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def create(
    source: str | Path | Mapping[str, object] | StudyFile,
    *,
    name: str | None = None,
    output: str | None = None,
    fresh: bool = False,
) -> Study:
    """Makes a new study from a study file, or from a mapping with the same keys.

    Args:
        name, output: replace the file's.
        fresh: set an earlier study of that name aside (its folder is renamed with its date) instead of refusing.

    Raises:
        RltuneError: whatever is wrong with the file; StudyError if there is such a study already.
    """
    file = read_source(source, name=name, output=output)
    blueprint = draw_blueprint(file)
    folder, config = blueprint.folder, blueprint.config
    if folder.exists() and any(path.name != STUDY_FILE for path in folder.iterdir()):
        if not fresh:
            raise StudyError(
                f"there is a study in {folder} already",
                where=file.where("name"),
                hint=f"go on with `rltune resume {shlex.quote(str(folder))}`, choose another name, or set it aside "
                "with --fresh",
            )
        set_aside(folder, config)
    values = config.model_dump(mode="json", by_alias=True)
    text = file.text if name is None and output is None and file.text else yaml.safe_dump(values, sort_keys=False)
    return Study(write_down(folder, text, config, values), folder, blueprint)


def open_study(folder: str | Path, *, read_only: bool = False) -> Study:
    """Opens the study in a folder: to go on with it, or (`read_only`) to look at it while another process runs it.

    Args:
        folder: to look at it from elsewhere, `URL#NAME` of a study in a database will do.

    Raises:
        StudyError: if there is no study in that folder. ConfigError: if its study file was spoilt since.
    """
    if read_only:
        look = look_at(folder)
        return Study(look.store, look.folder, None, look.location, look.name)
    if is_address(str(folder)):
        split_address(str(folder), read_only=False)
    folder = Path(folder)
    file = load_study(study_file_in(folder))
    store = open_store(file.config.store or folder, file.config.name, folder=folder)
    return Study(store, folder, draw_blueprint(_as_begun(file, store.study().config)))


def with_budget(blueprint: Blueprint, store: StudyStore) -> Blueprint:
    """The blueprint with the budget that is in force: people may have changed it while the study ran."""
    budget = in_force(blueprint.config.budget, store.study().facts)
    return replace(blueprint, config=blueprint.config.model_copy(update={"budget": budget}))


FREE = ("budget", "executor", "checkpoints", "confirm", "final", "trackers", "output", "store")
"""Settings that may change between two sittings; all others are what results are compared under."""


def _as_begun(file: StudyFile, begun: Mapping[str, object]) -> StudyFile:
    """The study as it was begun, with today's values of the settings that may change.

    Raises:
        StudyError: if another setting was edited since.
    """
    today = file.config.model_dump(mode="json", by_alias=True)
    names = {field.alias or name: name for name, field in type(file.config).model_fields.items()}
    edited = [
        key
        for key, value in today.items()
        if key not in FREE and names[key] in file.config.model_fields_set and begun.get(key) != value
    ]
    if edited:
        raise StudyError(
            f"{', '.join(edited)} changed since the study began, and its results wouldn't compare any more",
            where=file.where(edited[0]),
            hint=f"change it back, or start a new study; only {', '.join(FREE[:6])} may change",
        )
    return replace(file, config=parse_study({**begun, **{key: today[key] for key in FREE}}))


def read_source(
    source: str | Path | Mapping[str, object] | StudyFile, *, name: str | None = None, output: str | None = None
) -> StudyFile:
    """A checked study file from whatever names one."""
    if isinstance(source, StudyFile):
        file = source
    elif isinstance(source, Mapping):
        file = StudyFile(config=parse_study(source), source="study", text="", lines={})
    else:
        file = load_study(source)
    changes = {key: value for key, value in (("name", name), ("output", output)) if value is not None}
    if not changes:
        return file
    changed = parse_study({**file.config.model_dump(mode="json", by_alias=True), **changes})
    return replace(file, config=changed)
