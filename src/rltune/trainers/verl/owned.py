"""Keys of verl that a study sets itself, and why; and those that go by a canonical name in a study file."""

from __future__ import annotations

from collections.abc import Mapping

from rltune.trainers.verl.dialect import ACTOR, ROLLOUT

_STEPS = "the study's `steps` and `rungs` say how long a run is"
_CHECKPOINTS = "the registry keeps and deletes checkpoints"
_RESUME = "the registry decides from which checkpoint a run continues"
_VALIDATION = "validation is set by the study"
_SEED = "the study gives each run its seed"
_GPUS = "set `gpus` and `nodes` of the trainer's settings instead"
_MODEL = "the study names the models"

OWNED: Mapping[str, str] = {
    "trainer.total_training_steps": _STEPS,
    "trainer.total_epochs": _STEPS,
    "trainer.default_local_dir": _CHECKPOINTS,
    "trainer.default_hdfs_dir": _CHECKPOINTS,
    "trainer.save_freq": _CHECKPOINTS,
    "trainer.max_actor_ckpt_to_keep": _CHECKPOINTS,
    "trainer.max_critic_ckpt_to_keep": _CHECKPOINTS,
    "trainer.remove_previous_ckpt_in_save": _CHECKPOINTS,
    "trainer.del_local_ckpt_after_load": _CHECKPOINTS,
    f"{ACTOR}.checkpoint.async_save": _CHECKPOINTS,
    "critic.checkpoint.async_save": _CHECKPOINTS,
    "trainer.resume_mode": _RESUME,
    "trainer.resume_from_path": _RESUME,
    "trainer.test_freq": _VALIDATION,
    "trainer.val_before_train": _VALIDATION,
    "trainer.val_only": _VALIDATION,
    f"{ROLLOUT}.val_kwargs.n": _VALIDATION,
    f"{ROLLOUT}.val_kwargs.temperature": _VALIDATION,
    f"{ROLLOUT}.val_kwargs.do_sample": _VALIDATION,
    "data.val_max_samples": _VALIDATION,
    "data.seed": _SEED,
    f"{ROLLOUT}.seed": _SEED,
    f"{ACTOR}.data_loader_seed": _SEED,
    f"{ACTOR}.fsdp_config.seed": _SEED,
    "trainer.n_gpus_per_node": _GPUS,
    "trainer.nnodes": _GPUS,
    "trainer.experiment_name": "the study names its runs",
    "actor_rollout_ref.model.path": _MODEL,
    "critic.model.path": _MODEL,
}
"""Key -> why a study file can't set it. In the user's own overrides they are replaced."""

CANONICAL: Mapping[str, str] = {
    f"{ACTOR}.optim.lr": "learning_rate",
    f"{ACTOR}.optim.lr_scheduler_type": "lr_scheduler",
    f"{ACTOR}.optim.warmup_style": "lr_scheduler",
    f"{ACTOR}.optim.lr_warmup_steps": "warmup_steps",
    f"{ACTOR}.optim.lr_warmup_steps_ratio": "warmup_steps",
    f"{ACTOR}.optim.clip_grad": "grad_clip",
    f"{ACTOR}.grad_clip": "grad_clip",
    f"{ACTOR}.clip_ratio": "clip_ratio",
    f"{ACTOR}.clip_ratio_low": "clip_ratio",
    f"{ACTOR}.clip_ratio_high": "clip_ratio_high",
    f"{ACTOR}.use_kl_loss": "kl_coef",
    f"{ACTOR}.kl_loss_coef": "kl_coef",
    "algorithm.use_kl_in_reward": "kl_in",
    "algorithm.kl_ctrl.kl_coef": "kl_coef",
    f"{ACTOR}.entropy_coeff": "entropy_coef",
    f"{ACTOR}.ppo_epochs": "epochs_per_step",
    f"{ACTOR}.ppo_mini_batch_size": "updates_per_step",
    "data.train_batch_size": "prompts_per_step",
    f"{ROLLOUT}.n": "rollouts",
    f"{ROLLOUT}.temperature": "temperature",
    "critic.optim.lr": "critic_learning_rate",
    "critic.cliprange_value": "value_clip",
    "algorithm.gamma": "gamma",
    "algorithm.lam": "gae_lambda",
    "algorithm.adv_estimator": "algorithm",
    "algorithm.filter_groups.enable": "filter_groups",
}
"""Key -> the hyperparameter that sets it."""
