"""A study in Python: make or open one, run it, read it. The command line is a thin layer over this.

A study lives in a folder: `study.db` (the store), `study.yaml` (its file as it was given), `runs/` (checkpoints, logs)
and `report.html`. With a PostgreSQL URL the store is there instead, and the folder keeps the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType

from rltune.analysis.summary import Summary, summarize
from rltune.clock import Clock, SystemClock
from rltune.config.load import StudyFile, load_study, parse_study
from rltune.errors import StudyError
from rltune.report.export.build import export
from rltune.report.html import write_report
from rltune.store.base import StudyState, StudyStore
from rltune.store.lock import lock_study
from rltune.store.open import create_study
from rltune.store.open import open_study as open_store
from rltune.study.assembly import assemble, facts_of
from rltune.study.blueprint import Blueprint, draw_blueprint
from rltune.study.observer import Observer, Silent
from rltune.study.recovery import recover

STUDY_FILE = "study.yaml"
REPORT_FILE = "report.html"


def never() -> bool:
    """Asks for no stop."""
    return False


class Study:
    """One study, open. Use it as a context manager, or call `close`.

    Args:
        store: its records. folder: where its runs, its file and its report lie.
        blueprint: its resolved and checked configuration; None for one that is only read.
    """

    def __init__(self, store: StudyStore, folder: Path, blueprint: Blueprint | None) -> None:
        self.store = store
        self.folder = folder
        self.blueprint = blueprint

    def run(
        self,
        observer: Observer | None = None,
        stop_requested: Callable[[], bool] = never,
        clock: Clock | None = None,
    ) -> StudyState:
        """Runs the study, or goes on with it after any kind of end, until it is finished or asked to stop.

        Returns:
            FINISHED, or INTERRUPTED if `stop_requested` said so.

        Raises:
            StudyError: if the study is open for reading only, or can't go on; it can be resumed when that is mended.
            StoreError: if another process runs it.
        """
        if self.blueprint is None:
            raise StudyError("the study was opened for reading only", where=str(self.folder), hint="open it to run it")
        if self.store.study().state is StudyState.FINISHED:
            return StudyState.FINISHED
        observer = observer or Silent()
        with lock_study(self.blueprint.config.store or self.folder, self.blueprint.config.name):
            known = self.store.study()
            observer.tick(known.phase, known.seconds, self.blueprint.config.budget.time)
            parts = assemble(self.blueprint, self.folder)
            for found in recover(self.store, parts.workshop):
                observer.message("info", found)
            for name, value in facts_of(self.blueprint).items():
                self.store.set_fact(name, value)
            loop = parts.loop(self.store, clock or SystemClock(), observer, stop_requested)
            return loop.run()

    def summary(self) -> Summary:
        """Where the study stands; also while another process runs it."""
        return summarize(self.store)

    def report(self, path: Path | None = None) -> Path:
        """Writes the report as one self-contained HTML file."""
        return write_report(self.store, path or self.folder / REPORT_FILE)

    def export(self, form: str) -> str:
        """The winner's settings for a trainer: `trl`, `verl` or `json`."""
        return export(self.store, form)

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
    folder = blueprint.folder
    if folder.exists() and any(folder.iterdir()):
        if not fresh:
            raise StudyError(
                f"there is a study in {folder} already",
                where=file.where("name"),
                hint=f"go on with `rltune resume {folder}`, choose another name, or set it aside with --fresh",
            )
        stamp = datetime.fromtimestamp(folder.stat().st_mtime).strftime("%Y%m%d-%H%M%S")
        folder.rename(_unused(folder.with_name(f"{folder.name}.{stamp}")))
    config = blueprint.config.model_dump(mode="json", by_alias=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / STUDY_FILE).write_text(file.text or json.dumps(config, indent=2), encoding="utf-8")
    store = create_study(blueprint.config.store or folder, blueprint.config.name, config)
    return Study(store, folder, blueprint)


def open_study(folder: str | Path, *, read_only: bool = False) -> Study:
    """Opens the study in a folder: to go on with it, or (`read_only`) to look at it while another process runs it.

    Raises:
        StudyError: if there is no study in that folder.
    """
    folder = Path(folder)
    path = folder / STUDY_FILE
    if not path.is_file():
        raise StudyError(
            f"there is no study in {folder} (no {STUDY_FILE})",
            where=str(folder),
            hint="name the study's own folder, such as studies/demo; `rltune run FILE` makes a new one",
        )
    file = read_source(path, name=folder.resolve().name, output=str(folder.parent))
    store = open_store(file.config.store or folder, file.config.name, read_only=read_only)
    return Study(store, folder, None if read_only else draw_blueprint(file))


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


def _unused(path: Path) -> Path:
    """`path`, or the first of path-2, path-3, ... that doesn't exist."""
    count, candidate = 1, path
    while candidate.exists():
        count += 1
        candidate = path.with_name(f"{path.name}-{count}")
    return candidate
