"""OpenRLHF 0.11 (`openrlhf.cli.train_ppo_ray`): GRPO with its KL as a loss, no critic.

It has no number of steps: they follow from the prompts it is given, so the data set must hold horizon x prompts of
them (or the run ends early, which is an error). It can't stop before its horizon, and is ended when the checkpoint of
the last step is complete. Metrics are the lines `Global step N: {...}` that it prints.
"""

from __future__ import annotations

from collections.abc import Mapping

GRPO: Mapping[str, object] = {
    "command": [
        "python", "-m", "openrlhf.cli.train_ppo_ray", "--actor.model_name_or_path", "{model}",
        "--train.seed", "{seed}", "--actor.adam.lr", "{learning_rate}",
        # transformers' `constant` ignores the warm-up.
        "--actor.lr_scheduler", '{"constant_with_warmup" if lr_scheduler == "constant" else lr_scheduler}',
        # It rounds ratio x updates up: a little less than the ratio survives the rounding of floats.
        "--actor.lr_warmup_ratio", "{(warmup_steps - 0.001) / horizon if warmup_steps > 0 else 0.0}",
        "--actor.max_norm", "{grad_clip}", "--actor.eps_clip", "{clip_ratio}",
        "--actor.eps_clip_low_high", "{clip_ratio}", "{clip_ratio}",
        "--algo.advantage.estimator", "group_norm", "--algo.kl.use_loss", "--algo.kl.estimator", "k3",
        "--algo.kl.init_coef", "{kl_coef}", "--rollout.temperature", "{temperature}",
        "--rollout.n_samples_per_prompt", "{rollouts}", "--rollout.batch_size", "{prompts_per_step}",
        "--train.batch_size", "{prompts_per_step * rollouts / updates_per_step}", "--train.max_epochs", "1",
        "--train.num_episodes", "1", "--data.max_samples", "{horizon * prompts_per_step}",
        "--ckpt.path", "{output}/ckpt", "--ckpt.output_dir", "{output}/final", "--ckpt.save_steps", "{save_every}",
        "--ckpt.save_hf", "--ckpt.max_num", "1000000", "--logger.logging_steps", "1",
    ],
    "resume": ["--ckpt.load_enable"],
    "metrics": {"format": "printed_dicts"},
    "checkpoint": {
        "path": "{output}/ckpt/_actor/global_step{step}",
        "model": "{output}/ckpt/global_step{step}_hf",
        "beside": ["{output}/ckpt/_actor/latest"],
        # The tokenizer is the last that it writes.
        "marker": "{output}/ckpt/global_step{step}_hf/tokenizer_config.json",
        "put_back": True,
    },
    "score": "transformers",
    "stops_itself": False,
    "grace_time": "30s",
}  # fmt: skip
