"""Lets verl stop where rltune says: named in VERL_USE_EXTERNAL_MODULES, it needs nothing of rltune.

verl has no setting for a stop before the horizon, which its learning-rate schedule spans, and saves nothing when it is
told to end. This module, in the process of verl's training loop:

- lowers the trainer's own `total_training_steps` to RLTUNE_VERL_STOP after the optimizers' horizon was written: the
  stop becomes the last step, saved and validated by verl itself;
- waits after each logged step until the file `passed` in RLTUNE_VERL_CONTROL holds that step, or the file `stop` is
  there: then it saves a checkpoint of this very step and ends the loop;
- sets the frequencies of saving and validating before each step so that exactly those of RLTUNE_VERL_SAVES and
  RLTUNE_VERL_TESTS are met: no one frequency hits steps 38, 75 and 150 but that of every step.

In the same folder it leaves `ready` when the loop is about to begin, and `saved` (the step) after a save of its own.
"""

import importlib.abc
import importlib.machinery
import os
import sys
import time

LONGEST_WAIT = 900.0
POLL = 0.02

_stop = int(os.environ.get("RLTUNE_VERL_STOP", 0))
_control = os.environ.get("RLTUNE_VERL_CONTROL", "")
_steps = {
    key: {int(step) for step in os.environ.get(name, "").split(",") if step}
    for key, name in (("save_freq", "RLTUNE_VERL_SAVES"), ("test_freq", "RLTUNE_VERL_TESTS"))
}
_trainers = []


class Stopped(Exception):
    """Ends the older training loop."""


def _leave(name, text=""):
    """Writes a file of the control folder in one go."""
    path = os.path.join(_control, name)
    with open(f"{path}.part", "w") as stream:
        stream.write(text)
    os.replace(f"{path}.part", path)


def _passed():
    try:
        with open(os.path.join(_control, "passed")) as stream:
            return int(stream.read() or 0)
    except (OSError, ValueError):
        return 0


def _after_step(step):
    """Waits for the word about a step that was logged."""
    end = time.monotonic() + LONGEST_WAIT
    while step < _stop and _passed() < step and time.monotonic() < end:
        if os.path.exists(os.path.join(_control, "stop")):
            _save_and_end(step)
            return
        time.sleep(POLL)


def _prepare(step):
    """Sets what verl does at a step: a frequency that is the step itself, or one beyond the end."""
    config = _trainers[-1].config.trainer
    for key, steps in _steps.items():
        if getattr(config, key) > 0:
            setattr(config, key, step if step in steps else _stop + 1)


def _save_and_end(step):
    trainer = _trainers[-1]
    folder = os.path.join(trainer.config.trainer.default_local_dir, f"global_step_{step}")
    if not os.path.exists(os.path.join(folder, "data.pt")):
        sleep = getattr(getattr(trainer, "checkpoint_manager", None), "sleep_replicas", None)
        if sleep is not None:
            sleep()  # saving needs the memory that the rollout engine holds
        trainer._save_checkpoint()
    trainer.total_training_steps = step
    _leave("saved", str(step))
    if hasattr(trainer, "_create_dataloader"):
        # The older loop looks at its end before a step only, and would train one more.
        raise Stopped(f"rltune has stopped this run after step {step}; its checkpoint is complete")


def _lower(name):
    def patch(cls):
        original = getattr(cls, name)

        def lowered(self, *args, **kwargs):
            result = original(self, *args, **kwargs)
            self.total_training_steps = min(_stop, self.total_training_steps)
            _trainers.append(self)
            return result

        setattr(cls, name, lowered)

    return patch


def _listen(cls):
    begin, log = cls.__init__, cls.log

    def begun(self, *args, **kwargs):
        begin(self, *args, **kwargs)
        _leave("ready")

    def logged(self, data, step, *args, **kwargs):
        log(self, data, step, *args, **kwargs)
        if _trainers and "training/global_step" in data:
            _after_step(int(step))
            _prepare(int(step) + 1)

    cls.__init__, cls.log = begun, logged


_PATCHES = {
    "verl.trainer.ppo.v1.trainer_base": ("PPOTrainer", _lower("_init_dataloader")),
    "verl.trainer.ppo.ray_trainer": ("RayPPOTrainer", _lower("_create_dataloader")),
}
if _control:
    _PATCHES["verl.utils.tracking"] = ("Tracking", _listen)


class _Finder(importlib.abc.MetaPathFinder):
    """Patches a module's class right after the module was loaded; loading it here would import itself in a circle."""

    def find_spec(self, name, path, target=None):
        if name not in _PATCHES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_patch(module):
                load(module)
                attribute, patch = _PATCHES[name]
                patch(getattr(module, attribute))

            spec.loader.exec_module = load_and_patch
        return spec


if _stop:
    sys.meta_path.insert(0, _Finder())
