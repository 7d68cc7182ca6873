"""From a preset's name to settings."""

from __future__ import annotations

from collections.abc import Mapping

from rltune.errors import TrainerError, suggest
from rltune.trainers.command.presets import open_instruct, openrlhf, prime_rl

PRESETS: Mapping[str, Mapping[str, object]] = {
    "open_instruct/grpo_fast": open_instruct.GRPO_FAST,
    "open_instruct/finetune": open_instruct.FINETUNE,
    "open_instruct/dpo": open_instruct.DPO,
    "openrlhf/grpo": openrlhf.GRPO,
    "prime_rl/rl": prime_rl.RL,
}
"""By name. One of your own is one more line here."""


def with_preset(settings: Mapping[str, object]) -> dict[str, object]:
    """The settings with those of the preset that they name underneath: inner mappings are merged, all else replaces.

    Raises:
        TrainerError: for an unknown preset.
    """
    own = {name: value for name, value in settings.items() if name != "preset"}
    if "preset" not in settings:
        return own
    name = settings["preset"]
    if not isinstance(name, str) or name not in PRESETS:
        raise TrainerError(
            f"unknown preset {name!r}", where="trainer.settings.preset", hint=suggest(str(name), PRESETS)
        )
    return _merged(PRESETS[name], own)


def _merged(under: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    merged = dict(under)
    for name, value in over.items():
        below = merged.get(name)
        merged[name] = _merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged
