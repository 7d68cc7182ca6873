"""rltune: joint-fidelity hyperparameter optimization for LLM reinforcement learning.

    import rltune

    study = rltune.create("study.yaml")     # or a mapping with the same keys
    study.run()
    print(study.summary().to_json())

    rltune.forecast(rewards, horizon=400)   # where a reward curve goes, and when to stop

    session = rltune.Session(rltune.build_optimizer("joint_fidelity", problem))     # a `rltune.Problem`
    proposal = session.ask()
    session.tell(proposal, 0.7, seconds=60.0)

Importing this package is light: what needs PyTorch and friends is imported when it is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from rltune.curves.forecast import forecast
    from rltune.errors import RltuneError
    from rltune.optimizers.base import ModelSpec, Problem, Session
    from rltune.optimizers.build import build_optimizer
    from rltune.space.parameters import CategoricalParameter, FloatParameter, IntParameter
    from rltune.space.space import Space
    from rltune.study.api import Study, create, open_study
    from rltune.types import Configuration, Cost, Evaluation, Fidelity, History, Proposal, StopKind, StopReason

_LAZY = {
    "CategoricalParameter": "rltune.space.parameters",
    "Configuration": "rltune.types",
    "Cost": "rltune.types",
    "Evaluation": "rltune.types",
    "Fidelity": "rltune.types",
    "FloatParameter": "rltune.space.parameters",
    "History": "rltune.types",
    "IntParameter": "rltune.space.parameters",
    "ModelSpec": "rltune.optimizers.base",
    "Problem": "rltune.optimizers.base",
    "Proposal": "rltune.types",
    "RltuneError": "rltune.errors",
    "Session": "rltune.optimizers.base",
    "Space": "rltune.space.space",
    "StopKind": "rltune.types",
    "StopReason": "rltune.types",
    "Study": "rltune.study.api",
    "build_optimizer": "rltune.optimizers.build",
    "create": "rltune.study.api",
    "forecast": "rltune.curves.forecast",
    "open_study": "rltune.study.api",
}

__all__ = [
    "CategoricalParameter",
    "Configuration",
    "Cost",
    "Evaluation",
    "Fidelity",
    "FloatParameter",
    "History",
    "IntParameter",
    "ModelSpec",
    "Problem",
    "Proposal",
    "RltuneError",
    "Session",
    "Space",
    "StopKind",
    "StopReason",
    "Study",
    "__version__",
    "build_optimizer",
    "create",
    "forecast",
    "open_study",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'rltune' has no attribute {name!r}")
