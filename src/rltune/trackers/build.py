"""From a tracker's name to the tracker. A new one is one file and one line here."""

from __future__ import annotations

import importlib
import importlib.util
import netrc
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

from pydantic import BaseModel, ValidationError

from rltune.analysis.records import ReadableStore
from rltune.clock import Clock
from rltune.errors import TrackerError, did_you_mean, suggest
from rltune.trackers.base import Tracker
from rltune.trackers.contents import Contents, evaluations, runs
from rltune.trackers.mirror import Mirror, Tell
from rltune.trackers.options import MlflowOptions, OptunaOptions, TensorboardOptions, WandbOptions


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a tracker is, what it may be told, the package it needs (also the name of rltune's extra), and what of a
    study goes into it."""

    module: str
    attribute: str
    options: type[BaseModel]
    package: str
    contents: Contents = runs

    @property
    def things(self) -> str:
        """What it holds, in a word for people."""
        return "evaluations" if self.contents is evaluations else "runs"


TRACKERS: Mapping[str, Entry] = {
    "wandb": Entry("rltune.trackers.wandb_", "WandbTracker", WandbOptions, "wandb"),
    "mlflow": Entry("rltune.trackers.mlflow_", "MlflowTracker", MlflowOptions, "mlflow"),
    "tensorboard": Entry("rltune.trackers.tensorboard_", "TensorboardTracker", TensorboardOptions, "tensorboard"),
    "optuna": Entry("rltune.trackers.optuna_", "OptunaTracker", OptunaOptions, "optuna", evaluations),
}
"""By name, so that only the tracker in use loads its package. Each class is made from (options, study's folder)."""


def check_tracker(name: str, options: Mapping[str, object] | None = None) -> BaseModel:
    """The checked options of a tracker whose package and secret are there. Imports no tracker's package.

    Raises:
        TrackerError: for an unknown name or option, an impossible value, a missing package, or W&B without a key.
    """
    if name not in TRACKERS:
        raise TrackerError(f"there is no tracker {name!r}", where="trackers", hint=suggest(name, TRACKERS))
    entry = TRACKERS[name]
    checked = _checked_options(name, entry.options, options or {})
    if importlib.util.find_spec(entry.package) is None:
        raise TrackerError(
            f"the tracker {name} needs the package {entry.package}, which isn't installed",
            where="trackers",
            hint=f"pip install 'rltune[{entry.package}]'",
        )
    if isinstance(checked, WandbOptions):
        _check_wandb(wandb_mode(checked))
    return checked


def build_tracker(name: str, options: Mapping[str, object] | None, folder: Path) -> Tracker:
    """The tracker called `name` of the study in `folder`; imports the tracker's package.

    Raises:
        TrackerError: as `check_tracker`, or if the package can't be loaded.
    """
    checked = check_tracker(name, options)
    entry = TRACKERS[name]
    try:
        factory = getattr(importlib.import_module(entry.module), entry.attribute)
    except ImportError as error:
        raise TrackerError(
            f"the package {entry.package} can't be loaded: {error}",
            where="trackers",
            hint=f"pip install --upgrade 'rltune[{entry.package}]'",
        ) from error
    return factory(checked, folder)


def mirror_of(
    name: str, options: Mapping[str, object], store: ReadableStore, folder: Path, clock: Clock, tell: Tell
) -> Mirror:
    """What mirrors the study in `folder` into the tracker called `name`, which is built at the first pass."""
    return Mirror(name, lambda: build_tracker(name, options, folder), store, clock, tell, TRACKERS[name].contents)


def wandb_mode(options: WandbOptions) -> str:
    """online or offline: as the study file says, else the environment."""
    return options.mode or os.environ.get("WANDB_MODE") or "online"


def _check_wandb(mode: str) -> None:
    if mode not in ("online", "offline"):
        raise TrackerError(
            f"WANDB_MODE is {mode}, expected online or offline",
            where="trackers",
            hint="write {name: wandb, mode: offline}, unset WANDB_MODE, or take wandb out of the study's trackers",
        )
    if mode == "online" and not _has_wandb_key():
        raise TrackerError(
            "W&B has no key to log in with",
            where="trackers",
            hint="set WANDB_API_KEY, run `wandb login`, or write {name: wandb, mode: offline}",
        )


def _has_wandb_key() -> bool:
    """Whether W&B's library will find a key without asking for one."""
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    host = urlparse(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).hostname or ""
    file = Path(os.environ.get("NETRC", "~/.netrc")).expanduser()
    try:
        return netrc.netrc(file).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False


def _checked_options(name: str, kind: type[BaseModel], options: Mapping[str, object]) -> BaseModel:
    try:
        return kind.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            # The value isn't repeated: what has no place here is often a key.
            secret = any(word in place.lower() for word in ("key", "token", "password", "secret"))
            hint = "secrets come from the environment only" if secret else did_you_mean(place, kind.model_fields)
            message = f"unknown option {place!r}"
        else:
            message, hint = f"option {place}: {first['msg'].removeprefix('Value error, ')}", None
        known = f"options of {name}: {', '.join(kind.model_fields)}"
        raise TrackerError(message, where="trackers", hint=f"{hint}; {known}" if hint else known) from None
