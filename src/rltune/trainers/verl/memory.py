"""How a training by verl saves memory: smaller micro-batches, then states kept in the machine's memory between their
uses, then a smaller share of the GPU for the rollout engine.

The global batch and the mini-batches stay what they are. From verl 0.8 on the loss is normalized over the whole
mini-batch, so that a micro-batch changes nothing but rounding; the older workers average over micro-batches, where
answers of unequal length make a difference in the third digit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rltune.trainers.verl.dialect import ACTOR, ROLLOUT
from rltune.trainers.verl.keys import DEFAULT_RESPONSE
from rltune.trainers.verl.override import Override, setting
from rltune.trainers.verl.setup import Setup
from rltune.types import Scalar

FACTOR = 4
SHARES = (0.75, 0.5)
"""Of the rollout engine's own share of the GPU."""

_MICRO = (
    f"{ACTOR}.ppo_micro_batch_size_per_gpu",
    f"{ROLLOUT}.log_prob_micro_batch_size_per_gpu",
    "actor_rollout_ref.ref.log_prob_micro_batch_size_per_gpu",
    "critic.ppo_micro_batch_size_per_gpu",
    "critic.forward_micro_batch_size_per_gpu",
)
_TOKENS = (
    f"{ACTOR}.ppo_max_token_len_per_gpu",
    f"{ROLLOUT}.log_prob_max_token_len_per_gpu",
    "actor_rollout_ref.ref.log_prob_max_token_len_per_gpu",
    "critic.ppo_max_token_len_per_gpu",
    "critic.forward_max_token_len_per_gpu",
)
_TOKENS_DEFAULT = {f"{ACTOR}.ppo_max_token_len_per_gpu": 16384, "critic.ppo_max_token_len_per_gpu": 32768}
_OFFLOAD = (
    f"{ACTOR}.fsdp_config.optimizer_offload",
    f"{ACTOR}.fsdp_config.param_offload",
    "actor_rollout_ref.ref.fsdp_config.param_offload",
    "critic.fsdp.optimizer_offload",
    "critic.fsdp.param_offload",
    "critic.model.fsdp_config.optimizer_offload",  # up to 0.7
    "critic.model.fsdp_config.param_offload",
)
_RECOMPUTE = "actor_rollout_ref.model.enable_gradient_checkpointing"
_SHARE = f"{ROLLOUT}.gpu_memory_utilization"
_DYNAMIC = f"{ACTOR}.use_dynamic_bsz"
_PROMPT = "data.max_prompt_length"


Step = tuple[str, str, dict[str, Scalar]]
"""What a level adds: the part that it is about, the same in words, its overrides."""


@dataclass(frozen=True, slots=True)
class Level:
    """One memory level: overrides on top of the user's own, and the same in words."""

    words: str
    overrides: Mapping[str, Scalar]


def levels_of(setup: Setup, hyperparameters: Mapping[str, Scalar], response: int | None = None) -> tuple[Level, ...]:
    """The levels, the user's overrides as they are first. `response`: the task's longest one in tokens."""
    own = _Own(setup, hyperparameters, response)
    found = [Level("as your overrides say", {})]
    words: dict[str, str] = {}
    for part, said, changes in (*_smaller(own), *_leaner(own), *_offloads(own), *_shares(own)):
        words[part] = said
        found.append(Level("; ".join(words.values()), {**found[-1].overrides, **changes}))
    return tuple(found)


def overrides_at(
    setup: Setup, hyperparameters: Mapping[str, Scalar], level: int, response: int | None = None
) -> tuple[Override, ...]:
    """The overrides of a memory level; beyond the last, those of the last. `response` as for `levels_of`."""
    if level == 0:
        return ()
    levels = levels_of(setup, hyperparameters, response)
    return tuple(setting(key, value) for key, value in levels[min(level, len(levels) - 1)].overrides.items())


class _Own:
    """What the user's overrides, and the study's hyperparameters, make of verl's keys."""

    def __init__(self, setup: Setup, hyperparameters: Mapping[str, Scalar], response: int | None) -> None:
        self._setup = setup
        self._given = hyperparameters
        self._response = response

    @property
    def response(self) -> int:
        return self._setup.response(self._given, self._response)

    def text(self, key: str) -> str | None:
        value = self._given.get(key, self._setup.own(key))
        return None if value is None else str(value)

    def number(self, key: str, default: float) -> float:
        try:
            return float(self.text(key) or default)
        except ValueError:
            return default  # a reference to another key: that one's own level counts

    def on(self, key: str, default: bool) -> bool:
        text = self.text(key)
        return default if text is None else text.lower() == "true"

    def known(self, keys: Sequence[str]) -> Iterator[str]:
        """Those that this version has."""
        return (key for key in keys if self._setup.installed.schema.has(key))


def _smaller(own: _Own) -> Iterator[Step]:
    if own.on(_DYNAMIC, False):
        yield from _fewer_tokens(own)
        return
    sizes = {key: int(own.number(key, 0)) for key in own.known(_MICRO)}
    sizes = {key: size for key, size in sizes.items() if size > 0}
    while _widest(sizes) > 1:
        sizes = _together({key: _part(size) for key, size in sizes.items()}, 1)
        yield "micro", f"micro-batches of {_widest(sizes)}", {**sizes}


def _together(sizes: dict[str, int], least: int) -> dict[str, int]:
    """The critic's at the least once all others are: most algorithms have none, and its own level is lost on them."""
    return {key: min(size, least) for key, size in sizes.items()} if _widest(sizes) <= least else sizes


def _widest(sizes: Mapping[str, int]) -> int:
    """The largest micro-batch beside the critic's; 0 if there is none."""
    return max((size for key, size in sizes.items() if not key.startswith("critic.")), default=0)


def _part(size: int) -> int:
    """The largest divisor of a micro-batch that is a quarter of it at most: what it divided, that divides too."""
    return next(d for d in range(max(1, size // FACTOR), 0, -1) if size % d == 0)


def _fewer_tokens(own: _Own) -> Iterator[Step]:
    """verl packs sequences up to a number of tokens; the longest one has to fit."""
    least = int(own.number(_PROMPT, DEFAULT_RESPONSE)) + own.response
    sizes = {
        key: int(own.number(key, _TOKENS_DEFAULT.get(key, 0)))
        for key in own.known(_TOKENS)
        if own.text(key) is not None or key in _TOKENS_DEFAULT
    }
    while _widest(sizes) > least:
        sizes = _together({key: min(size, max(least, size // FACTOR)) for key, size in sizes.items()}, least)
        yield "micro", f"micro-batches of {_widest(sizes)} tokens", {**sizes}


def _leaner(own: _Own) -> Iterator[Step]:
    if not own.on(_RECOMPUTE, True):
        yield "recompute", "activations recomputed", {_RECOMPUTE: True}


def _offloads(own: _Own) -> Iterator[Step]:
    keys = [key for key in own.known(_OFFLOAD) if not own.on(key, False)]
    if keys:
        yield "offload", "parameters and optimizer kept outside of the GPU", dict.fromkeys(keys, True)


def _shares(own: _Own) -> Iterator[Step]:
    share = own.number(_SHARE, 0.5)
    for part in SHARES:
        yield "share", f"rollouts with {part * share:.2g} of the GPU", {_SHARE: round(part * share, 3)}
