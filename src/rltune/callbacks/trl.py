"""rltune's stopping rules as a transformers `TrainerCallback`, for TRL's GRPOTrainer, RLOOTrainer and kin.

    trainer = GRPOTrainer(..., callbacks=[StoppingCallback("default")])

Steps are rollout steps, whatever TRL's counter says: with U = steps_per_generation x num_iterations /
gradient_accumulation_steps updates from one generation, the logs of U updates are averaged and shown to the rules as
one step. With `logging_steps` n > 1 TRL averages n updates itself, and the rules see a step for each log (numbers then
jump: 10, 20, ...): patience and warm-up count logs then, and a stop comes up to n updates late. Set `logging_steps=1`.

NaN: transformers' `logging_nan_inf_filter` touches only the loss, which no rule reads. TRL drops NaN before it averages
over the micro-batches of a log and logs None where nothing is left, which is read as NaN here; a NaN in a single
micro-batch makes the gradient's norm NaN, and that is logged as it is.

Several processes: each has its callback, and TRL logs the same gathered metrics in all of them, so that all stop at the
same step; only the main process prints.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from rltune.errors import RuleError
from rltune.stopping.base import Decision, Rule
from rltune.stopping.build import build_rules, preset, with_context
from rltune.stopping.guard import watch_all
from rltune.trainers.logs.base import is_training
from rltune.trainers.logs.names import canonical
from rltune.trainers.logs.numbers import number_of
from rltune.trainers.logs.rollouts import averaged
from rltune.types import StepMetrics

logger = logging.getLogger(__name__)


class StoppingCallback(TrainerCallback):
    """Stops a TRL run where a rule says so.

    A resumed run's earlier logs are shown to the rules first; if they had stopped it, it stops again after one update
    (leave the callback out to train on all the same). Validation logs (`eval_...`) are no step.

    Args:
        rules: a preset's name (`default`, `paper`, `off`), or the rules themselves. A preset's rules that look ahead
            are told the run's planned length (`max_steps`).
        on_stop: called once in each process with the decision, when the run is stopped.
        best: mean reward over the last tenth of the best earlier run of the same model, task and length, for a preset's
            rule `futility`; None: there is none, and it abstains.

    Attributes:
        decision: why the run was stopped, or None. abstentions: rules that abstained at some step, with the reason.

    Raises:
        RuleError: for an unknown preset, or something that is no rule.
    """

    def __init__(
        self,
        rules: str | Sequence[Rule] = "default",
        on_stop: Callable[[Decision], None] | None = None,
        *,
        best: float | None = None,
    ) -> None:
        self._descriptions = preset(rules) if isinstance(rules, str) else []
        self._rules = [] if isinstance(rules, str) else list(rules)
        for rule in self._rules:
            if not hasattr(rule, "watch"):
                raise RuleError(
                    f"expected rules, got {rule!r}",
                    where="StoppingCallback",
                    hint="a preset's name, or a list of rules",
                )
        self._best = best
        self._on_stop = on_stop
        self._begin(0)

    def _begin(self, horizon: int) -> None:
        """Starts anew. horizon: planned steps of the run; 0: not known."""
        known = with_context(self._descriptions, horizon=horizon, best=self._best) if horizon else self._descriptions
        self._guard = watch_all([*self._rules, *build_rules(known)])
        self._rows: list[dict[str, float]] = []
        self._shown = 0
        self.decision: Decision | None = None

    @property
    def abstentions(self) -> Mapping[str, str]:
        """Rules that abstained at some step, by name, with the reason of the first time."""
        return self._guard.abstentions

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Called by TRL: starts the rules' watches, and shows them the steps of a resumed run again."""
        self._begin(math.floor(state.max_steps / updates_per_step(args)))
        if args.logging_steps > updates_per_step(args):
            logger.warning(
                "rltune's stopping rules see only what is logged: with logging_steps=%s they see one step in %s; "
                "set logging_steps=1",
                args.logging_steps,
                math.ceil(args.logging_steps / updates_per_step(args)),
            )
        for entry in state.log_history:
            if entry.get("step", 0) <= state.global_step:
                self._take(args, state, control, entry, int(entry.get("step", 0)))

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, Any] | None = None,
        **kwargs: object,
    ) -> None:
        """Called by TRL with what it logs: asks the rules, and ends the training when one says so."""
        self._take(args, state, control, logs or {}, state.global_step)

    def _take(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, Any],
        updates: int,
    ) -> None:
        """Takes what was logged after `updates` updates, and shows the rules the step that it completes, if any."""
        values = canonical(_numbers(logs))
        if is_training(values):
            self._rows.append(values)
        step = math.floor(updates / updates_per_step(args))
        if self._rows and step > self._shown:
            stop = self._guard.update(StepMetrics(step, averaged(self._rows)))
            self._rows, self._shown = [], step
            if stop is not None and self.decision is None:
                self._stop(stop, state)
        if self.decision is not None:
            control.should_training_stop = True

    def _stop(self, decision: Decision, state: TrainerState) -> None:
        self.decision = decision
        if state.is_world_process_zero:
            logger.warning(
                "rltune stops this run at step %d (rule %s): %s", decision.step, decision.rule, decision.reason
            )
        if self._on_stop is not None:
            self._on_stop(decision)


def updates_per_step(args: TrainingArguments) -> Fraction:
    """Optimizer updates made from one generation, as a trainer's arguments say; at least 1.

    Arguments without TRL's fields (a trainer that isn't online) mean 1. The numerator counts forward passes from one
    generation, the denominator those in one update.
    """
    accumulation = args.gradient_accumulation_steps
    passes = (getattr(args, "steps_per_generation", None) or accumulation) * (getattr(args, "num_iterations", 1) or 1)
    return max(Fraction(passes, accumulation), Fraction(1))


def _numbers(logs: Mapping[str, Any]) -> dict[str, float]:
    numbers = {name: math.nan if value is None else number_of(value) for name, value in logs.items()}
    return {name: value for name, value in numbers.items() if value is not None}
