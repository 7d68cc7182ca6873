"""From what TRL records at each update to one line of canonical metrics a rollout step.

TRL's own log drops NaN before it averages and rounds what it prints; so the raw values are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rltune.trainers.trl.algorithms import SUPERVISED_METRICS, Algorithm

NAMES: Mapping[str, str] = {
    "reward": "reward",
    "reward_std": "reward_std",
    "kl": "kl",
    "policy_kl": "policy_kl",
    "entropy": "entropy",
    "grad_norm": "grad_norm",
    "clip_ratio/region_mean": "clip_fraction",
    "cispo_clip_ratio": "clip_fraction",
    "completions/mean_length": "response_length",
    "completions/clipped_ratio": "truncated_fraction",
    "frac_reward_zero_std": "zero_std_fraction",
    "learning_rate": "learning_rate",
}
"""TRL's name -> canonical name, of runs that generate. `tokens` and `step_seconds` are measured beside it. Names of
other trainers: `rltune.trainers.logs.names`."""


def names_of(algorithm: Algorithm) -> Mapping[str, str]:
    """TRL's name -> canonical name, of what an algorithm's runs report."""
    return NAMES if algorithm.generates else SUPERVISED_METRICS


class StepRecord:
    """Collects one step's raw values, update by update; `names`: TRL's name -> canonical name, of those to keep."""

    def __init__(self, names: Mapping[str, str] = NAMES) -> None:
        self._names = names
        self._values: dict[str, list[float]] = {}

    def add(self, raw: Mapping[str, Sequence[float]]) -> None:
        """Adds what one update recorded: TRL's name -> its values (one a micro-batch, or one a generation)."""
        for name, values in raw.items():
            if name in self._names:
                self._values.setdefault(self._names[name], []).extend(values)

    def close(self) -> dict[str, float]:
        """Averages over the step's updates, by canonical name (NaN and infinity stay), and starts the next step."""
        means = {name: sum(values) / len(values) for name, values in self._values.items() if values}
        self._values = {}
        return means
