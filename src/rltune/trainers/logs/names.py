"""What each trainer calls the canonical metrics. docs/metrics.md shows the same table.

verl 0.9 and back to 0.1, open-instruct's grpo_fast, OpenRLHF 0.11 and prime-rl; TRL's own names are those that the TRL
trainer reads. A canonical metric takes the first of its names that a line has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from rltune.errors import did_you_mean
from rltune.trainers.trl.algorithms import SUPERVISED_METRICS
from rltune.trainers.trl.metrics import NAMES
from rltune.types import METRIC_NAMES

OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    # Score before rewards: verl's rewards have the KL penalty taken off.
    "reward": ("critic/score/mean", "critic/rewards/mean", "scores", "rollout/reward_mean", "reward/all/mean"),
    # verl: the KL loss, else the KL taken off the reward (`critic/kl` until 0.3): mean of log pi_old - log pi_ref.
    "kl": ("actor/kl_loss", "actor/reward_kl_penalty", "critic/kl"),
    "policy_kl": ("actor/ppo_kl", "ppo_kl", "mismatch_kl/all/mean"),
    # verl's and OpenRLHF's entropy_loss is the entropy itself.
    "entropy": ("actor/entropy", "actor/entropy_loss", "policy/entropy_avg", "entropy_loss", "entropy/all/mean"),
    "grad_norm": ("actor/grad_norm", "optim/grad_norm", "actor_grad_norm"),
    "clip_fraction": ("actor/pg_clipfrac", "policy/clipfrac_avg", "ppo_clip_ratio"),
    "response_length": (
        "response_length/mean",
        "val/sequence_lengths",
        "rollout/response_length_mean",
    ),
    "truncated_fraction": ("response_length/clip_ratio", "rollout/truncated_rate"),
    "learning_rate": ("actor/lr", "lr", "actor_lr", "optim/lr"),
    "tokens": ("perf/total_num_tokens", "total_num_tokens", "val/num_step_tokens"),
    "step_seconds": ("timing_s/step", "perf/time_per_step", "time_per_step", "step_time", "time/total", "time/step"),
    "validate_seconds": ("timing_s/testing", "timing/testing"),
}
"""Canonical name -> other trainers' names, the preferred first."""

TRL_NAMES: Mapping[str, str] = {**SUPERVISED_METRICS, **NAMES}

STEP_NAMES = (
    "train/global_step",
    "training_step",
    "global_step",
    "step",
    "Step",
    "_step",
    "training/global_step",
    "iteration",
    "iter",
)
"""What the step number is called, the preferred first: W&B's `_step` counts calls where a trainer also logs its own."""

_SCORE_PREFIXES = ("score/", "val-core/", "val/test_score/")
_SCORES = {"eval_reward": "score/eval", "eval/reward": "score/eval", "eval/scores": "score/eval"}
_SCORE_PATTERNS = (re.compile(r"eval/(.+/avg@[0-9]+)"), re.compile(r"eval_(.+_pass[0-9]+)"))
_UNIT = re.compile(r"(.+)\(([0-9.]+e[+-]?[0-9]+)\)")
_FUNCTION = re.compile(r"(?:train/)?rewards/.+/mean")


class Known(NamedTuple):
    """A name's canonical name, its rank among that one's names (0: the first) and the unit its values are in."""

    name: str
    rank: int
    unit: float


def _table() -> dict[str, Known]:
    names: dict[str, list[str]] = {name: [name] for name in (*METRIC_NAMES, "validate_seconds")}
    for trl, canonical in TRL_NAMES.items():
        names[canonical].append(trl)
    for canonical, others in OTHER_NAMES.items():
        names[canonical].extend(others)
    return {
        alias: Known(name, rank, 1.0)
        for name, aliases in names.items()
        for rank, alias in enumerate(dict.fromkeys(aliases))
    }


_TABLE = _table()


@lru_cache(maxsize=10_000)
def lookup(name: str) -> Known | None:
    """What a trainer's name means, or None. W&B's prefix `train/` and verl's units, `actor/lr(1e-4)`, are known."""
    if name in _TABLE:
        return _TABLE[name]
    if (score := _score(name)) is not None:
        return Known(score, 0, 1.0)
    if name.startswith("train/"):
        return _TABLE.get(name.removeprefix("train/"))
    if (match := _UNIT.fullmatch(name)) and match[1] in _TABLE:
        try:
            return _TABLE[match[1]]._replace(unit=float(match[2]))
        except ValueError:
            return None
    return None


def _score(name: str) -> str | None:
    for prefix in _SCORE_PREFIXES:
        if name.startswith(prefix) and len(name) > len(prefix):
            return f"score/{name.removeprefix(prefix)}"
    if name in _SCORES:
        return _SCORES[name]
    found = next((match for pattern in _SCORE_PATTERNS if (match := pattern.fullmatch(name))), None)
    return f"score/{found[1]}" if found else None


def canonical(raw: Mapping[str, float]) -> dict[str, float]:
    """The known ones of a line's metrics, under canonical names.

    With one reward function TRL's `rewards/<function>/mean` stands in for a missing `reward`.
    """
    best: dict[str, tuple[int, float]] = {}
    for name, value in raw.items():
        known = lookup(name)
        if known is not None and (known.name not in best or known.rank < best[known.name][0]):
            best[known.name] = (known.rank, value if known.unit == 1.0 else value * known.unit)
    values = {name: value for name, (_, value) in best.items()}
    if "reward" not in values:
        functions = [value for name, value in raw.items() if _FUNCTION.fullmatch(name)]
        if len(functions) == 1:
            values["reward"] = functions[0]
    return values


def hint_for(names: tuple[str, ...]) -> str:
    """What could be meant by names that aren't known, for an error's hint."""
    if not names:
        return "known formats and names: docs/metrics.md"
    found = ", ".join(repr(name) for name in names[:6])
    guesses = [f"{name!r}: {guess}" for name in names if (guess := did_you_mean(name.lower(), METRIC_NAMES))]
    close = f"; {'; '.join(guesses[:3])}" if guesses else ""
    return f"metrics found: {found}{close}; canonical names: {', '.join(METRIC_NAMES)}"
