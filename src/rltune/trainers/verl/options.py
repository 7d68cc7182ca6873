"""The trainer's settings in a study file: which verl, started how, on how many GPUs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType

from rltune.errors import TrainerError, did_you_mean
from rltune.trainers.verl.override import parse_override
from rltune.trainers.verl.script import Launch, read_script

_WHERE = "trainer.settings"
ROLES = ("target", "proxy")


@dataclass(frozen=True, slots=True)
class Options:
    """Checked settings.

    Attributes:
        python: the interpreter that has verl.
        base: overrides of the user's own. script: a launch script to take them from; `base` then comes on top.
        gpus: GPUs on each node, for all models or by model: a model's name, `target` or `proxy` -> count.
        nodes: how many nodes. env: environment variables of the training program, and of the script.
        folder: where the program runs, and what paths in its overrides are relative to; None: the study's own.
        test_files: data of the test split, for scores on it; empty: the task's.
        other_test_files: the same for each task of `test_ood`, by its name; none: its own parquet file.
    """

    python: str = "python3"
    base: tuple[str, ...] = ()
    script: str | None = None
    gpus: int | Mapping[str, int] = 8
    nodes: int = 1
    env: Mapping[str, str] = field(default_factory=dict)
    folder: str | None = None
    test_files: tuple[str, ...] = ()
    other_test_files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def gpus_for(self, model: str, role: str) -> int:
        """GPUs on each node for a model that is the study's target or one of its proxies.

        Raises:
            TrainerError: if the settings say nothing about it.
        """
        if isinstance(self.gpus, int):
            return self.gpus
        found = self.gpus.get(model, self.gpus.get(role))
        if found is None:
            raise TrainerError(
                f"no number of GPUs for the {role} {model}; got one for {', '.join(self.gpus)}",
                where=f"{_WHERE}.gpus",
                hint=f"add `{role}: <count>`",
            )
        return found

    @property
    def gpus_of_trials(self) -> tuple[int, ...]:
        """GPUs on each node, of every kind of trial there may be."""
        return (self.gpus,) if isinstance(self.gpus, int) else tuple(self.gpus.values())

    def launch(self, environment: Mapping[str, str]) -> Launch:
        """The user's own overrides: those of the script, with `base` on top.

        Args:
            environment: of this process; the script may refer to it, below `env`.

        Raises:
            TrainerError: if the script can't be used, or an override has another form.
        """
        own = tuple(parse_override(text, f"{_WHERE}.base") for text in self.base)
        if self.script is None:
            return Launch(own, self.env)
        folder = Path(self.folder) if self.folder else Path.cwd()
        known = {**environment, "PWD": str(folder), **self.env}
        read = read_script(folder / self.script, known)
        return Launch((*read.overrides, *own), {**read.environment, **self.env}, read.config, read.config_folder)


def parse_options(settings: Mapping[str, object]) -> Options:
    """Options from the study file's settings.

    Raises:
        TrainerError: for an unknown name or a value of the wrong type.
    """
    known = [f.name for f in fields(Options)]
    for name in settings:
        if name not in known:
            raise TrainerError(
                f"unknown setting {name!r}; expected {', '.join(known)}",
                where=f"{_WHERE}.{name}",
                hint=did_you_mean(name, known)
                or "a key of verl's config goes into `fixed`, or as an override into `base`",
            )
    given = dict(settings)
    for name in ("python", "script", "folder"):
        if name in given:
            _require(isinstance(given[name], str) and given[name] != "", name, "text", given[name])
            given[name] = os.path.expanduser(str(given[name]))
    for name in ("base", "test_files"):
        if name in given:
            given[name] = _texts(name, given[name])
    if "other_test_files" in given:
        given["other_test_files"] = _other_files(given["other_test_files"])
    if "nodes" in given:
        _require(_is_count(given["nodes"]), "nodes", "a whole number from 1", given["nodes"])
    if "gpus" in given:
        given["gpus"] = _gpus(given["gpus"])
    if "env" in given:
        given["env"] = _environment(given["env"])
    return Options(**given)  # pyright: ignore[reportArgumentType]


def _other_files(value: object) -> Mapping[str, tuple[str, ...]]:
    _require(isinstance(value, Mapping), "other_test_files", "files by a task's name", value)
    assert isinstance(value, Mapping)
    return MappingProxyType({str(task): _texts(f"other_test_files.{task}", files) for task, files in value.items()})


def _texts(name: str, value: object) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) and name != "base" else value
    is_list = isinstance(texts, Sequence) and not isinstance(texts, str) and all(isinstance(t, str) for t in texts)
    _require(is_list, name, "a list of texts", value)
    return tuple(texts)  # pyright: ignore[reportArgumentType]


def _gpus(value: object) -> int | Mapping[str, int]:
    if isinstance(value, Mapping):
        for model, count in value.items():
            _require(_is_count(count), f"gpus.{model}", "a whole number from 1", count)
        return MappingProxyType({str(model): count for model, count in value.items()})
    _require(_is_count(value), "gpus", "a whole number from 1, or one for each of target and proxy", value)
    return value  # pyright: ignore[reportReturnType]


def _environment(value: object) -> Mapping[str, str]:
    _require(isinstance(value, Mapping), "env", "names with their values", value)
    assert isinstance(value, Mapping)
    for name, text in value.items():
        _require(isinstance(text, (str, int, float)) and not isinstance(text, bool), f"env.{name}", "text", text)
    return MappingProxyType({str(name): str(text) for name, text in value.items()})


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _require(met: bool, name: str, wanted: str, got: object) -> None:
    if not met:
        raise TrainerError(f"expected {wanted}, got {got!r}", where=f"{_WHERE}.{name}")
