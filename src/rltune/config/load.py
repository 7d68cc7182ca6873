"""Loading a study file, or the same thing given in Python, with all problems told at once and by their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from rltune.config.problems import Problem, Where, find_problems, raise_problems
from rltune.config.secrets import secrets_in
from rltune.config.source import read_source
from rltune.config.study import StudyConfig
from rltune.errors import RltuneError, SpaceError
from rltune.space.conditions import activation_order


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
    text, data, lines = read_source(path)
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
    raise_problems(_in_order(secrets_in(data), lines), where, source)
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
