"""The algorithms that verl runs, by the overrides that make each of them.

Values are those of verl's published examples (`examples/<algorithm>_trainer`, and `recipe/dapo` for DAPO). What is
searched is not here: see `rltune.trainers.verl.keys`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from rltune.trainers.verl.dialect import ACTOR


@dataclass(frozen=True, slots=True)
class Algorithm:
    """An algorithm.

    Attributes:
        estimator: of the advantage. critic: whether a value model is trained.
        kl_in: where the KL penalty acts unless the study says otherwise: "loss" or "reward".
        groups: whether an advantage needs several answers to a prompt. discounts: whether later rewards count less
            (`gamma`).
        settings: further overrides, key -> value, for those who have none of their own.
    """

    name: str
    estimator: str
    kl_in: str
    critic: bool = False
    groups: bool = False
    discounts: bool = False
    settings: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", MappingProxyType(dict(self.settings)))


ALGORITHMS: Mapping[str, Algorithm] = {
    algorithm.name: algorithm
    for algorithm in (
        Algorithm("grpo", "grpo", "loss", groups=True, settings={f"{ACTOR}.kl_loss_type": "low_var_kl"}),
        Algorithm("ppo", "gae", "reward", critic=True, discounts=True),
        # Token-level loss; the two clips, dynamic sampling and the overlong penalty are hyperparameters.
        Algorithm("dapo", "grpo", "loss", groups=True, settings={f"{ACTOR}.loss_agg_mode": "token-mean"}),
        Algorithm(
            "reinforce_plus_plus",
            "reinforce_plus_plus",
            "loss",
            discounts=True,
            settings={f"{ACTOR}.kl_loss_type": "mse"},
        ),
        # The variant whose baseline is the mean of a prompt's answers.
        Algorithm(
            "reinforce_plus_plus_baseline",
            "reinforce_plus_plus_baseline",
            "loss",
            groups=True,
            settings={f"{ACTOR}.kl_loss_type": "mse"},
        ),
        Algorithm("rloo", "rloo", "reward", groups=True, settings={"algorithm.kl_penalty": "kl"}),
    )
}
"""A further algorithm is one more entry."""
