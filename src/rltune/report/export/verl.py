"""The winner as a ready `verl.trainer.main_ppo` command: Hydra overrides of verl 0.9.1, FSDP engine."""

from __future__ import annotations

import shlex

from rltune.errors import ReportError
from rltune.report.export.winner import Winner
from rltune.trainers.trl.settings import Settings, parse

SCHEDULERS = ("constant", "cosine")
"""What verl's FSDP engine knows."""

EXPRESSED = ("num_iterations", "gradient_accumulation_steps", "max_completion_length")
"""TRL's own fields that are exported under another name, or that change no result."""

_MANY_EPOCHS = 100_000
_ACTOR = "actor_rollout_ref.actor"
_ROLLOUT = "actor_rollout_ref.rollout"


def export_verl(winner: Winner) -> str:
    """A shell script: provenance, the variables to fill in, the command.

    Raises:
        ReportError: if the winner's schedule or batch has no counterpart in verl.
        TrainerError: if a hyperparameter has an impossible value.
    """
    settings = parse(winner.hyperparameters)
    lines = " \\\n".join(f"  {line}" for line in overrides(settings, winner))
    head = f"{winner.comment()}{_left_out(settings)}{_variables(winner)}"
    return f"{head}\npython3 -m verl.trainer.main_ppo \\\n{lines}\n"


def overrides(settings: Settings, winner: Winner) -> list[str]:
    """Hydra overrides, quoted for a shell; names with a dollar sign are the script's variables."""
    _check(settings, winner)
    length = [] if winner.response_length is None else [f"data.max_response_length={winner.response_length}"]
    return [
        "algorithm.adv_estimator=grpo",
        "algorithm.use_kl_in_reward=False",
        'data.train_files="$TRAIN_FILES"',
        'data.val_files="$VAL_FILES"',
        f"data.train_batch_size={settings.prompts_per_step}",
        *length,
        f"data.seed={winner.seed}",
        'actor_rollout_ref.model.path="$MODEL"',
        f"{_ACTOR}.optim.lr={settings.learning_rate!r}",
        f"{_ACTOR}.optim.lr_scheduler_type={settings.lr_scheduler}",
        f"{_ACTOR}.optim.lr_warmup_steps={settings.warmup_steps}",
        # actor.grad_clip is still accepted and does nothing.
        f"{_ACTOR}.optim.clip_grad={settings.grad_clip!r}",
        # clip_ratio alone does nothing: low and high are never empty.
        f"{_ACTOR}.clip_ratio={settings.clip_ratio!r}",
        f"{_ACTOR}.clip_ratio_low={settings.clip_ratio!r}",
        f"{_ACTOR}.clip_ratio_high={settings.clip_ratio!r}",
        f"{_ACTOR}.use_kl_loss={settings.kl_coef > 0}",
        f"{_ACTOR}.kl_loss_coef={settings.kl_coef!r}",
        f"{_ACTOR}.kl_loss_type=low_var_kl",
        f"{_ACTOR}.ppo_mini_batch_size={settings.prompts_per_step // settings.updates_per_step}",
        f"{_ACTOR}.ppo_epochs={settings.native.get('num_iterations', 1)}",
        f"{_ACTOR}.use_dynamic_bsz=True",
        f"{_ROLLOUT}.name=vllm",
        f"{_ROLLOUT}.n={settings.rollouts}",
        f"{_ROLLOUT}.temperature={settings.temperature!r}",
        f"{_ROLLOUT}.tensor_model_parallel_size=1",
        f"trainer.total_training_steps={winner.horizon}",
        # The loop ends at whichever comes first; steps shall decide.
        f"trainer.total_epochs={_MANY_EPOCHS}",
        "trainer.nnodes=1",
        'trainer.n_gpus_per_node="$GPUS"',
        "trainer.project_name=rltune",
        f"trainer.experiment_name={shlex.quote(str(winner.provenance['study']))}",
    ]


def _check(settings: Settings, winner: Winner) -> None:
    if settings.lr_scheduler not in SCHEDULERS:
        raise ReportError(
            f"the winner's schedule is {settings.lr_scheduler}; verl with FSDP has {', '.join(SCHEDULERS)}",
            where=f"configuration {winner.finalist.configuration.id}",
            hint=f"export it as trl or json, or search lr_scheduler over {' and '.join(SCHEDULERS)} only",
        )


def _left_out(settings: Settings) -> str:
    """Names the trainer's own fields that have no counterpart here: better said than dropped in silence."""
    names = [n for n in settings.native if n not in EXPRESSED]
    return f"# not exported, since these are TRL's own fields: {', '.join(names)}\n" if names else ""


def _variables(winner: Winner) -> str:
    if winner.embedded:
        model = "MODEL=/path/to/your/model  # the study's target is embedded in rltune: name the model to train"
    else:
        model = f"MODEL={shlex.quote(winner.target)}"
    return f"{model}\nTRAIN_FILES=/path/to/train.parquet  # in verl's schema\nVAL_FILES=/path/to/test.parquet\nGPUS=8\n"
