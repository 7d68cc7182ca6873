"""A study file holds no secrets: it is copied into the study's folder, its database and its report.

Programs inherit the environment that rltune was started in, so none is needed there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from rltune.config.problems import Problem
from rltune.config.yaml_reader import join
from rltune.redaction import is_secret_name, known_secrets

_SHORTEST = 8
"""Characters from which the value of such a variable can be a secret: `EMPTY` is what some servers want as a key."""
_UNMISTAKABLE = 16
"""Characters from which the value of a secret stands nowhere by chance."""


def secrets_in(data: Mapping[str, object], environment: Mapping[str, str] | None = None) -> list[Problem]:
    """Where a study file's contents hold a secret: under the name of one below an `env`, or the value of one that is
    in the environment too. The value itself is never repeated.

    Args:
        environment: None: this process's.
    """
    known = [s for s in known_secrets(os.environ if environment is None else environment) if len(s) >= _UNMISTAKABLE]
    problems = []
    for path, name, within, text in _texts(data, ""):
        if within == "env" and is_secret_name(name) and len(text) >= _SHORTEST:
            problems.append(Problem(path, f"the secret {name} must not stand in a study file", _hint(name)))
        elif any(secret in text for secret in known):
            problems.append(Problem(path, "the value of a secret of your environment stands here", _hint(name)))
    return problems


def _hint(name: str) -> str:
    return f"take it out and set it in the environment, as in `export {name}=...`: programs inherit it"


def _texts(value: object, path: str, name: str = "", within: str = "") -> Iterator[tuple[str, str, str, str]]:
    """(path, key, key above it, text) of all texts."""
    if isinstance(value, str):
        yield path, name, within, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, join(path, key), str(key), name)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _texts(item, join(path, index), name, within)
