"""The text of a new study file: about ten lines that matter, and below them every other setting with its reason."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from rltune.config.load import parse_study
from rltune.config.study import EMBEDDED_PREFIX, StudyConfig
from rltune.errors import ConfigError

EMBEDDED_CORE: Mapping[str, object] = {
    "name": "my-study",
    "models": {"target": "embedded/s", "proxies": ["embedded/xs"]},
    "task": "arithmetic/easy",
    "trainer": "trl",
    "budget": "5m",
}

OWN_TASK: Mapping[str, object] = {
    "name": "file",
    "train": "train.parquet",
    "test": "test.parquet",
    "validation_size": 256,
}

_EMBEDDED_NOTES = {
    "models": "The embedded family comes with rltune. Proxies are smaller models that stand in for the target.",
    "budget": "Wall clock of everything: search, confirmation, final training and tests; or {time: 5m, trials: 40}.",
}

_MODEL_NOTES = {
    "models": "Folders or hub names. Proxies are smaller models of the family; none: the search runs on the target.",
    "task": "Prompts and answers of your own: .jsonl, or .parquet as verl reads it.",
    "budget": "Wall clock of everything: search, confirmation, final training and tests.",
    "fixed": "The recipe's 1024 prompts a step are meant for eight large GPUs.",
}

_HEAD = """\
# A study of rltune: `rltune check FILE` says what it would do, `rltune run FILE` does it.
# Lines that start with `#` and a key are the defaults: remove the `#` to change one.
"""

_SPACE = """\
# The searched hyperparameters; none: the recipe's intervals around its values.
# `from: recipe` keeps those and adds or replaces what stands beside it, for example:
#     space:
#       from: recipe
#       learning_rate: {type: float, low: 1e-7, high: 1e-5, log: true}
#       clip_ratio: {type: float, low: 0.1, high: 0.4}
#       lr_scheduler: {type: categorical, choices: [constant, cosine]}
#       warmup_steps: {type: int, low: 0, high: 20, when: {lr_scheduler: cosine}}
"""


def starter(model: str | None = None, proxies: Sequence[str] = ()) -> str:
    """What `rltune init` writes: for the embedded family, or for `model` with its `proxies`.

    Raises:
        ConfigError: if there are proxies without a model, or the names can't be used.
    """
    if model is None:
        if proxies:
            raise ConfigError("proxies stand in for a model, and none is named", where="--proxy", hint="add --model")
        return embedded_starter()
    if model.startswith(EMBEDDED_PREFIX):
        return _render({**EMBEDDED_CORE, "models": {"target": model, "proxies": list(proxies)}}, _EMBEDDED_NOTES)
    return model_starter(model, proxies)


def embedded_starter(name: str = "demo") -> str:
    """A starter file for the embedded family: runs anywhere, in minutes.

    Raises:
        ConfigError: if `name` can't be a study's name.
    """
    return _render({**EMBEDDED_CORE, "name": name}, _EMBEDDED_NOTES)


def model_starter(
    target: str,
    proxies: Sequence[str] = (),
    *,
    name: str = "my-study",
    task: str | Mapping[str, object] = OWN_TASK,
) -> str:
    """A starter file for a model of the user's own: a Hugging Face folder or hub name.

    Raises:
        ConfigError: if `name`, `target` or `proxies` can't be used.
    """
    core: dict[str, object] = {
        "name": name,
        "models": {"target": target, "proxies": list(proxies)},
        "task": task,
        "trainer": "trl",
        "budget": "48h",
        "fixed": {"prompts_per_step": 128},
    }
    return _render(core, _MODEL_NOTES)


def _render(core: Mapping[str, object], notes: Mapping[str, str]) -> str:
    config = parse_study(core).model_dump(mode="json", by_alias=True)
    lines = [_HEAD]
    for key, value in core.items():
        lines += [f"# {notes[key]}"] if key in notes else []
        lines += _block(key, value)
    for key, field in StudyConfig.model_fields.items():
        if key == "space":
            lines += ["", _SPACE.rstrip()]
        elif key not in core:
            block = _block(key, config[key], _reasons(key))
            lines += ["", f"# {field.description}", *(f"#{line}" for line in block)]
    return "\n".join(lines) + "\n"


def _block(key: str, value: object, reasons: Mapping[str, str | None] | None = None) -> list[str]:
    """The lines of one key; of a section, one line a setting, with its reason behind it."""
    if not isinstance(value, Mapping) or not value:
        return [f"{key}: {_scalar(value)}"]
    lines = [f"{key}:"]
    for inner, content in value.items():
        reason = (reasons or {}).get(inner)
        lines.append(f"  {inner}: {_scalar(content)}" + (f"  # {reason}" if reason else ""))
    return lines


def _reasons(key: str) -> dict[str, str | None]:
    """Why each default of a section is what it is."""
    fields = getattr(type(StudyConfig.model_fields[key].default), "model_fields", {})
    return {inner: field.description for inner, field in fields.items()}


def _scalar(value: object) -> str:
    """A value in flow style; JSON is YAML, and plain words need no quotes."""
    text = json.dumps(value)
    plain = (
        isinstance(value, str) and value.replace("/", "").replace("_", "").replace("-", "").replace(".", "").isalnum()
    )
    return value if plain and isinstance(value, str) and not _looks_special(value) else text


def _looks_special(word: str) -> bool:
    """Whether YAML would take the bare word for something else than text."""
    if word.lower() in {"true", "false", "null", "~"}:
        return True
    try:
        float(word)
    except ValueError:
        return False
    return True
