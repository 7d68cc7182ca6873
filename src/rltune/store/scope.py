"""Which study a query is about, and how its records name files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Scope:
    """One study in one database.

    Attributes:
        study: key of its row.
        base: the study's folder, or None if it isn't known. Paths below it are recorded relative to it, so that the
            folder can be moved or mounted elsewhere and the study still goes on.
        where: what to call the study in errors.
    """

    study: int
    base: Path | None
    where: str

    def path_to_text(self, path: Path) -> str:
        """The path as it is recorded."""
        path = path.absolute()
        if self.base is not None and path.is_relative_to(self.base):
            return path.relative_to(self.base).as_posix()
        return str(path)

    def text_to_path(self, text: str) -> Path:
        """The absolute path of a record."""
        return Path(text) if self.base is None else self.base / text
