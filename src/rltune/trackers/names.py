"""From rltune's names to names that a tracker or a file system takes."""

from __future__ import annotations

import hashlib
import posixpath
import re

_FORBIDDEN_IN_FILES = re.compile(r"[^\w.=@+-]+")
_FORBIDDEN_IN_MLFLOW = re.compile(r"[^/\w.\- :]")
_LONGEST_FILE = 120
_LONGEST_MLFLOW = 250


def file_name(text: str) -> str:
    """A readable name of one folder or file. Other texts may give the same one: `text` holds what makes it unique."""
    plain = _FORBIDDEN_IN_FILES.sub("-", text).strip(".-")
    while len(plain.encode()) > _LONGEST_FILE:  # bytes are what file systems count
        plain = plain[:-1]
    return plain or _mark(text)


def mlflow_name(text: str) -> str:
    """A metric's, parameter's or tag's name for MLflow: letters, digits, spaces and `/ . - : _`, and a clean path.

    Different names stay different: one that had to be changed ends with a mark of what it was.
    """
    plain = _FORBIDDEN_IN_MLFLOW.sub("_", text)
    bad_path = posixpath.normpath(plain) != plain or plain in (".", "..") or plain.startswith(("/", ".."))
    if plain == text and not bad_path and len(plain) <= _LONGEST_MLFLOW:
        return plain
    mark = _mark(text)
    if bad_path:
        plain = re.sub(r"[./]+", "_", plain)
    return f"{plain[: _LONGEST_MLFLOW - len(mark) - 1]}-{mark}"


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
