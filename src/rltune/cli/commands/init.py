"""`rltune init`: write a study file to start from."""

from __future__ import annotations

import shlex
from pathlib import Path

from rltune.cli.console import TextConsole
from rltune.config.starter import starter
from rltune.errors import ConfigError


def main(file: Path, model: str | None, proxies: tuple[str, ...], force: bool) -> None:
    """Writes a study file to start from."""
    if file.exists() and not force:
        raise ConfigError("there is a file of that name already", where=str(file), hint="--force replaces it")
    text = starter(model, proxies)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"the file can't be written: {error.strerror}", where=str(file), hint="name a file in a folder of yours"
        ) from error
    named = shlex.quote(str(file))
    TextConsole().print(f"wrote {file}; next: rltune check {named}, then rltune run {named}", markup=False)
