"""Which batches TRL can make.

As trl 1.16 has it (`trainer/grpo_config.py`, `GRPOConfig.__post_init__`): the generation batch,
`per_device_train_batch_size x steps_per_generation`, is divisible by `num_generations`, of which there are at least 2.
It is split into `steps_per_generation` equal parts (`trainer/utils.py`, `split_tensor_dict`, which drops what is left
over). Here the generation batch is `prompts_per_step x rollouts`, so the first follows from the others. RLOO's is the
same. SFT and DPO have no rollouts: their batch is divided among forward passes and processes only.
"""

from __future__ import annotations

from collections.abc import Collection

from rltune.space.constraints import AtMost, Constraint, Divides
from rltune.trainers.trl.algorithms import algorithm_named
from rltune.trainers.trl.settings import Settings

LEAST_ROLLOUTS = 2


def batch_constraints(
    names: Collection[str], algorithm: str = "grpo", processes: Collection[int] = (1,)
) -> tuple[Constraint, ...]:
    """The constraints among the hyperparameters `names`; the others have this trainer's defaults.

    Args:
        processes: how many train together, for each kind of model.
    """
    kind = algorithm_named(algorithm)
    defaults = Settings(**kind.defaults)  # pyright: ignore[reportArgumentType]

    def term(name: str, default: int) -> str:
        return name if name in names else str(default)

    accumulation = term("gradient_accumulation_steps", defaults.accumulation)
    shared = [f"{accumulation} * {count}" if count > 1 else accumulation for count in sorted({*processes})]
    if not kind.generates:
        batch = term("batch_size", defaults.batch_size)
        reason = "the rows of an update are shared equally among forward passes and processes"
        return tuple(Divides.of(parts, batch, reason) for parts in shared if parts != "1")
    prompts = term("prompts_per_step", defaults.prompts_per_step)
    rollouts = term("rollouts", defaults.rollouts)
    updates = term("updates_per_step", defaults.updates_per_step)
    reason = "TRL takes the step's answers in equal batches, one for each forward pass of each process"
    answers = f"{prompts} * {rollouts}"
    return (
        Divides.of(updates, prompts, "each update takes an equal share of the step's prompts"),
        # with one pass and one process it follows
        *(Divides.of(f"{updates} * {parts}", answers, reason) for parts in shared if parts != "1"),
        AtMost.of(LEAST_ROLLOUTS, rollouts, "answers to the same prompt are compared with each other"),
    )
