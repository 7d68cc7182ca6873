"""The studies that the soak torments: small, real, and the same at each run when nothing disturbs them.

    toy      rltune's toy trainer, in the trial's own process: the most faults an hour
    program  a program of one's own (`soak_program.py`) under the `command` trainer: a process more in each trial
    grpo     real GRPO on the embedded family
    server   the program's study, its store in a PostgreSQL database
    ray      the program's study, its trials on a Ray cluster

A grid gives each of them the same proposals whatever happens on the way.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

PROGRAM = Path(__file__).with_name("soak_program.py")
DISK_MEGABYTES = {"toy": 48, "program": 48, "grpo": 1024, "server": 48, "ray": 48}
KINDS = tuple(DISK_MEGABYTES)
TWINS = {"server": "program", "ray": "program"}
"""Kinds whose numbers are those of another: where the store is and where trials run changes none."""
PACE = {"ray": 4.0}
"""How many times longer than in the others the pauses between faults are, so that they fall into all of a study: on Ray
a trial begins with a process of Ray's, and that with importing."""

_COMMON: Mapping[str, object] = {
    "models": {"target": "embedded/s", "proxies": ["embedded/xs"]},
    "task": "arithmetic/easy",
    "optimizer": {"name": "grid", "options": {"parameters": ["learning_rate"], "points": 4, "seeds": 1}},
    "stopping": "off",
    "transfer": False,
    "final": {"seeds": 2},
    "checkpoints": {"margin": "1MB"},  # its disks are smaller than the default
}
_TOY: Mapping[str, object] = {
    "trainer": "rltune.testing.toy_trainer:ToyTrainer",
    "space": {"learning_rate": {"type": "float", "low": 1e-6, "high": 1e-2, "log": True}},
    "fixed": {"step_time": 0.15},
    "budget": {"time": 3600, "search": 0.9, "trials": 6},
    "steps": 8,
    "rungs": [2, 4, 8],
    "validation": {"prompts": 4, "samples": 1},
    "test": {"prompts": 4, "samples": 1},
    "confirm": {"top": 2},
    "executor": {"slots": 2, "grace_time": 5, "stall_time": 120},
}
_GRPO: Mapping[str, object] = {
    "space": {"learning_rate": {"type": "float", "low": 1e-4, "high": 1e-2, "log": True}},
    "fixed": {"prompts_per_step": 8},
    "budget": {"time": 36000, "search": 0.9, "trials": 3},
    "steps": 4,
    "rungs": [2, 4],
    "validation": {"prompts": 16, "samples": 1},
    "test": {"prompts": 16, "samples": 1},
    "confirm": {"top": 1},
    "final": {"seeds": 1},
    "executor": {"slots": 1, "grace_time": 60, "device": "cpu"},
}


def write_study(kind: str, file: Path, output: Path, ground: Mapping[str, object]) -> Path:
    """Writes the file of the study `kind`, which lies in `output`/`kind`; returns the study's folder.

    Args:
        ground: the settings that say where its store is and where its trials run, beside those of the kind.
    """
    own = {"toy": _TOY, "program": {**_TOY, **_program()}, "grpo": _GRPO}[TWINS.get(kind, kind)]
    file.write_text(yaml.safe_dump({"name": kind, "output": str(output), **_COMMON, **own, **ground}))
    return output / kind


def _program() -> dict[str, object]:
    command = [
        *(sys.executable, "-S", "-E", str(PROGRAM), "--out", "{output}", "--metrics", "{metrics}", "--seed", "{seed}"),
        *("--stop", "{stop_step}", "--save-every", "{save_every}", "--horizon", "{horizon}", "--lr", "{learning_rate}"),
        *("--pause", "0.15"),
    ]
    settings = {
        "command": command,
        "resume": ["--resume", "{resume_from}"],
        "metrics": {"names": {"reward": "mean_reward", "score/mean": "accuracy"}},
        "checkpoint": "{output}/step-{step}",
        "score": {"command": [sys.executable, "-S", "-E", str(PROGRAM), "--score", "{checkpoint}"]},
        "saves_on_term": True,
        "grace_time": 5,
    }
    return {
        "models": {"target": "embedded/s", "proxies": ["embedded/xs"], "learning_rate_scaling": "none"},
        "trainer": {"name": "command", "settings": settings},
        "space": {"learning_rate": {"type": "float", "low": 0.1, "high": 10.0, "log": True}},
        "baseline": {"learning_rate": 0.5},
        "fixed": {},
    }
