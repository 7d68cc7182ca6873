"""`URL#NAME`: a study in a database, seen from where its folder isn't."""

from __future__ import annotations

from rltune.errors import StudyError
from rltune.store.engine import hide_secrets


def is_address(text: str) -> bool:
    """Whether it is a database's URL, with or without a study's name, and no folder."""
    return "://" in text


def split_address(text: str, *, read_only: bool) -> tuple[str, str]:
    """(URL, study's name).

    Raises:
        StudyError: if no study is named, or it is to be run: that takes its folder.
    """
    location, _, name = text.partition("#")
    if not name:
        raise StudyError(
            "a database may hold many studies, and none is named",
            where=hide_secrets(location),
            hint="write URL#NAME; `rltune list URL` lists them",
        )
    if not read_only:
        raise StudyError(
            f"the study {name} can only be looked at from here",
            where=hide_secrets(location),
            hint="name its folder instead: its checkpoints lie there",
        )
    return location, name
