"""TRL's training loop, told where rollout steps end.

TRL counts optimizer updates; a step is `Segment.updates` of them. The loop stops only between steps, since TRL's
checkpoints don't hold the completions that it has generated and not yet trained on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import (
    PreTrainedModel,
    PreTrainedTokenizerBase,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.trainer_callback import PrinterCallback
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.grpo_trainer import GRPOTrainer

from rltune.trainers.trl.checkpoints import flatten
from rltune.trainers.trl.segment import Segment


def policy_kl(new: torch.Tensor, old: torch.Tensor, mask: torch.Tensor) -> float:
    """KL(rollout policy || current policy), mean over tokens, in nats: never negative, 0 before the first update.

    new, old, mask: (completions, tokens). The estimate for samples of the old policy is r - 1 - log r with
    r = new / old (Schulman 2020, "Approximating KL divergence", k3).
    """
    log_ratio = new - old
    terms = (log_ratio.exp() - 1 - log_ratio) * mask
    return (terms.sum() / mask.sum().clamp(min=1)).item()


class _Start(TrainerCallback):
    """Tells the segment that training begins: at the first update, for the random states are loaded just before it."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        if not self._segment.began:
            self._segment.begin(state.num_input_tokens_seen)


class RolloutTrainer(GRPOTrainer):
    """`GRPOTrainer` that reports, saves and stops by rollout steps, and tells nobody else."""

    def __init__(
        self,
        segment: Segment,
        *,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        config: GRPOConfig,
        data: Dataset,
        reward: Callable[..., list[float | None]],
    ) -> None:
        self._segment = segment
        super().__init__(
            model=model,
            reward_funcs=reward,
            args=config,
            train_dataset=data,
            processing_class=tokenizer,
            callbacks=[_Start(segment)],
        )
        self.remove_callback(PrinterCallback)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Called after each update, with the gradient's norm before clipping and the learning rate that was used.

        The values go to the segment, raw; TRL's own log would drop NaN, and its history would grow in each checkpoint.
        """
        recorded = self._metrics["train"]
        if "grad_norm" in logs:  # the summary at the end of training has none
            rates = {"grad_norm": [logs["grad_norm"]], "learning_rate": [logs["learning_rate"]]}
            self._segment.update({**recorded, **rates})
            if self.state.global_step % self._segment.updates == 0:
                self.control.should_save = self._segment.finish_step(
                    self.state.num_input_tokens_seen, self._weights_finite
                )
                self.control.should_training_stop = self._segment.stop is not None
        recorded.clear()
        self.control.should_log = False

    def _get_per_token_logps_and_entropies(self, *args: Any, **kwargs: Any) -> tuple[torch.Tensor, Any, Any]:
        computed = super()._get_per_token_logps_and_entropies(*args, **kwargs)
        self._logps = computed[0].detach()  # (completions, tokens); of the policy, when the loss was the caller
        return computed

    def _compute_loss(self, model: PreTrainedModel, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        loss = super()._compute_loss(model, inputs)
        if "old_per_token_logps" in inputs:
            self._metrics["train"]["policy_kl"].append(
                policy_kl(self._logps, inputs["old_per_token_logps"], inputs["completion_mask"])
            )
        return loss

    def _save_checkpoint(self, model: PreTrainedModel, trial: None) -> None:
        # Transformers' own saving, into the folder that the reporter gives: it knows all that its resume reads.
        def write(folder: Path) -> None:
            scratch = self.args.output_dir
            self.args.output_dir = str(folder)
            try:
                super(RolloutTrainer, self)._save_checkpoint(model, trial)
            finally:
                self.args.output_dir = scratch
            flatten(folder)

        self._segment.save(write)

    def _weights_finite(self) -> bool:
        model = self.accelerator.unwrap_model(self.model)
        return all(bool(torch.isfinite(p).all()) for p in model.parameters())

    def create_model_card(self, *args: object, **kwargs: object) -> None:
        """Writes nothing: a checkpoint is no publication, and the card costs more time than the weights."""

    def _send_telemetry(self) -> None:
        # TRL reports each trainer that is made to the Hub; a study makes hundreds, and a trial opens no connection.
        return
