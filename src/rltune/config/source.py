"""A study file as it is written: its text, its values with their lines, and which study it is of. No pydantic here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rltune.config.names import check_name
from rltune.config.yaml_reader import read_yaml
from rltune.errors import ConfigError

MAX_BYTES = 1_000_000
"""Largest study file; a real one has a few kilobytes."""

_START = "write a starter file with `rltune init`"


@dataclass(frozen=True, slots=True)
class Identity:
    """A study's name, and the URL of the database with its records; None: they are in its folder."""

    name: str
    store: str | None


def read_source(path: str | Path) -> tuple[str, Mapping[str, object], Mapping[str, int]]:
    """(text, values, line of each dotted path) of a study file.

    Raises:
        ConfigError: for a file that can't be read, isn't UTF-8 or YAML, or holds no mapping.
    """
    source = str(path)
    text = _read(Path(path), source)
    data, lines = read_yaml(text, source)
    if data is None:
        raise ConfigError("the study file is empty", where=source, hint=_START)
    if not isinstance(data, dict):
        raise ConfigError(
            f"expected keys such as `name: demo`, got a {'list' if isinstance(data, list) else 'single value'}",
            where=source,
            hint=_START,
        )
    return text, data, lines


def read_identity(path: str | Path) -> Identity:
    """Which study a file is of: all that looking at its records takes. The rest of the file isn't checked.

    Raises:
        ConfigError: as `read_source`, and if the name or the store is missing or impossible.
    """
    _, data, lines = read_source(path)
    name, store = data.get("name"), data.get("store")
    if not isinstance(name, str):
        raise ConfigError(f"expected the study's name, got {name!r}", where=f"{path} name", hint="such as `name: demo`")
    try:
        check_name(name)
    except ValueError as error:
        raise ConfigError(str(error), where=f"{path}:{lines.get('name', 1)} name") from None
    if store is not None and not isinstance(store, str):
        raise ConfigError(f"expected a database URL, got {store!r}", where=f"{path}:{lines.get('store', 1)} store")
    return Identity(name, store)


def _read(path: Path, source: str) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(
                f"expected a study file of a few kilobytes, got {path.stat().st_size:,} bytes", where=source
            )
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError("there is no such file", where=source, hint=_START) from None
    except IsADirectoryError:
        raise ConfigError(
            "expected a study file, got a folder", where=source, hint="name the file, such as study.yaml"
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"expected text in UTF-8, got another encoding (byte {error.start})",
            where=source,
            hint="save the file as UTF-8",
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"the file can't be read: {reason}", where=source) from None
