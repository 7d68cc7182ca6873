"""A log file as lines of text, whatever it is packed in and however it was damaged.

gzip is recognized by its first bytes, UTF-16 (what a redirection in PowerShell writes) by its byte order mark. Bytes
that are no UTF-8 become U+FFFD, NUL bytes vanish, and a carriage return ends a line: progress bars write
over themselves with it.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rltune.errors import LogError

_HEAD = 65_536
_LONGEST = 1 << 24
"""Characters after which a line is broken: the bound on memory for files without line ends."""

_LARGEST = 1 << 28
"""Characters of a file that is read as a whole. A few kilobytes of gzip may unpack to any length."""

_ODD = 0.2
"""Share of characters that are no text from which on a file is binary. Interleaved output leaves far fewer."""

_TEXT = frozenset(range(32, 0xFFFD)) | {9, 10, 12, 13, 27}
"""Code points of text: ESC colours terminals. U+FFFD stands for undecodable bytes."""


@dataclass(frozen=True, slots=True)
class Line:
    """`text` without its end; `number` from 1; `ended`: whether a line end followed (the last line may be cut)."""

    number: int
    text: str
    ended: bool


class Source:
    """An opened log.

    Attributes:
        path: as given. head: its first characters. cut: whether a compressed stream ended before its end, known
            once all lines were read.
    """

    def __init__(self, path: str | Path) -> None:
        """Raises LogError if it is missing, a folder or pipe, unreadable, empty or binary."""
        self.path = str(path)
        self.cut = False
        raw = self._first_bytes(Path(path))
        self._packed = raw.startswith(b"\x1f\x8b")
        with self._open() as stream:
            start = self._read_bytes(stream)
        self._encoding = "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
        text = start.decode(self._encoding, errors="replace")
        self._require_text(text)
        self.head = text.replace("\0", "")

    def lines(self) -> Iterator[Line]:
        """All lines, in order.

        Raises:
            LogError: if the file can't be read on, or a compressed one is damaged.
        """
        with self._open() as stream:
            text = io.TextIOWrapper(stream, encoding=self._encoding, errors="replace", newline="\n")
            number, continued = 0, False
            while line := self._next(text):
                number += not continued
                ended = line.endswith("\n")
                continued = not ended and len(line) >= _LONGEST
                yield from _split(number, line, ended or continued)

    def text(self) -> str:
        """The whole file as one string. Raises LogError as `lines`."""
        with self._open() as stream:
            reader = io.TextIOWrapper(stream, encoding=self._encoding, errors="replace")
            parts, size = [], 0
            while part := self._next(reader):
                parts.append(part)
                size += len(part)
                if size > _LARGEST:
                    raise LogError(
                        f"the file has more than {_LARGEST:,} characters, too many to be read at once",
                        where=self.path,
                        hint="give a log that is read line by line, as JSON lines or the console's output",
                    )
        return "".join(parts)

    def _next(self, stream: io.TextIOWrapper) -> str:
        try:
            return stream.readline(_LONGEST)
        except EOFError:
            self.cut = True
            return ""
        except (OSError, zlib.error) as error:
            raise LogError(f"the file can't be read on: {error}", where=self.path) from error

    def _open(self) -> gzip.GzipFile | io.BufferedReader:
        try:
            return gzip.open(self.path, "rb") if self._packed else open(self.path, "rb")
        except OSError as error:
            raise LogError(f"the file can't be opened: {error.strerror}", where=self.path) from error

    def _first_bytes(self, path: Path) -> bytes:
        try:
            if path.is_dir():
                raise LogError(
                    "expected a log file, got a folder",
                    where=self.path,
                    hint="give the file in it, such as trainer_state.json or the trainer's console output",
                )
            if not path.exists():
                raise LogError("there is no such file", where=self.path)
            if not path.is_file():
                raise LogError("expected a file, got a pipe or device", where=self.path, hint="save it to a file first")
            with path.open("rb") as stream:
                return stream.read(2)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            raise LogError(f"the file can't be opened: {error}", where=self.path) from error

    def _read_bytes(self, stream: gzip.GzipFile | io.BufferedReader) -> bytes:
        parts, missing = [], _HEAD
        try:
            while missing and (part := stream.read1(missing)):
                parts.append(part)
                missing -= len(part)
        except EOFError:
            self.cut = True
        except (OSError, zlib.error) as error:
            raise LogError(
                f"the file looks like gzip but can't be unpacked: {error}", where=self.path, hint="it is damaged"
            ) from error
        return b"".join(parts)

    def _require_text(self, text: str) -> None:
        if not text.strip("\0 \t\r\n\ufeff"):
            if self.cut:
                raise LogError("the file looks like gzip but is cut before its first line", where=self.path)
            raise LogError("the file is empty", where=self.path, hint="has the run logged its first step?")
        odd = sum(ord(c) not in _TEXT and ord(c) <= 0xFFFD for c in text)
        if odd > _ODD * len(text):
            raise LogError(
                "expected a text file, got binary data",
                where=self.path,
                hint="give the console output, a metrics file (JSON lines or CSV) or trainer_state.json",
            )


def _split(number: int, line: str, ended: bool) -> Iterator[Line]:
    if "\0" in line:
        line = line.replace("\0", "")
    line = line.removesuffix("\n").removesuffix("\r") if ended else line
    if "\r" not in line:
        yield Line(number, line, ended)
        return
    *parts, last = line.split("\r")
    for part in parts:
        yield Line(number, part, True)
    yield Line(number, last, ended)
