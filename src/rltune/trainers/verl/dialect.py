"""What a version of verl calls things, and which of its keys act. Checked on 0.6.1, 0.7.0, 0.7.1, 0.8.0 to 0.9.1."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rltune.errors import TrainerError

ACTOR = "actor_rollout_ref.actor"
ROLLOUT = "actor_rollout_ref.rollout"

OLDEST = (0, 6, 1)
"""The first version with the file logger and `VERL_USE_EXTERNAL_MODULES`, which metrics and stopping need."""

KNOWN = "0.9.1"
"""The version that is assumed where none is installed, as for an export."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """The keys of one version of verl.

    Raises:
        TrainerError: if `version` is no version, or older than `OLDEST`.
    """

    version: str = KNOWN

    def __post_init__(self) -> None:
        if self.number < OLDEST:
            raise TrainerError(
                f"verl {'.'.join(map(str, OLDEST))} or newer is needed, got {self.version}",
                where="trainer verl",
                hint="older ones can be stopped at no step and write no metrics file",
            )

    @property
    def number(self) -> tuple[int, int, int]:
        """(0, 9, 1) of `0.9.1` and of `0.9.1.dev0`."""
        found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", self.version)
        if found is None:
            raise TrainerError(f"expected a version such as {KNOWN}, got {self.version!r}", where="trainer verl")
        return int(found[1]), int(found[2]), int(found[3] or 0)

    @property
    def grad_clip(self) -> tuple[str, ...]:
        """The optimizer's key acts; up to 0.7 the actor's own does too, where the older workers are used."""
        return (f"{ACTOR}.optim.clip_grad", *((f"{ACTOR}.grad_clip",) if self.number < (0, 8, 0) else ()))

    @property
    def clip_ratio(self) -> tuple[str, ...]:
        """All three: low and high are never empty, so that `clip_ratio` alone does nothing."""
        return f"{ACTOR}.clip_ratio", f"{ACTOR}.clip_ratio_low", f"{ACTOR}.clip_ratio_high"

    @property
    def reward(self) -> str:
        """Where rewards are configured: 0.9 accepts the older place and ignores it."""
        return "reward" if self.number >= (0, 7, 1) else "reward_model"

    @property
    def reward_function(self) -> str:
        """Prefix of `.path` and `.name` of the user's own reward function."""
        return "reward.custom_reward_function" if self.number >= (0, 7, 1) else "custom_reward_function"

    @property
    def reward_manager(self) -> str:
        return {"reward": "reward.reward_manager.name"}.get(self.reward, "reward_model.reward_manager")

    @property
    def filters_groups(self) -> bool:
        """Whether main_ppo itself has DAPO's dynamic sampling (older ones: only in a recipe of their own)."""
        return self.number >= (0, 9, 0)

    def dead_keys(self) -> dict[str, str]:
        """Keys that Hydra accepts and that change nothing -> what to set instead."""
        dead = {f"{ACTOR}.optim.total_training_steps": "the study's steps", "critic.optim.total_training_steps": "them"}
        if self.number >= (0, 8, 0):
            dead[f"{ACTOR}.grad_clip"] = f"{ACTOR}.optim.clip_grad"
            dead["critic.grad_clip"] = "critic.optim.clip_grad"
        if self.number >= (0, 9, 0):
            for name in ("path", "name"):
                dead[f"custom_reward_function.{name}"] = f"{self.reward_function}.{name}"
            dead["reward_model.reward_manager"] = self.reward_manager
        return dead
