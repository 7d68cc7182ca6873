"""The older loop: its last step is known at the beginning of a step only."""

from verl.trainer.ppo.v1.trainer_base import PPOTrainer


class RayPPOTrainer(PPOTrainer):
    looks_again = False

    def _init_dataloader(self):
        self._create_dataloader()

    def _create_dataloader(self):
        self.total_training_steps = self.horizon = self.config.trainer.total_training_steps
