"""Settings that run the fake program, and jobs of it."""

from __future__ import annotations

import sys
from pathlib import Path

from rltune.trainers.base import Scoring, TrainJob
from rltune.types import Scalar

FAKE = Path(__file__).parents[1] / "external" / "fake_program.py"
PYTHON = [sys.executable, "-S", "-E"]  # without site-packages: starts in a few milliseconds
SCORER = (
    "import json, sys; p = sys.argv[1]; s = json.load(open(p + '/state.json'))['state'] if p else 0; "
    "print(json.dumps(dict(mean=s / 100)))"
)


def fake_settings(**changes: object) -> dict[str, object]:
    """The fake program, scored by another one: a hundredth of its state."""
    settings: dict[str, object] = {
        "command": [
            *PYTHON, str(FAKE), "--out", "{output}", "--stop", "{stop_step}", "--save-every", "{save_every}",
            "--lr", "{learning_rate}", "--metrics", "{metrics}",
        ],
        "resume": ["--resume", "{resume_from}"],
        "metrics": {"names": {"reward": "mean_reward"}},
        "checkpoint": "{output}/step-{step}",
        "score": {"command": [*PYTHON, "-c", SCORER, "{checkpoint}"]},
        "grace_time": 5,
    }  # fmt: skip
    return {**settings, **changes}


def job(stop: int, **changes: object) -> TrainJob:
    """A job of ten steps at most, stopped at `stop`."""
    given: dict[str, object] = {
        "model": "model",
        "task": "arithmetic/easy",
        "hyperparameters": {"learning_rate": 1.0, "rollouts": 8},
        "horizon": 10,
        "stop_step": stop,
        "seed": 0,
        "validation": Scoring(prompts=4, samples=1),
    }
    return TrainJob(**{**given, **changes})  # pyright: ignore[reportArgumentType]


def literal(code: str) -> str:
    """A text for a template that holds no expression."""
    return code.replace("{", "{{").replace("}", "}}")


HYPERPARAMETERS: dict[str, Scalar] = {
    "learning_rate": 1e-6,
    "lr_scheduler": "constant",
    "warmup_steps": 0,
    "clip_ratio": 0.2,
    "grad_clip": 1.0,
    "kl_coef": 0.001,
    "rollouts": 8,
    "prompts_per_step": 64,
    "updates_per_step": 4,
    "temperature": 1.0,
    "beta": 5.0,
}
