"""Reading a file while a program writes it."""

from __future__ import annotations

from pathlib import Path

_LONGEST_LINE = 1 << 24
"""Bytes after which a line without an end is given up: the bound on memory."""


class Tail:
    """The lines of a file that grows.

    It needn't exist yet. A file that is shorter than what was read, or another one of the same name, was begun anew,
    and is read from its start.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0
        self._inode: int | None = None
        self._rest = b""

    def read(self, *, ended: bool = False) -> list[str]:
        """The lines that were completed since the last call, without their ends; a carriage return ends one too.

        Args:
            ended: nobody writes any more, so that a last line without an end is one as well.
        """
        fresh = self._fresh()  # first, for it may find the file begun anew
        data = self._rest + fresh
        *lines, self._rest = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        if ended or len(self._rest) > _LONGEST_LINE:
            lines, self._rest = [*lines, self._rest], b""
        return [line.decode(errors="replace") for line in lines if line]

    def _fresh(self) -> bytes:
        try:
            with self.path.open("rb") as stream:
                found = self.path.stat()
                if found.st_ino != self._inode or found.st_size < self._offset:
                    self._inode, self._offset, self._rest = found.st_ino, 0, b""
                stream.seek(self._offset)
                data = stream.read()
        except OSError:
            return b""  # not there yet, or just being replaced
        self._offset += len(data)
        return data


def last_lines(path: Path, count: int = 40, most_bytes: int = 16_384) -> list[str]:
    """The last lines of a file, for an error; none if it can't be read."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - most_bytes))
            text = stream.read().decode(errors="replace")
    except OSError:
        return []
    return [line.rstrip() for line in text.replace("\r", "\n").split("\n") if line.strip()][-count:]
