"""The TRL trainer: GRPO, RLOO, SFT and DPO by TRL's own trainers, on a CPU or on CUDA devices."""
