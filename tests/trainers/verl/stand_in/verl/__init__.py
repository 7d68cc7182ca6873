"""Stands in for verl 0.9.1 where nothing is trained: the same argv, logger, console lines, checkpoints and exit codes.

STAND_IN in the environment says what goes wrong; see `main_ppo`.
"""

import importlib
import os

__version__ = "0.9.1"

for module in filter(None, os.getenv("VERL_USE_EXTERNAL_MODULES", "").split(",")):
    importlib.import_module(module)
