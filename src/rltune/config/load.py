"""Loading a study file, or the same thing given in Python, with all problems told at once and by their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from rltune.config.problems import Problem, Where, find_problems, raise_problems
from rltune.config.study import StudyConfig
from rltune.config.yaml_reader import read_yaml
from rltune.errors import ConfigError, RltuneError, SpaceError
from rltune.space.conditions import activation_order

MAX_BYTES = 1_000_000
"""Largest study file; a real one has a few kilobytes."""

_START = "write a starter file with `rltune init`"


@dataclass(frozen=True, slots=True)
class StudyFile:
    """A loaded study file.

    Attributes:
        config: the study, checked, with all defaults filled in.
        text: the file as it was written; empty for a study that was given in Python.
        lines: line (from 1) of each dotted path that the file holds.
        source: the file as the user named it; empty for a study that was given in Python.
    """

    config: StudyConfig
    text: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)
    source: str = ""

    def where(self, path: str) -> str:
        """The place of a dotted path, for errors that other layers find: `study.yaml:7 models.target`."""
        return place(self.source, self.lines, path)

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Puts the place in the study file in front of an error that another layer raised."""
        try:
            yield
        except RltuneError as error:
            inner = error.where
            precise = inner if inner and f"{inner}.".startswith(f"{place}.") else place
            where = self.where(precise)
            if inner and precise != inner and inner not in where:
                where = f"{where}: {inner}"
            raise type(error)(error.message, where=where, hint=error.hint) from error


def line_of(lines: Mapping[str, int], path: str) -> int | None:
    """The line of a dotted path, or of the nearest key above it that the file holds; None if there is none."""
    while path and path not in lines:
        path = path.rpartition(".")[0]
    return lines[path] if path else None


def place(source: str, lines: Mapping[str, int], path: str) -> str:
    """`source:line path`, as far as there is a source and a line."""
    line = line_of(lines, path)
    file = f"{source}:{line}" if line else source
    return f"{file} {path}".strip()


def load_study(path: str | Path) -> StudyFile:
    """Reads and checks a study file.

    Raises:
        ConfigError: for a file that can't be read, isn't UTF-8 or YAML, or describes no possible study.
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
    config = _check(data, lambda key: place(source, lines, key), source, lines)
    return StudyFile(config, text, lines, source)


def parse_study(data: Mapping[str, object]) -> StudyConfig:
    """Checks a study that is given in Python: the same keys and rules as in a study file.

    Raises:
        ConfigError: as `load_study`, with the keys as places.
    """
    return _check(dict(data), lambda key: key or "study", "study", {})


def _check(data: Mapping[str, object], where: Where, source: str, lines: Mapping[str, int]) -> StudyConfig:
    try:
        config = StudyConfig.model_validate(data)
    except ValidationError as error:
        raise_problems(_in_order(find_problems(error, StudyConfig, data), lines), where, source)
        raise
    # The recipe's own space is checked when the recipe is known; conditions may name its parameters.
    if config.space is not None and config.space.base is None:
        try:
            activation_order(config.space.parameters)
        except SpaceError as error:
            raise_problems([Problem(error.where or "space", error.message, error.hint)], where, source)
    return config


def _in_order(problems: list[Problem], lines: Mapping[str, int]) -> list[Problem]:
    """By the line they stand in; what has no line (a missing key) comes first."""
    return sorted(problems, key=lambda problem: line_of(lines, problem.path) or 0)


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
