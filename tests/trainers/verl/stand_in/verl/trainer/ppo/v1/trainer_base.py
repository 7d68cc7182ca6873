"""The loop, in the order of the real one: step, save, validate, log; the horizon is written before the loop."""

import json
import math
import os
import sys
import time
from types import SimpleNamespace

from verl.utils.tracking import Tracking


class PPOTrainer:
    looks_again = True

    def __init__(self, config):
        self.config, self.fault = config, os.environ.get("STAND_IN", "")
        self.state, self.global_steps = {"sum": 0.0}, 0
        self._init_dataloader()

    def _init_dataloader(self):
        self.total_training_steps = self.config.trainer.total_training_steps
        self.horizon = self.total_training_steps

    def _load_checkpoint(self):
        path = self.config.trainer.resume_from_path
        if self.config.trainer.resume_mode == "resume_path":
            self.global_steps = int(path.split("global_step_")[-1])
            with open(os.path.join(path, "actor", "model_world_size_1_rank_0.pt")) as stream:
                self.state = json.load(stream)

    def _save_checkpoint(self):
        folder = os.path.join(self.config.trainer.default_local_dir, f"global_step_{self.global_steps}")
        for role in ["actor"] + ["critic"] * self.config.critic:
            os.makedirs(os.path.join(folder, role))
            for part in ("model", "optim", "extra_state"):
                if self.fault == "half checkpoint" and part == "optim":
                    continue
                with open(os.path.join(folder, role, f"{part}_world_size_1_rank_0.pt"), "w") as stream:
                    json.dump(self.state, stream)
        with open(os.path.join(folder, "data.pt"), "w") as stream:
            stream.write("data")

    def _validate(self):
        samples, folder = self.config.samples, self.config.trainer.validation_data_dir
        if folder:
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, f"{self.global_steps}.jsonl"), "w") as stream:
                dumped = {"input": "1+1=", "output": "2", "gts": "2", "score": 1.0, "step": self.global_steps}
                stream.write(json.dumps(dumped) + "\n")
        return {f"val-core/toy/add/acc/mean@{samples}": 0.25, f"val-aux/toy/add/reward/mean@{samples}": 0.5}

    def learning_rate(self, step):
        return self.config.lr * 0.5 * (1 + math.cos(math.pi * step / self.horizon))

    def fit(self):
        self._load_checkpoint()
        self.logger = Tracking()
        config = self.config.trainer
        if config.val_before_train:
            self.logger.log(self._validate(), self.global_steps)
            if config.val_only:
                return
        self.global_steps += 1
        self._break_down("start")
        while self._goes_on() and self.fault != "zero steps":
            is_last = self.global_steps >= self.total_training_steps
            time.sleep(0.02)
            self.state["sum"] += self.learning_rate(self.global_steps - 1) * self.global_steps
            self._break_down("step")
            if config.save_freq > 0 and (is_last or self.global_steps % config.save_freq == 0):
                self._save_checkpoint()
            metrics = {"timing_s/step": 0.02}
            if config.test_freq > 0 and (is_last or self.global_steps % config.test_freq == 0):
                metrics.update(self._validate(), **{"timing_s/testing": 0.01})
            metrics.update(self._metrics())
            self.logger.log(metrics, self.global_steps)
            self.global_steps += 1
            if is_last:
                return

    def _goes_on(self):
        return not self.looks_again or self.global_steps <= self.total_training_steps

    def _metrics(self):
        bad = self.fault == "nan" and self.global_steps == 3
        return {
            "training/global_step": self.global_steps,
            "critic/score/mean": None if bad else self.state["sum"],
            "critic/rewards/mean": self.state["sum"],
            "actor/lr": self.learning_rate(self.global_steps),
            "actor/kl_loss": 0.01,
            "actor/grad_norm": 0.5,
        }

    def _break_down(self, where):
        if where == "step" and self.global_steps != 3:
            return
        if self.fault == "out of memory" and where == "step":
            print(
                "(WorkerDict pid=7) torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB", flush=True
            )
            sys.exit("ray.exceptions.RayTaskError(OutOfMemoryError): ray::WorkerDict.update_actor()")
        if self.fault == "node lost" and where == "step":
            sys.exit("ray.exceptions.ActorDiedError: The actor died because its node has crashed or was partitioned.")
        if self.fault == "crash" and where == "step":
            sys.exit("ValueError: the reward function is broken")
        if self.fault == "hang" and where == "step":
            time.sleep(3600)
        if self.fault == "ends early" and where == "step":
            sys.exit(0)


def config_of(get):
    """The few settings that the loop reads, from overrides: `get(key, default)`."""
    trainer = SimpleNamespace(
        total_training_steps=get("trainer.total_training_steps", 0),
        default_local_dir=get("trainer.default_local_dir", ""),
        resume_mode=get("trainer.resume_mode", "auto"),
        resume_from_path=get("trainer.resume_from_path", None),
        save_freq=get("trainer.save_freq", -1),
        test_freq=get("trainer.test_freq", -1),
        val_before_train=get("trainer.val_before_train", True),
        val_only=get("trainer.val_only", False),
        validation_data_dir=get("trainer.validation_data_dir", None),
    )
    return SimpleNamespace(
        trainer=trainer,
        lr=get("actor_rollout_ref.actor.optim.lr", 1e-6),
        samples=get("actor_rollout_ref.rollout.val_kwargs.n", 1),
        critic=get("algorithm.adv_estimator", "gae") == "gae",
    )
