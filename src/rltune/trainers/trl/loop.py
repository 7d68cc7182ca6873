"""TRL's training loops, told where steps end.

TRL counts optimizer updates; a step is `Segment.updates` of them. The loop stops only between steps, since TRL's
checkpoints don't hold the completions that it has generated and not yet trained on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_callback import PrinterCallback
from trl.trainer.base_trainer import _BaseTrainer

from rltune.trainers.trl.checkpoints import flatten
from rltune.trainers.trl.segment import Segment
from rltune.trainers.trl.team import Team


class _Start(TrainerCallback):
    """Tells the segment that training begins: at the first update, for the random states are loaded just before it."""

    def __init__(self, segment: Segment, tokens_seen: Callable[[], int]) -> None:
        self._segment = segment
        self._tokens_seen = tokens_seen

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        if not self._segment.began:
            self._segment.begin(self._tokens_seen())


class Stepped(_BaseTrainer):
    """A trainer of TRL's that reports, saves and stops by steps, and tells nobody else.

    Subclasses name it first, before TRL's own class, and call `attach` when they are made.
    """

    def attach(self, segment: Segment, team: Team) -> None:
        """Makes `segment` hear of each step, and all of `team` save together."""
        self._segment = segment
        self._team = team
        self.add_callback(_Start(segment, self.tokens_seen))
        self.remove_callback(PrinterCallback)

    def tokens_seen(self) -> int:
        """Tokens that the run has trained on, or that this process knows of; only differences count."""
        raise NotImplementedError

    def recorded(self, logs: dict[str, float]) -> dict[str, list[float]]:
        """What TRL recorded at one update, by TRL's names, raw: its own log drops NaN and rounds."""
        rates = {name: [logs[name]] for name in ("grad_norm", "learning_rate")}
        return {**self._metrics["train"], **rates}  # pyright: ignore[reportAttributeAccessIssue]

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Called after each update, with the gradient's norm before clipping and the learning rate that was used.

        TRL's own log isn't called: its history would grow in each checkpoint.
        """
        if "grad_norm" in logs:  # the summary at the end of training has none
            self._segment.update(self.recorded(logs))
            if self.state.global_step % self._segment.updates == 0:
                self.control.should_save = self._segment.finish_step(self.tokens_seen(), self._weights_finite)
                self.control.should_training_stop = self._segment.stop is not None
        self._metrics["train"].clear()  # pyright: ignore[reportAttributeAccessIssue]
        self.control.should_log = False

    def _save_checkpoint(self, model: PreTrainedModel, trial: None) -> None:
        # Transformers' own saving, into the folder that the reporter gives: it knows all that its resume reads.
        def write(folder: Path) -> None:
            scratch = self.args.output_dir
            self.args.output_dir = str(folder)
            try:
                super(Stepped, self)._save_checkpoint(model, trial)
            finally:
                self.args.output_dir = scratch
            self._team.meet()
            if self._team.leads:
                flatten(folder)

        self._segment.save(write)

    def _weights_finite(self) -> bool:
        model = self.accelerator.unwrap_model(self.model)
        return all(bool(torch.isfinite(p).all()) for p in model.parameters())

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Writes nothing: a checkpoint is no publication, and the card costs more time than the weights."""

    def _send_telemetry(self) -> None:
        # TRL reports each trainer that is made to the Hub; a study makes hundreds, and a trial opens no connection.
        return
