"""Which batches TRL can make.

As trl 1.16 has it (`trainer/grpo_config.py`, `GRPOConfig.__post_init__`): the generation batch,
`per_device_train_batch_size x steps_per_generation`, is divisible by `num_generations`, of which there are at least 2.
It is split into `steps_per_generation` equal parts (`trainer/utils.py`, `split_tensor_dict`, which drops what is left
over). Here the generation batch is `prompts_per_step x rollouts`, so the first follows from the others.
"""

from __future__ import annotations

from collections.abc import Collection

from rltune.space.constraints import AtMost, Constraint, Divides
from rltune.trainers.trl.settings import Settings

LEAST_ROLLOUTS = 2


def batch_constraints(names: Collection[str]) -> tuple[Constraint, ...]:
    """The constraints among the hyperparameters `names`; the others have this trainer's defaults."""
    defaults = Settings()

    def term(name: str, default: int) -> str:
        return name if name in names else str(default)

    prompts = term("prompts_per_step", defaults.prompts_per_step)
    rollouts = term("rollouts", defaults.rollouts)
    updates = term("updates_per_step", defaults.updates_per_step)
    accumulation = term("gradient_accumulation_steps", defaults.accumulation)
    passes = Divides.of(
        f"{updates} * {accumulation}",
        f"{prompts} * {rollouts}",
        "TRL takes the step's answers in equal batches, one for each forward pass",
    )
    return (
        Divides.of(updates, prompts, "each update takes an equal share of the step's prompts"),
        *([passes] if accumulation != "1" else []),  # else it follows
        AtMost.of(LEAST_ROLLOUTS, rollouts, "answers to the same prompt are compared with each other"),
    )
