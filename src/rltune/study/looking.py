"""A study that is only looked at: its store and its name, without the libraries that running it takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rltune.config.source import read_identity
from rltune.errors import StudyError
from rltune.store.lock import lock_holder
from rltune.store.open import open_study as open_store
from rltune.store.sql import SqlStudyStore
from rltune.study.address import is_address, split_address

STUDY_FILE = "study.yaml"


@dataclass(frozen=True, slots=True)
class Look:
    """An open store, for reading only. `folder`: where the study's files lie; here, if that isn't known."""

    store: SqlStudyStore
    folder: Path
    location: str | Path
    name: str

    def alive(self) -> bool:
        """Whether a process runs the study."""
        return lock_holder(self.location, self.name) is not None


def look_at(study: str | Path) -> Look:
    """Opens a study for reading: the one in a folder, or `URL#NAME` of one in a database.

    Raises:
        StudyError: if there is none. ConfigError: if its study file was spoilt since.
    """
    if is_address(str(study)):
        url, name = split_address(str(study), read_only=True)
        return Look(open_store(url, name, read_only=True), Path(), url, name)
    folder = Path(study)
    study_is = read_identity(study_file_in(folder))
    location = study_is.store or folder
    return Look(open_store(location, study_is.name, read_only=True, folder=folder), folder, location, study_is.name)


def study_file_in(folder: Path) -> Path:
    """Where the study file is that a study's folder keeps.

    Raises:
        StudyError: if there is no study in that folder.
    """
    path = folder / STUDY_FILE
    if not path.is_file():
        raise StudyError(
            f"there is no study in {folder} (no {STUDY_FILE})",
            where=str(folder),
            hint="name the study's own folder, such as studies/demo; `rltune run FILE` makes a new one",
        )
    return path
