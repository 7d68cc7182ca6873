"""Where a named data set's rows come from: a folder in one of the usual layouts, or the hub.

Layouts of a folder, of which the first that fits counts:

    <split>/...                       a folder a split: save_to_disk, the original MATH (a file a problem)
    <split>.jsonl, <split>-*.parquet  one or several files a split, in the folder or anywhere below it: the hub's own
                                      repositories (main/test-00000-of-00001.parquet), verl's and the authors' files
    <name>-<split>.arrow              the datasets library's cache
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rltune.errors import TaskError
from rltune.tasks.hub import HubData
from rltune.tasks.readers import KINDS, Row, read_rows


class Source(Protocol):
    """The rows of a data set, split by split. Its text (`str`) names the place, for messages."""

    def rows(self, wanted: Sequence[str]) -> list[Row] | None:
        """All rows of the first split of these names that there is, in fixed order; None if there is none of them.

        Raises TaskError for what is there and can't be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class FolderData:
    """The data files of a folder; those below its subfolder `config` alone if it has one, as on the hub.

    `path` may also be one file: then that is every split, which suits a set that is only for testing.
    """

    path: Path
    config: str

    def rows(self, wanted: Sequence[str]) -> list[Row] | None:
        """See `Source`."""
        for split in wanted:
            files = self._files(split)
            if files:
                return [row for file in files for row in read_rows(file)]
        return None

    def _files(self, split: str) -> list[Path]:
        if self.path.is_file():
            return [self.path]
        if not self.path.is_dir():
            raise TaskError("no such folder", where=str(self.path), hint="relative paths start at the working folder")
        root = self.path / self.config if (self.path / self.config).is_dir() else self.path
        data = [file for file in sorted(root.rglob("*")) if file.suffix.lower() in KINDS and file.is_file()]
        named = [file for file in data if _is_of(file.relative_to(root), split)]
        # The same data is often there in several kinds; each row counts once.
        return next(([f for f in named if f.suffix.lower() == kind] for kind in _kinds(named)), [])

    def __str__(self) -> str:
        return str(self.path)


def _kinds(files: Sequence[Path]) -> list[str]:
    present = {file.suffix.lower() for file in files}
    # Beside Arrow files save_to_disk leaves state.json and dataset_info.json: JSON comes last.
    return [kind for kind in KINDS if kind in present]


def _is_of(file: Path, split: str) -> bool:
    if split in file.parent.parts:
        return True
    return re.search(rf"(^|-){re.escape(split)}([-.]|_\d|$)", file.stem) is not None


def source(data: str | Path | None, hub: HubData) -> Source:
    """The folder or file `data`, or the hub if it is None."""
    return hub if data is None else FolderData(Path(data).expanduser(), hub.config)
