"""open-instruct (allenai/open-instruct, commit e6c3044): grpo_fast.py, finetune.py and dpo_tune_cache.py.

They are started from a checkout (`folder:`). grpo_fast.py has no JSON metrics: its table is read, with the two digits
after the point that it prints; a wide COLUMNS keeps each row of it on one line. None of them can stop before its
horizon, so each is ended when the checkpoint of the last step is complete.
"""

from __future__ import annotations

from collections.abc import Mapping

_NUMBER = r"(?:-?[\d.]+(?:e[-+]?\d+)?|nan|-?inf)"

# transformers' `constant` ignores the warm-up.
_SCHEDULER = '{"constant_with_warmup" if lr_scheduler == "constant" else lr_scheduler}'
# The tools take the whole part of ratio x updates: a little more than the ratio survives the rounding of floats.
_WARMUP = "{(warmup_steps + 0.001) / horizon}"

GRPO_FAST: Mapping[str, object] = {
    "command": [
        "python", "open_instruct/grpo_fast.py", "--exp_name", "rltune", "--seed", "{seed}",
        "--model_name_or_path", "{model}", "--output_dir", "{output}/hf",
        "--learning_rate", "{learning_rate}", "--lr_scheduler_type", _SCHEDULER, "--warmup_ratio", _WARMUP,
        "--max_grad_norm", "{grad_clip}", "--clip_lower", "{clip_ratio}", "--clip_higher", "{clip_ratio}",
        "--beta", "{kl_coef}", "--load_ref_policy", "{kl_coef > 0}", "--temperature", "{temperature}",
        "--num_samples_per_prompt_rollout", "{rollouts}", "--num_unique_prompts_rollout", "{prompts_per_step}",
        "--num_mini_batches", "{updates_per_step}", "--num_epochs", "1",
        # The only way to set the length of the schedule: steps = episodes / (prompts x rollouts).
        "--total_episodes", "{horizon * prompts_per_step * rollouts}",
        "--checkpoint_state_dir", "{output}/state", "--checkpoint_state_freq", "{save_every}",
        "--save_freq", "{save_every}", "--keep_last_n_checkpoints", "-1", "--push_to_hub", "False",
        "--try_launch_beaker_eval_jobs_on_weka", "False", "--try_auto_save_to_beaker", "False",
    ],
    "env": {"COLUMNS": "20000"},
    "metrics": {
        "format": "pattern",
        "pattern": [
            r"\btraining_step: (?P<step>\d+)",
            rf"^\W*other\s.*\bscores: (?P<reward>{_NUMBER})",
            rf"^\W*other\s.*\blr: (?P<learning_rate>{_NUMBER})",
            # Not loss/kl_avg: that is already times beta.
            rf"^\W*optim\s.*\bgrad_norm: (?P<grad_norm>{_NUMBER})",
            rf"^\W*policy\s.*\bclipfrac_avg: (?P<clip_fraction>{_NUMBER})",
            rf"^\W*policy\s.*\bentropy_avg: (?P<entropy>{_NUMBER})",
            rf"^\W*val\s.*\bsequence_lengths: (?P<response_length>{_NUMBER})",
            rf"^\W*val\s.*\bnum_step_tokens: (?P<tokens>{_NUMBER})",
            rf"^\W*time\s.*\btotal: (?P<step_seconds>{_NUMBER})",
        ],
        "ends": "^\\s*╰",
    },
    "checkpoint": {
        # DeepSpeed counts optimizer updates.
        "path": "{output}/state/global_step{step * updates_per_step}",
        "model": "{output}/hf/*_checkpoints/step_{step}",
        # Without a reference model there is no such folder; the same file twice does no harm.
        "beside": ["{output}/state/latest", '{output}/state/{"ref_policy" if kl_coef > 0 else "latest"}'],
        "marker": "{output}/state/latest",
        "put_back": True,
    },
    "score": "transformers",
    "stops_itself": False,
    "grace_time": "30s",
}  # fmt: skip


def _supervised(script: str, *own: str) -> Mapping[str, object]:
    """finetune.py and dpo_tune_cache.py: Accelerate's loop, with states that a relaunch finds by itself."""
    return {
        "prefix": ["accelerate", "launch", "--mixed_precision", "bf16", "--num_processes", "{gpus}"],
        "command": [
            f"open_instruct/{script}", "--exp_name", "rltune", "--do_not_randomize_output_dir", "True",
            "--output_dir", "{output}/model", "--model_name_or_path", "{model}", "--seed", "{seed}",
            "--learning_rate", "{learning_rate}", "--lr_scheduler_type", _SCHEDULER, "--warmup_ratio", _WARMUP,
            "--max_train_steps", "{horizon}", "--logging_steps", "1", "--checkpointing_steps", "{save_every}",
            "--keep_last_n_checkpoints", "-1", "--push_to_hub", "False", "--try_launch_beaker_eval_jobs", "False",
            "--try_auto_save_to_beaker", "False", *own,
        ],
        "metrics": {
            "format": "pattern",
            "pattern": [rf"Step: (?P<step>\d+), LR: (?P<learning_rate>{_NUMBER}), Loss: {_NUMBER}"],
        },
        "checkpoint": {
            "path": "{output}/model/step_{step}",
            "marker": "{output}/model/step_{step}/COMPLETED",
            "put_back": True,
        },
        "score": "transformers",
        "stops_itself": False,
        "grace_time": "30s",
    }  # fmt: skip


FINETUNE = _supervised("finetune.py", "--clean_checkpoints_at_end", "False")
DPO = _supervised("dpo_tune_cache.py", "--beta", "{beta}")
