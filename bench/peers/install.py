"""Makes the environments of the peers, tries every method, and writes down what could not be installed and why.

    python bench/peers/install.py [environment ...]

An environment is made from requirements-<environment>.txt under build/peers and left alone while that file stays as
it is. Then each method runs a small study. build/peers/installed.json says what came of it:

    {"environments": {"smac": {"packages": {"smac": "2.4.1"}, "error": null}, ...},
     "methods": {"smac_hyperband": {"environment": "smac", "seconds": 2.9, "error": null}, ...}}

What can't be had is no failure of this program: the benchmark names it and goes on with the others.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from driver import ENVIRONMENTS, HERE, INSTALLED, PEERS, PeerError, run_peer

PACKAGES: Mapping[str, tuple[str, ...]] = {
    "optuna": ("optuna", "torch"),
    "hpbandster": ("hpbandster", "ConfigSpace"),
    "smac": ("smac", "ConfigSpace"),
    "syne-tune": ("syne_tune",),
    "neps": ("neural-pipeline-search", "ifBO", "torch"),
}
"""Environment -> the packages whose versions are reported."""

TRIAL = {
    "space": [
        {"name": "learning_rate", "kind": "float", "low": 5e-6, "high": 1.6e-3, "log": True},
        {"name": "lr_scheduler", "kind": "choice", "choices": ["constant", "cosine"]},
        {"name": "rollouts", "kind": "int", "low": 2, "high": 16, "log": False},
    ],
    "rungs": [8, 16, 32, 64],
    "recipe": {"learning_rate": 1e-4, "lr_scheduler": "constant", "rollouts": 8},
    "seed": 0,
    "budget": 2.0,
}
"""A study that shows whether a method works."""

_VERSIONS = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
_MARK = "made-from.txt"
_LIMIT_SECONDS = 300.0


def make(environment: str) -> dict[str, Any]:
    """Makes one environment, unless it is there already: its packages' versions, or the error."""
    folder = ENVIRONMENTS / environment
    requirements = HERE / f"requirements-{environment}.txt"
    mark = folder / _MARK
    if not mark.exists() or mark.read_text() != requirements.read_text():
        venv.create(folder, with_pip=True, clear=True)
        done = _python(folder, "-m", "pip", "install", "--quiet", "--requirement", str(requirements))
        if done.returncode != 0:
            return {"packages": {}, "error": _errors(done.stderr)}
        mark.write_text(requirements.read_text())
    done = _python(folder, "-c", _VERSIONS, *PACKAGES[environment])
    if done.returncode != 0:
        return {"packages": {}, "error": _errors(done.stderr)}
    return {"packages": json.loads(done.stdout), "error": None}


def attempt(method: str) -> dict[str, Any]:
    """Runs a small study: how many seconds it took, or the error."""
    start = time.monotonic()
    try:
        run_peer(method, TRIAL, _Steep(), limit_seconds=_LIMIT_SECONDS)
        error = None
    except PeerError as problem:
        error = _last_line(problem.hint or "") or problem.message
    return {"environment": PEERS[method][1], "seconds": round(time.monotonic() - start, 1), "error": error}


class _Steep:
    """Answers a trial: the nearer the learning rate to 4e-4, the better; two full runs and it is over."""

    def __init__(self) -> None:
        self._trained: dict[str, int] = {}
        self._steps = 0

    def __call__(self, run: str, configuration: dict[str, Any], steps: int) -> dict[str, Any]:
        self._steps += steps - self._trained.get(run, 0)
        self._trained[run] = steps
        if self._steps > TRIAL["budget"] * TRIAL["rungs"][-1]:
            return {"stop": True}
        return {"score": math.exp(-abs(math.log(configuration["learning_rate"] / 4e-4))) * steps / 64}


def _python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(folder / "bin" / "python"), *arguments], capture_output=True, text=True, check=False)


def _errors(text: str) -> str:
    """pip's own words for what went wrong: its ERROR lines, or the last line."""
    lines = [line.strip() for line in text.splitlines() if line.startswith(("ERROR", "error"))]
    return "\n".join(lines) or _last_line(text)


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""


def main(environments: list[str]) -> None:
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    known = json.loads(INSTALLED.read_text()) if INSTALLED.exists() else {"environments": {}, "methods": {}}
    for environment in environments:
        print(f"{environment}: ...", flush=True)
        made = known["environments"][environment] = make(environment)
        print(f"{environment}: {made['error'] or made['packages']}", flush=True)
        INSTALLED.write_text(json.dumps(known, indent=2) + "\n")
    for method, (_, environment) in PEERS.items():
        if environment is None or environment in environments:
            failure = known["environments"][environment]["error"] if environment else None
            tried = {"environment": environment, "seconds": 0.0, "error": failure} if failure else attempt(method)
            known["methods"][method] = tried
            print(f"  {method:15} {tried['seconds']:5.1f} s  {tried['error'] or 'works'}", flush=True)
            INSTALLED.write_text(json.dumps(known, indent=2) + "\n")


if __name__ == "__main__":
    wanted = sys.argv[1:] or list(PACKAGES)
    if unknown := set(wanted) - set(PACKAGES):
        sys.exit(f"environments are {', '.join(PACKAGES)}; got {', '.join(sorted(unknown))}")
    main(wanted)
