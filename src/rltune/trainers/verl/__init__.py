"""verl (`python -m verl.trainer.main_ppo`) as a trainer: overrides, their checks, and runs that stop and go on."""
