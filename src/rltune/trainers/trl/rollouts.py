"""GRPO and RLOO: trainers that generate answers and are rewarded for them. A step is one rollout step."""

from __future__ import annotations

from typing import Any

import torch
from transformers import PreTrainedModel
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.rloo_trainer import RLOOTrainer

from rltune.trainers.trl.loop import Stepped

_OLD = "old_per_token_logps"


def policy_kl(new: torch.Tensor, old: torch.Tensor, mask: torch.Tensor) -> float:
    """KL(rollout policy || current policy), mean over tokens, in nats: never negative, 0 before the first update.

    new, old, mask: (completions, tokens). The estimate for samples of the old policy is r - 1 - log r with
    r = new / old (Schulman 2020, "Approximating KL divergence", k3).
    """
    log_ratio = new - old
    terms = (log_ratio.exp() - 1 - log_ratio) * mask
    return (terms.sum() / mask.sum().clamp(min=1)).item()


class _Rollouts(Stepped):
    """What both have in common: how far the policy is from the one that made the answers."""

    def tokens_seen(self) -> int:
        return self.state.num_input_tokens_seen

    def _get_per_token_logps_and_entropies(self, *args: Any, **kwargs: Any) -> tuple[torch.Tensor, Any, Any]:
        computed = super()._get_per_token_logps_and_entropies(*args, **kwargs)  # pyright: ignore[reportAttributeAccessIssue]
        self._logps = computed[0].detach()  # (completions, tokens); of the policy, when the loss was the caller
        return computed

    def _compute_loss(self, model: PreTrainedModel, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        loss = super()._compute_loss(model, inputs)  # pyright: ignore[reportAttributeAccessIssue]
        if _OLD in inputs:
            distance = policy_kl(self._logps, inputs[_OLD], inputs["completion_mask"])
            distance = sum(self._team.join([distance])) / self._team.size
            self._metrics["train"]["policy_kl"].append(distance)  # pyright: ignore[reportAttributeAccessIssue]
        return loss


class GrpoTrainer(_Rollouts, GRPOTrainer):
    """`GRPOTrainer`, step by step."""


class RlooTrainer(_Rollouts, RLOOTrainer):
    """`RLOOTrainer`, step by step."""

    def _get_per_token_logps_and_entropies(self, *args: Any, **kwargs: Any) -> tuple[torch.Tensor, Any, Any]:
        computed = super()._get_per_token_logps_and_entropies(*args, **kwargs)
        # While answers are scored the policy comes first, then the reference model.
        if self._scoring and self._old is None:
            self._old = self._logps
        return computed

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        # TRL keeps the rollout policy's probability of whole answers; the distance needs that of each token.
        self._scoring, self._old = True, None
        try:
            scored = super()._generate_and_score_completions(inputs)
        finally:
            self._scoring = False
        if self._segment.updates > 1 and self._old is not None:
            scored[_OLD] = self._old
        return scored

    _scoring = False
    _old: torch.Tensor | None = None
