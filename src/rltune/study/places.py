"""Whether a study's trials can run, and its results be kept, where its file says. Asks no network."""

from __future__ import annotations

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

from rltune.config.load import StudyFile
from rltune.errors import ExecutorError, StudyError
from rltune.store.storage import check_url


def check_places(file: StudyFile) -> None:
    """Raises StudyError if the output folder can't be written; StorageError if nothing can be kept at
    `checkpoints.remote`, or its protocol's package is missing; ExecutorError if the executor's package is."""
    if file.config.executor.name == "ray" and find_spec("ray") is None:
        with file.at("executor"):
            raise ExecutorError("Ray isn't installed here", hint="pip install 'rltune[ray]', on every node")
    remote = file.config.checkpoints.remote
    if remote is not None:
        with file.at("checkpoints.remote"):
            check_url(remote)
    folder = Path(file.config.output).expanduser()
    existing = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    try:
        if not existing.is_dir():
            raise NotADirectoryError(f"{existing} is a file")
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise StudyError(
            f"the output folder {folder} can't be written: {error.strerror or error}",
            where=file.where("output"),
            hint=f"name another with `output:` or --output, or make {os.fspath(existing)} writable",
        ) from error
