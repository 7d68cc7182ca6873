"""prime-rl (PrimeIntellect-ai/prime-rl, commit 559b447): `uv run rl`, started from a checkout (`folder:`).

Model-independent settings stand in the user's own TOML files, given as `arguments: ["@", "rl.toml"]`; the schedule is
one of them (constant unless the file says otherwise). Trainer and orchestrator write into the same metrics file, each
its part of a step. Weights for scoring are what is broadcast to the inference server through the file system. It can't
stop before its horizon, and is ended when the checkpoint of the last step is complete.
"""

from __future__ import annotations

from collections.abc import Mapping

RL: Mapping[str, object] = {
    "command": [
        "uv", "run", "rl", "--output-dir", "{output}", "--run.name", "run", "--max-steps", "{horizon}",
        "--model.name", "{model}", "--trainer.optim.lr", "{learning_rate}", "--trainer.optim.max-norm", "{grad_clip}",
        "--trainer.loss.kl-tau", "{kl_coef}", "--trainer.loss.dppo-mask-low", "{clip_ratio}",
        "--trainer.loss.dppo-mask-high", "{clip_ratio}", "--orchestrator.batch-size", "{prompts_per_step * rollouts}",
        "--orchestrator.group-size", "{rollouts}", "--orchestrator.train.sampling.temperature", "{temperature}",
        "--ckpt.interval", "{save_every}", "--weight-broadcast.type", "filesystem",
    ],
    "resume": ["--resume.step", "{start_step}"],
    "metrics": {"file": "{output}/run/metrics.jsonl", "needs": ["reward", "grad_norm"]},
    "checkpoint": {
        "path": "{output}/run/checkpoints/step_{step}",
        "model": "{output}/run/broadcasts/step_{step}",
        "put_back": True,
    },
    "score": "transformers",
    "stops_itself": False,
    "grace_time": "30s",
}  # fmt: skip
