"""A synthetic tuning problem whose optimum is known, shaped like GRPO runs of a model family.

Notation:
    N  model parameters, t = steps / r_max in (0, 1]
    δ  log10 of the learning rate over its best value at (N, t): the best one drops as models grow and as runs get
       longer (a large learning rate wins early and loses late); far above it a run dies
    score = base + (ceiling(N) - base) gain(t) Π quality of each hyperparameter (1 at its best value)
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from rltune.optimizers.base import ModelSpec, Optimizer, Problem
from rltune.space.parameters import CategoricalParameter, FloatParameter, IntParameter
from rltune.space.space import Space
from rltune.types import (
    Configuration,
    Cost,
    Evaluation,
    Fidelity,
    History,
    Proposal,
    StopKind,
    StopReason,
)

BASE_SCORE = 0.35
DEATH_STEP = 8
SMALL, MIDDLE, LARGE = ModelSpec("small", 0.13e6), ModelSpec("middle", 0.8e6), ModelSpec("large", 2.0e6)


def grpo_space() -> Space:
    """The six searched hyperparameters, in intervals of the embedded family's scale."""
    return Space(
        {
            "learning_rate": FloatParameter(low=3e-6, high=3e-3, log=True),
            "lr_scheduler": CategoricalParameter(choices=("constant", "cosine", "linear")),
            "clip_ratio": FloatParameter(low=0.1, high=0.4),
            "grad_clip": FloatParameter(low=0.1, high=2.0, log=True),
            "kl_coef": FloatParameter(low=1e-4, high=1e-1, log=True),
            "rollouts": IntParameter(low=4, high=16),
        }
    )


def grpo_recipe() -> Configuration:
    """A recipe beside the optimum, as published ones are."""
    return Configuration(
        {
            "learning_rate": 3e-5,
            "lr_scheduler": "constant",
            "clip_ratio": 0.2,
            "grad_clip": 1.0,
            "kl_coef": 1e-3,
            "rollouts": 5,
        }
    )


@dataclass(frozen=True, slots=True)
class GrpoSurface:
    """The response of configurations of `grpo_space`.

    Attributes:
        horizon: r_max. noise: standard deviation of one score. sizes: parameters by model name.
        deaths: whether runs with a learning rate far too large are stopped by a rule.
        moved: decades by which a model's best learning rate lies off that of its family, by name: a proxy that
            misleads.
    """

    horizon: int = 40
    noise: float = 0.015
    deaths: bool = True
    sizes: Mapping[str, float] = field(default_factory=lambda: {m.name: m.parameters for m in (SMALL, MIDDLE, LARGE)})
    moved: Mapping[str, float] = field(default_factory=dict)

    def problem(self, seed: int, proxies: tuple[ModelSpec, ...] = (SMALL,), target: ModelSpec = MIDDLE) -> Problem:
        rungs = (max(self.horizon // 4, 1), max(self.horizon // 2, 2), self.horizon)
        search = proxies or (target,)
        return Problem(grpo_space(), target, proxies, search, rungs, grpo_recipe(), seed)

    def optimum(self, model: str) -> tuple[Configuration, float]:
        """The best configuration for a model at r_max, and its noise-free score."""
        best = Configuration(
            {
                "learning_rate": 10.0 ** self._best_log_rate(model, 1.0),
                "lr_scheduler": "cosine",
                "clip_ratio": 0.25,
                "grad_clip": 0.5,
                "kl_coef": 1e-3,
                "rollouts": 16,
            }
        )
        return best, self.value(best, Fidelity(model, self.horizon))

    def value(self, configuration: Configuration, fidelity: Fidelity) -> float:
        """Noise-free score."""
        t = fidelity.steps / self.horizon
        ceiling = min(0.72 + 0.15 * math.log10(self.sizes[fidelity.model] / SMALL.parameters), 0.98)
        gain = (1 - math.exp(-3 * t)) / (1 - math.exp(-3))
        quality = self._rate_quality(configuration, fidelity) * _other_quality(configuration)
        return BASE_SCORE + (ceiling - BASE_SCORE) * gain * quality

    def dies(self, configuration: Configuration, model: str) -> bool:
        return self.deaths and self._excess(configuration, model, 1.0) > 0.45

    def evaluate(self, proposal: Proposal, history: History) -> Evaluation:
        """The result of a proposal, continued from where the history has the run; its cost is the run's."""
        configuration, fidelity = proposal.configuration, proposal.fidelity
        before = [
            e
            for e in history.evaluations
            if (e.configuration, e.fidelity.model, e.seed) == (configuration, fidelity.model, proposal.seed)
        ]
        segments = 1 + len(before)
        dead = self.dies(configuration, fidelity.model)
        steps = min(DEATH_STEP, fidelity.steps) if dead else fidelity.steps
        cost = self._cost(configuration, fidelity.model, steps, segments)
        if dead:
            stop = StopReason(StopKind.RULE, steps, "KL grew by 40 % for 5 steps", rule="kl_growth")
            return Evaluation(configuration, fidelity, proposal.seed, proposal.phase, None, cost, stop, steps)
        score = self.value(configuration, fidelity) + self.noise * _normal(configuration, fidelity, proposal.seed)
        stop = StopReason(StopKind.REACHED, steps, "reached")
        return Evaluation(configuration, fidelity, proposal.seed, proposal.phase, score, cost, stop, steps)

    def _best_log_rate(self, model: str, t: float) -> float:
        family = -3.2 - 0.25 * math.log10(self.sizes[model] / SMALL.parameters) + 0.3 * (1 - t)
        return family + self.moved.get(model, 0.0)

    def _excess(self, configuration: Configuration, model: str, t: float) -> float:
        """δ."""
        return math.log10(float(configuration.values["learning_rate"])) - self._best_log_rate(model, t)

    def _rate_quality(self, configuration: Configuration, fidelity: Fidelity) -> float:
        excess = self._excess(configuration, fidelity.model, fidelity.steps / self.horizon)
        return math.exp(-((excess / (0.8 if excess < 0 else 0.45)) ** 2))

    def _cost(self, configuration: Configuration, model: str, steps: int, segments: int) -> Cost:
        """Seconds of a whole run: steps grow with the model and with rollouts."""
        size = (self.sizes[model] / SMALL.parameters) ** 0.6
        per_step = 0.15 * size * (0.4 + 0.6 * float(configuration.values["rollouts"]) / 8)
        return Cost(steps * per_step, segments * 0.5 * size, segments * 0.3)


def _other_quality(configuration: Configuration) -> float:
    values = configuration.values
    quality = {"constant": 0.93, "linear": 0.97, "cosine": 1.0}[str(values["lr_scheduler"])]
    quality *= math.exp(-(((float(values["clip_ratio"]) - 0.25) / 0.4) ** 2))
    quality *= math.exp(-((math.log10(float(values["grad_clip"]) / 0.5) / 2.0) ** 2))
    quality *= math.exp(-((math.log10(float(values["kl_coef"]) / 1e-3) / 2.5) ** 2))
    return quality * (1 - 0.4 * math.exp(-float(values["rollouts"]) / 5)) / (1 - 0.4 * math.exp(-16 / 5))


def _normal(configuration: Configuration, fidelity: Fidelity, seed: int) -> float:
    """One standard normal number, always the same for the same evaluation."""
    key = f"{configuration.json()} {fidelity.model} {fidelity.steps} {seed}"
    return float(np.random.default_rng(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])).standard_normal())


def spent_seconds(history: History) -> float:
    """What all runs of a history cost together (an evaluation's cost is that of its whole run so far)."""
    runs: dict[tuple[Configuration, str, int], float] = {}
    for e in history.evaluations:
        run = (e.configuration, e.fidelity.model, e.seed)
        runs[run] = max(e.cost.seconds, runs.get(run, 0.0))
    return math.fsum(runs.values())


def simulate(
    optimizer: Optimizer,
    surface: GrpoSurface,
    seconds: float = math.inf,
    evaluations: int = 10_000,
    slots: int = 1,
) -> History:
    """A study on the surface: asks until the seconds or evaluations are spent or the optimizer ends, with `slots`
    runs in flight at a time; the first that was started ends first."""
    base = dict.fromkeys(surface.sizes, BASE_SCORE)
    history = History(base_scores=base)
    while True:
        open_ = spent_seconds(history) < seconds and len(history.evaluations) < evaluations
        while open_ and len(history.pending) < slots:
            proposal = optimizer.ask(history)
            if proposal is None:
                break
            history = replace(history, pending=(*history.pending, proposal))
        if not history.pending:
            return history
        proposal, *rest = history.pending
        history = replace(history, pending=tuple(rest)).with_evaluation(surface.evaluate(proposal, history))
