"""The page's own files, by a list that is fixed when the server starts: no request names a file."""

from __future__ import annotations

import gzip
import mimetypes
import threading
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

PLOTLY = "plotly.min.js"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
}
_PACKED = (".html", ".js", ".css", ".svg", ".json", ".webmanifest")


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file's bytes, packed with gzip where that is worth it, and its content's tag."""

    kind: str
    tag: str
    body: bytes
    packed: bytes | None


class StaticFiles:
    """Files below `rltune/web/static`, and plotly.js from its package. A file that changes on disk is read anew; one
    that is new isn't known before the next start."""

    def __init__(self) -> None:
        root = Path(str(files("rltune.web"))) / "static"
        self._paths = {p.relative_to(root).as_posix(): p for p in sorted(root.rglob("*")) if _is_ours(p, root)}
        self._paths[PLOTLY] = Path(str(files("plotly"))) / "package_data" / PLOTLY
        self._read: dict[str, tuple[tuple[int, int], StaticFile]] = {}
        self._guard = threading.Lock()

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._paths)

    def get(self, name: str) -> StaticFile | None:
        """The file of this name; None if the list doesn't have it."""
        path = self._paths.get(name)
        if path is None:
            return None
        with self._guard:
            try:
                state = path.stat()
                stamp = state.st_mtime_ns, state.st_size
                known = self._read.get(name)
                if known is None or known[0] != stamp:
                    known = stamp, _load(path)
                    self._read[name] = known
            except OSError:
                return None
        return known[1]


def _is_ours(path: Path, root: Path) -> bool:
    return path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts)


def _load(path: Path) -> StaticFile:
    body = path.read_bytes()
    packed = gzip.compress(body, 6) if path.suffix in _PACKED else None
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return StaticFile(kind, f'"{sha256(body).hexdigest()[:16]}"', body if packed is None else body, packed)
