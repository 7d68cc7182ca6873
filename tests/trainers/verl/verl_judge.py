"""What verl 0.9.1's own code asserts of batches, written down from it: a judge apart from the adapter's constraints."""

from __future__ import annotations


def can_run(
    prompts: int,
    updates: int,
    rollouts: int,
    *,
    gpus: int,
    micro: int | None = None,
    forward: int | None = None,
    groups: bool = True,
) -> bool:
    """Whether training with FSDP gets through a step.

    Args:
        groups: whether answers to the same prompt are compared, as by GRPO.
        micro, forward: `ppo_micro_batch_size_per_gpu`, `log_prob_micro_batch_size_per_gpu`; None: dynamic batches.
    """
    mini = prompts // updates
    if mini < 1 or mini * updates != prompts:  # the study's own meaning of updates_per_step
        return False
    if groups and rollouts < 2:  # a group of one has no baseline
        return False
    if micro is not None and (prompts * rollouts) % gpus:  # utils/config.py validate_config
        return False
    if micro is not None and prompts < mini:  # workers/config/actor.py ActorConfig.validate
        return False
    if (mini * rollouts) % gpus:  # workers/engine_workers.py train_mini_batch
        return False
    share = mini * rollouts // gpus
    if micro is not None and share % micro:  # workers/engine/utils.py prepare_micro_batches
        return False
    return forward is None or (prompts * rollouts // gpus) % forward == 0
