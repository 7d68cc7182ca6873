"""rltune: joint-fidelity hyperparameter optimization for LLM reinforcement learning.

    import rltune

    study = rltune.create("study.yaml")     # or a mapping with the same keys
    study.run()
    print(study.summary().to_json())

    rltune.forecast(rewards, horizon=400)   # where a reward curve goes, and when to stop

Importing this package is light: what needs PyTorch and friends is imported when it is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from rltune.curves.forecast import forecast
    from rltune.study.api import Study, create, open_study

_LAZY = {
    "Study": "rltune.study.api",
    "create": "rltune.study.api",
    "forecast": "rltune.curves.forecast",
    "open_study": "rltune.study.api",
}

__all__ = ["Study", "__version__", "create", "forecast", "open_study"]


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'rltune' has no attribute {name!r}")
