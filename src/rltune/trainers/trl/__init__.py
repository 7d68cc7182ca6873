"""The TRL trainer: GRPO by `trl.GRPOTrainer`, on a CPU or a CUDA device."""
