"""Curves from wherever they are: a study's store, or any log that a trainer wrote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from rltune.config.load import load_study
from rltune.errors import LogError
from rltune.store.base import StudyStore
from rltune.store.open import list_studies, open_study
from rltune.trainers.logs.base import LoggedRun
from rltune.trainers.logs.build import read_log

STUDY = "study"
"""The format of runs that come from a study's store."""

_STUDY_FILE = "study.yaml"
_DATABASE = "study.db"
_YAML = (".yaml", ".yml")


def gather(paths: Iterable[str | Path], format: str | None = None) -> tuple[LoggedRun, ...]:
    """All curves, in the order of the paths. `run` is None where a path holds only one.

    Args:
        paths: log files (see `read_log`); folders of studies, or a folder of such folders; a study's `study.yaml` or
            `study.db`.
        format: how the files are to be read; None: by what they hold. A study is a study.

    Raises:
        LogError: if a file can't be read or holds no curve, or a folder holds no study. StoreError, ConfigError: if a
            study's store or file can't be read.
    """
    found: list[LoggedRun] = []
    for path in paths:
        runs = _runs(Path(path), format)
        found += runs if len(runs) > 1 else (replace(run, run=None) for run in runs)
    return tuple(found)


def _runs(path: Path, format: str | None) -> tuple[LoggedRun, ...]:
    if path.is_dir():
        return _of_folder(path, path)
    if path.name == _DATABASE and path.is_file():
        return _of_folder(path.parent, path)
    if path.suffix in _YAML and path.is_file():
        return _of_study_file(path, path)
    return read_log(path, format)


def _of_folder(folder: Path, given: Path) -> tuple[LoggedRun, ...]:
    if (folder / _STUDY_FILE).is_file():
        return _of_study_file(folder / _STUDY_FILE, given)
    found = list_studies(folder)
    if not found:
        raise LogError(
            "expected a log file or a study's folder, got a folder without a study",
            where=str(given),
            hint="give the log in it, such as trainer_state.json or the trainer's console output",
        )
    runs: list[LoggedRun] = []
    for each in found:
        if each.study is None:
            raise each.problem or LogError("the study can't be read", where=each.location)
        store = open_study(each.location, each.study.name, read_only=True)
        runs += _of_store(store, given, f"{each.study.name} " if len(found) > 1 else "")
    return _some(runs, given)


def _of_study_file(file: Path, given: Path) -> tuple[LoggedRun, ...]:
    config = load_study(file).config
    store = open_study(config.store or file.parent, config.name, read_only=True)
    return _some(_of_store(store, given, ""), given)


def _of_store(store: StudyStore, given: Path, prefix: str) -> list[LoggedRun]:
    """The study's runs that have a step, by number; closes the store."""
    try:
        rungs = store.study().facts.get("rungs")
        horizon = int(rungs[-1]) if isinstance(rungs, (list, tuple)) and rungs else None
        curves = [(run, tuple(store.curve(run.id))) for run in store.runs()]
        return [
            LoggedRun(str(given), f"{prefix}run {run.number} on {run.model}", STUDY, steps, (), horizon)
            for run, steps in curves
            if steps
        ]
    finally:
        store.close()


def _some(runs: list[LoggedRun], given: Path) -> tuple[LoggedRun, ...]:
    if not runs:
        raise LogError("the study has recorded no step yet", where=str(given), hint="has its first run begun?")
    return tuple(runs)
