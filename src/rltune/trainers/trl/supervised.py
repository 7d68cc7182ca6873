"""SFT and DPO: trainers that learn from answers that are given. A step is one optimizer step."""

from __future__ import annotations

from collections.abc import Callable

from datasets import Dataset
from trl.trainer.dpo_trainer import DPOTrainer
from trl.trainer.sft_trainer import SFTTrainer

from rltune.errors import TrainerError
from rltune.trainers.trl.loop import Stepped


class _Rows(Stepped):
    """What both have in common."""

    def arrange(self, order: Callable[[int], list[int]]) -> None:
        """Lays the prepared rows in the order in which they are seen, all epochs one after the other.

        Args:
            order: count of rows -> their indices.

        Raises:
            TrainerError: if TRL has left none, for all were too long.
        """
        rows = self.train_dataset
        assert isinstance(rows, Dataset)
        if len(rows) == 0:
            raise TrainerError(
                "no row of the training data is short enough to learn from",
                where="hyperparameter max_length",
                hint="raise max_length, in tokens: prompt and answer together",
            )
        self.train_dataset = rows.select(order(len(rows)))

    def tokens_seen(self) -> int:
        return int(self._total_train_tokens)  # pyright: ignore[reportAttributeAccessIssue]

    def recorded(self, logs: dict[str, float]) -> dict[str, list[float]]:
        return {**super().recorded(logs), "loss": [logs["loss"]]}


class SftTrainer(_Rows, SFTTrainer):
    """`SFTTrainer`, step by step."""


class DpoTrainer(_Rows, DPOTrainer):
    """`DPOTrainer`, step by step."""
