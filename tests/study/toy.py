"""Small whole studies with a trainer that trains nothing: what the loop does, in seconds."""

from __future__ import annotations

from pathlib import Path

from rltune.study.api import Study, create
from rltune.study.observer import Silent
from rltune.types import Proposal


def toy_study(folder: Path, name: str = "toy", **changes: object) -> Study:
    """A study of the toy on the embedded models' names; `changes` replace keys of the study file."""
    return create(study_source(folder, name, **changes))


def study_source(folder: Path, name: str = "toy", **changes: object) -> dict[str, object]:
    """The study file of `toy_study`, as a mapping."""
    source: dict[str, object] = {
        "name": name,
        "models": {"target": "embedded/s", "proxies": ["embedded/xs"]},
        "task": "arithmetic/easy",
        "trainer": "rltune.testing.toy_trainer:ToyTrainer",
        "budget": {"time": 600, "search": 0.9, "trials": 10},
        "steps": 8,
        "rungs": [2, 4, 8],
        "optimizer": "random",
        "space": {"learning_rate": {"type": "float", "low": 1e-6, "high": 1e-2, "log": True}},
        "validation": {"prompts": 4, "samples": 1},
        "test": {"prompts": 4, "samples": 1},
        "stopping": "off",
        "confirm": {"top": 2},
        "final": {"seeds": 2},
        "executor": {"slots": 2, "grace_time": 5},
        "output": str(folder),
    }
    return {**source, **changes}


class StopAfter(Silent):
    """Asks for a stop when so many trials have been started."""

    def __init__(self, trials: int) -> None:
        self.left = trials
        self.messages: list[str] = []

    def trial_started(self, run: object, proposal: Proposal, from_step: int) -> None:
        self.left -= 1

    def message(self, level: str, text: str) -> None:
        self.messages.append(text)

    def __call__(self) -> bool:
        return self.left <= 0
