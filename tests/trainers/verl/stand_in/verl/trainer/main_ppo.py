"""`python -m verl.trainer.main_ppo key=value ...`. STAND_IN: "", "zero steps", "out of memory", "node lost", "crash",
"hang", "ends early", "nan", "half checkpoint", "children" (leaves processes behind, in a group of their own)."""

import ast
import os
import signal
import subprocess
import sys

from verl.trainer.ppo.ray_trainer import RayPPOTrainer
from verl.trainer.ppo.v1.trainer_base import PPOTrainer, config_of


def value(text):
    if text.lower() in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def main():
    given = dict(word.lstrip("+").split("=", 1) for word in sys.argv[1:])
    if os.environ.get("STAND_IN") == "children":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], process_group=0)
        with open(os.environ["STAND_IN_PIDS"], "w") as stream:
            stream.write(str(child.pid))
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    trainer = PPOTrainer if value(given.get("trainer.use_v1", "true")) else RayPPOTrainer
    trainer(config_of(lambda key, default: value(given[key]) if key in given else default)).fit()


if __name__ == "__main__":
    main()
