"""How a training by TRL saves memory: micro-batches of a quarter, recomputed activations, micro-batches down to one.

The batch of an update stays what it is, and so does what is generated, shuffled and trained on (TRL generates for the
whole step and splits it afterwards). Settings whose losses are means over a micro-batch keep theirs: GRPO's `bnpo`, an
entropy bonus and `top_entropy_quantile`, and DPO's `sft`, all of which weigh a token by the others in its micro-batch.
Metrics such as `kl` and `entropy` are means over micro-batches in any case: they may move in the third digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from rltune.trainers.trl.settings import Settings
from rltune.types import Scalar

FACTOR = 4
"""How much smaller each level's micro-batches are at least: a 7B model is fitted in a few launches, not in ten."""
SMALL = 4
"""Down to micro-batches of so many, these cost almost nothing; recomputing activations costs a third of a step."""
VLLM_SHARE = 2 / 3
_MEANS_OF_TOKENS = {"grpo": ("bnpo",), "dpo": ("sft",)}
"""Values of `loss_type`."""

_ACCUMULATION = "gradient_accumulation_steps"
_RECOMPUTE = "activation_checkpointing"
_SHARE, _DEFAULT_SHARE = "vllm_gpu_memory_utilization", 0.3


@dataclass(frozen=True, slots=True)
class Level:
    """One memory level: fields of GRPOConfig that replace those of the settings, and the same in words."""

    words: str
    changes: Mapping[str, Scalar]


def levels_of(settings: Settings, processes: int = 1) -> tuple[Level, ...]:
    """The levels, the settings as they are first; micro-batches are those of each of the processes."""
    update = _update(settings, processes)
    found = [_level(settings, update, {})]
    parts = _parts(settings, update)
    for accumulation in (p for p in parts if update // p >= SMALL):
        found.append(_level(settings, update, {_ACCUMULATION: accumulation}))
    if not _recomputes(settings):
        found.append(_level(settings, update, {**found[-1].changes, _RECOMPUTE: True}))
    for accumulation in (p for p in parts if update // p < SMALL):
        found.append(_level(settings, update, {**found[-1].changes, _ACCUMULATION: accumulation}))
    if settings.native.get("use_vllm") and settings.native.get("vllm_mode", "colocate") == "colocate":
        share = float(settings.native.get(_SHARE, _DEFAULT_SHARE))
        found.append(_level(settings, update, {**found[-1].changes, _SHARE: round(VLLM_SHARE * share, 3)}))
    return tuple(found)


def at_level(settings: Settings, level: int, processes: int = 1) -> Settings:
    """The settings at a memory level; beyond the last, at the last."""
    levels = levels_of(settings, processes)
    changes = levels[min(level, len(levels) - 1)].changes
    return replace(settings, native=MappingProxyType({**settings.native, **changes})) if changes else settings


def _update(settings: Settings, processes: int) -> int:
    """Answers, or rows, that each process has of an update."""
    return settings.share * settings.accumulation // processes


def _level(settings: Settings, update: int, changes: Mapping[str, Scalar]) -> Level:
    words = [f"micro-batches of {update // int(changes.get(_ACCUMULATION, settings.accumulation))}"]
    if changes.get(_RECOMPUTE):
        words.append("activations recomputed")
    if _SHARE in changes:
        words.append(f"vLLM's share of the GPU {changes[_SHARE]:g}")
    return Level(", ".join(words), changes)


def _parts(settings: Settings, update: int) -> list[int]:
    """Gradient accumulation steps of the levels: divisors of `update`, each at least FACTOR times the one before (the
    last one may be less)."""
    if _depends_on_micro_batch(settings):
        return []
    found, last = [], settings.accumulation
    while last < update:
        last = next(d for d in range(min(FACTOR * last, update), update + 1) if update % d == 0)
        found.append(last)
    return found


def _recomputes(settings: Settings) -> bool:
    return bool(settings.native.get(_RECOMPUTE, settings.native.get("gradient_checkpointing", False)))


def _depends_on_micro_batch(settings: Settings) -> bool:
    native = settings.native
    if native.get("loss_type") in _MEANS_OF_TOKENS.get(settings.algorithm, ()):
        return True
    bonus = native.get("entropy_coef", 0.0) != 0 or bool(native.get("use_adaptive_entropy", False))
    return bonus or float(native.get("top_entropy_quantile") or 1.0) < 1.0
