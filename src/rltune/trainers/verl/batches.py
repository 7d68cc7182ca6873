"""Which batches verl can make, on which GPUs.

As verl 0.9.1 has it. Before the start: `utils/config.py` (`validate_config`: answers of a step among GPUs) and
`workers/config/actor.py` (`ActorConfig.validate`: a mini-batch in the train batch). While it runs:
`workers/engine_workers.py` (`train_mini_batch`: a mini-batch among data-parallel ranks; `init_model`: GPUs among
rollout engines), `workers/engine/utils.py` (`prepare_micro_batches`: whole micro-batches, where they have a fixed size)
and `trainer/ppo/v1/trainer_base.py` (`_next_train_batch`: whole generation batches). A train batch that is no multiple
of the mini-batch is filled up with padding (`_get_required_batch_multiple`): possible, but its updates differ.

Notation, in prompts where nothing else is said:
    train batch  `prompts_per_step`; times `rollouts`: answers
    mini-batch   train batch / `updates_per_step`, else as the user's overrides have it
    dp           data-parallel ranks of the actor: GPUs, but for those that share a sequence
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from rltune.errors import TrainerError
from rltune.space.constraints import AtMost, Constraint, Divides, read_quantity
from rltune.trainers.verl.algorithms import ALGORITHMS
from rltune.trainers.verl.dialect import ACTOR, ROLLOUT
from rltune.trainers.verl.override import overlay, setting
from rltune.trainers.verl.setup import Setup
from rltune.types import Scalar

_ESTIMATOR = "algorithm.adv_estimator"
_DYNAMIC = f"{ACTOR}.use_dynamic_bsz"
_MICRO = f"{ACTOR}.ppo_micro_batch_size_per_gpu"
_MINI = f"{ACTOR}.ppo_mini_batch_size"
_SHARED_SEQUENCE = (f"{ACTOR}.ulysses_sequence_parallel_size", f"{ACTOR}.fsdp_config.ulysses_sequence_parallel_size")
_ENGINE = tuple(f"{ROLLOUT}.{name}_parallel_size" for name in ("tensor_model", "data", "pipeline_model"))
_GENERATION = "data.gen_batch_size"
_FORWARD = (f"{ROLLOUT}.log_prob_micro_batch_size_per_gpu", "actor_rollout_ref.ref.log_prob_micro_batch_size_per_gpu")
_KEYS = ("data.train_batch_size", f"{ROLLOUT}.n", _DYNAMIC, _MICRO, _MINI, _GENERATION, *_FORWARD)


def batch_constraints(
    setup: Setup, hyperparameters: Mapping[str, Scalar], searched: Collection[str]
) -> tuple[Constraint, ...]:
    """See `rltune.trainers.capabilities.Constrained`. What isn't searched is as the composed config has it.

    Raises:
        TrainerError: if verl can't have these hyperparameters.
    """
    setup.require_engine()
    keys = [k for k in (*_KEYS, *_SHARED_SEQUENCE, *_ENGINE) if setup.installed.schema.has(k)]
    gpus = setup.options.gpus_of_trials
    overrides = overlay(
        setup.launch.overrides,
        setup.searched(hyperparameters),
        (setting("trainer.n_gpus_per_node", max(gpus)), setting("trainer.nnodes", setup.options.nodes)),
    )
    batches = _Batches(
        tuple(count * setup.options.nodes for count in gpus),
        {*hyperparameters, *searched},
        setup.installed.compose(overrides, keys),
    )
    found = [*batches.of_engines(), *batches.of_steps(), *batches.of_ranks(), *batches.of_forward_passes()]
    algorithm = ALGORITHMS.get(str(hyperparameters.get("algorithm", "" if setup.own(_ESTIMATOR) else "grpo")))
    if "algorithm" in searched or (algorithm is not None and algorithm.groups):
        found.append(AtMost.of(2, batches.rollouts, "answers to the same prompt are compared with each other"))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Batches:
    """The batches of a study's trials: on `gpus` (one number for each kind of trial), with the hyperparameters `names`
    set or searched, and all else as in `config`."""

    gpus: tuple[int, ...]
    names: Collection[str]
    config: Mapping[str, object]

    @property
    def prompts(self) -> str:
        return self._term("prompts_per_step", "data.train_batch_size")

    @property
    def rollouts(self) -> str:
        return self._term("rollouts", f"{ROLLOUT}.n")

    @property
    def answers(self) -> str:
        return f"{self.prompts} * {self.rollouts}"

    @property
    def fixed_size(self) -> bool:
        """Whether micro-batches have a fixed number of answers, not of tokens."""
        return str(self.config.get(_DYNAMIC)).lower() != "true"

    @property
    def ranks(self) -> int:
        """dp; of several kinds of trials a number that each of them divides."""
        shared = max(self._number(key) or 1 for key in _SHARED_SEQUENCE)
        return math.lcm(*(max(1, count // shared) for count in self.gpus))

    def of_engines(self) -> Iterator[Constraint]:
        """Rollout engines of one size share the GPUs of a trial evenly.

        Raises:
            TrainerError: if they can't, whatever is searched.
        """
        span = read_quantity(" * ".join(self._term(key, key) for key in _ENGINE))
        for count in sorted(set(self.gpus)):
            if not span.names and count % span.factor:
                raise TrainerError(
                    f"a rollout engine spans {span.text} GPUs ({' x '.join(k.rpartition('.')[2] for k in _ENGINE)}), "
                    f"which doesn't divide the {count} of a trial",
                    where="trainer.settings.gpus",
                    hint=f"give trials more GPUs, or set {_ENGINE[0]}",
                )
            yield Divides(span, read_quantity(count), f"rollout engines share the {count} GPUs of a trial evenly")

    def of_steps(self) -> Iterator[Constraint]:
        """A step's prompts in mini-batches, and in batches that are generated."""
        if "updates_per_step" in self.names:
            yield Divides.of("updates_per_step", self.prompts, "each update takes an equal share of the step's prompts")
        elif "prompts_per_step" in self.names and (mini := self._number(_MINI)):
            yield Divides.of(mini, self.prompts, f"each update takes {mini} prompts ({_MINI})")
        if batch := self._number(_GENERATION):
            yield Divides.of(batch, self.prompts, f"prompts are fetched {batch} at a time ({_GENERATION})")

    def of_ranks(self) -> Iterator[Constraint]:
        """A mini-batch's answers among the ranks, in whole micro-batches."""
        micro = (self._number(_MICRO) or 1) if self.fixed_size else 1
        ranks = f"{self.ranks} GPUs" if self.ranks > 1 else "GPU"
        reason = f"the {ranks} share an update's answers evenly"
        if micro > 1:
            reason += f", {micro} in each pass ({_MICRO})"
        if "updates_per_step" in self.names:
            yield Divides.of(f"updates_per_step * {self.ranks * micro}", self.answers, reason)
        elif mini := self._number(_MINI):
            yield Divides.of(self.ranks * micro, f"{mini} * {self.rollouts}", reason)
        if self.fixed_size and self.ranks % (all_gpus := math.lcm(*self.gpus)):
            yield Divides.of(all_gpus, self.answers, f"verl wants a step's answers divisible by its {all_gpus} GPUs")

    def of_forward_passes(self) -> Iterator[Constraint]:
        """The probabilities of a step's answers are computed in whole micro-batches as well."""
        for key in _FORWARD if self.fixed_size else ():
            micro = self._number(key) or 1
            if micro > 1:
                yield Divides.of(self.ranks * micro, self.answers, f"each GPU takes {micro} answers at once ({key})")

    def _number(self, key: str) -> int | None:
        """A whole number from 1 of the config; None if it has none there."""
        text = str(self.config.get(key))
        return int(text) if text.isdecimal() and int(text) > 0 else None

    def _term(self, name: str, key: str) -> str:
        return name if name in self.names else str(self._number(key) or 1)
