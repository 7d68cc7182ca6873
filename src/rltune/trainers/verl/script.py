"""The user's own launch script, read for the arguments that it gives `verl.trainer.main_ppo`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rltune.errors import TrainerError
from rltune.trainers.verl.expansion import Untold
from rltune.trainers.verl.override import Override, parse_override
from rltune.trainers.verl.owned import OWNED
from rltune.trainers.verl.shell import commands

MAIN = "verl.trainer.main_ppo"
_ENTRIES = (MAIN, "main_ppo")
_FLAGS = {"--config-name": "config", "-cn": "config", "--config-path": "folder", "-cp": "folder"}


@dataclass(frozen=True, slots=True)
class Launch:
    """What a script starts verl with.

    Attributes:
        overrides: in the order of the command line. environment: what the script exports.
        config, config_folder: `--config-name` and `--config-path`; None: verl's own.
    """

    overrides: tuple[Override, ...]
    environment: Mapping[str, str]
    config: str | None = None
    config_folder: str | None = None


def read_script(path: Path, environment: Mapping[str, str]) -> Launch:
    """Reads a launch script; runs nothing of it.

    Args:
        environment: variables that the script may refer to.

    Raises:
        TrainerError: if it can't be read, starts no main_ppo, or an argument can't be told without running it.
    """
    where = str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TrainerError(f"the launch script can't be read: {error}", where="trainer.settings.script") from error
    try:
        found = commands(text, environment, "main_ppo", _is_owned)
    except Untold as error:
        raise TrainerError(
            f"an argument can't be told without running the script: {error}",
            where=where,
            hint="set the variable in `env` of the trainer's settings, or list the overrides in `base`",
        ) from error
    if not found:
        raise TrainerError(f"expected a command with `-m {MAIN}` in it", where=where, hint=_other_entry(text))
    if len(found) > 1:
        lines = ", ".join(str(command.line) for command in found)
        raise TrainerError(
            f"expected one command with {MAIN}, got {len(found)} (lines {lines})",
            where=where,
            hint="keep one of them in the script, or list the overrides in `base`",
        )
    return _launch(found[0].words, found[0].environment, f"{where}:{found[0].line}")


def _is_owned(word: str) -> bool:
    """Whether a word sets what the study sets itself: it need not even be understood."""
    return word.lstrip("+~").partition("=")[0] in OWNED


def _other_entry(text: str) -> str:
    if "main_dapo" in text:
        return "recipe.dapo has a program of its own: use main_ppo with `algorithm: dapo`"
    return "name the script that starts the training, or list the overrides in `base`"


def _launch(words: tuple[str, ...], environment: Mapping[str, str], where: str) -> Launch:
    start = next((i for i, word in enumerate(words) if word in _ENTRIES or word.endswith("main_ppo.py")), None)
    if start is None or (words[start] == "main_ppo"):
        raise TrainerError(f"expected `-m {MAIN}`, got {' '.join(words[:4])} ...", where=where)
    flags: dict[str, str] = {}
    overrides: list[Override] = []
    rest = iter(words[start + 1 :])
    for word in rest:
        name, equals, value = word.partition("=")
        if name in _FLAGS:
            flags[_FLAGS[name]] = value if equals else next(rest, "")
        elif word.startswith("-"):
            raise TrainerError(f"the argument {word} isn't understood", where=where, hint="leave it out of the script")
        else:
            overrides.append(parse_override(word, where))
    return Launch(tuple(overrides), dict(environment), flags.get("config"), flags.get("folder"))
