"""A smooth table of the recorded runs: validation scores at each rung of any configuration on a recorded model.

    python bench/surrogate.py [task]          leave-one-out error and rank correlation of the surrogate

The scores (as logits: they are shares of right answers) of one model's recorded configurations are learned twice, by a
Gaussian process per rung (Matern-5/2, a length per hyperparameter) and by extremely randomized trees over all rungs
at once, and the two predictions are averaged: two kinds of model, so that no contender finds exactly its own kind. What
stands for a trained run is recorded data only; the surrogate fills the space between.

Notation:
    n  recorded configurations of one model; q queries; p hyperparameters; R rungs
    u  (q, p) unit values of the recorded space
    Y  (n, R) validation scores
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import spearmanr
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from record_curves import HORIZONS, WIDE, rungs
from recorded import Recorded, recorded_runs
from rltune.models.embedded import SHAPES
from rltune.types import Configuration

CLIP = 0.01
"""Scores are held this far from 0 and 1 before their logit is taken."""
TREES = 200
LIVES = 1 / 3
"""A configuration lives if it ends with this share of the best recorded gain (the definition of stopping/labels.py)."""


def logit(score: np.ndarray) -> np.ndarray:
    held = np.clip(score, CLIP, 1 - CLIP)
    return np.log(held / (1 - held))


def expit(value: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-value))


@dataclass(frozen=True)
class Learned:
    """Both models, fitted to u (n, p) and Y (n, R)."""

    gps: tuple[GaussianProcessRegressor, ...]
    trees: ExtraTreesRegressor

    @classmethod
    def fit(cls, u: np.ndarray, scores: np.ndarray) -> Learned:
        target = logit(scores)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a length at its bound: a hyperparameter that doesn't matter
            gps = tuple(_gp(u.shape[1]).fit(u, column) for column in target.T)
        trees = ExtraTreesRegressor(TREES, random_state=0).fit(u, target)
        return cls(gps, trees)

    def each(self, u: np.ndarray) -> dict[str, np.ndarray]:
        """Scores (q, R) by each model alone and by both."""
        smooth = np.column_stack([gp.predict(u) for gp in self.gps])
        trees = self.trees.predict(u).reshape(smooth.shape)
        return {"gp": expit(smooth), "trees": expit(trees), "both": expit((smooth + trees) / 2)}

    def predict(self, u: np.ndarray) -> np.ndarray:
        return self.each(u)["both"]


@dataclass(frozen=True)
class CurveTable:
    """Everything recorded of one model on one task, and what was learned from it."""

    size: str
    runs: tuple[Recorded, ...]
    rungs: tuple[int, ...]

    @classmethod
    def of(cls, recorded: Sequence[Recorded], task: str, size: str) -> CurveTable:
        runs = tuple(r for r in recorded if (r.group, r.size, r.seed) == ("wide", size, 0))
        return cls(size, runs, rungs(task))

    @cached_property
    def units(self) -> np.ndarray:
        """(n, p)"""
        return np.array([WIDE.units(Configuration(run.configuration)) for run in self.runs])

    @cached_property
    def scores(self) -> np.ndarray:
        """(n, R)"""
        return np.array([[run.scores[rung] for rung in self.rungs] for run in self.runs])

    @cached_property
    def learned(self) -> Learned:
        return Learned.fit(self.units, self.scores)

    @property
    def base(self) -> float:
        """The model's score before training."""
        return self.runs[0].base

    @property
    def alive_above(self) -> float:
        return self.base + LIVES * (float(self.scores[:, -1].max()) - self.base)

    def noise(self, recorded: Sequence[Recorded]) -> float:
        """Standard deviation of the last rung's score over training seeds, from the pairs of living runs."""
        again = {r.number: r for r in recorded if (r.group, r.size, r.seed) == ("wide", self.size, 1)}
        pairs = [
            (run.scores[self.rungs[-1]], again[run.number].scores[self.rungs[-1]])
            for run in self.runs
            if run.number in again
        ]
        alive = np.array([b - a for a, b in pairs if (a + b) / 2 > self.alive_above])
        return float(np.sqrt(np.mean(alive**2) / 2)) if len(alive) >= 3 else DEFAULT_NOISE

    @cached_property
    def left_out(self) -> dict[str, np.ndarray]:
        """Predictions (n, R) of each configuration from all others, by model."""
        found = {}
        for i in range(len(self.runs)):
            rest = np.arange(len(self.runs)) != i
            for name, value in Learned.fit(self.units[rest], self.scores[rest]).each(self.units[i : i + 1]).items():
                found.setdefault(name, []).append(value[0])
        return {name: np.array(rows) for name, rows in found.items()}


DEFAULT_NOISE = 0.01


def _gp(p: int) -> GaussianProcessRegressor:
    kernel = ConstantKernel(1.0) * Matern(np.ones(p), (0.05, 20.0), nu=2.5) + WhiteKernel(0.01)
    return GaussianProcessRegressor(kernel, normalize_y=True)


def quality(predicted: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """Of predictions (n,): mean and median absolute error, rank correlation, both also in the upper two fifths."""
    top = true >= np.quantile(true, 0.6)
    error = np.abs(predicted - true)
    return {
        "mean error": float(error.mean()),
        "median error": float(np.median(error)),
        "rank correlation": float(spearmanr(predicted, true)[0]),
        "mean error, top 40 %": float(error[top].mean()),
        "rank correlation, top 40 %": float(spearmanr(predicted[top], true[top])[0]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", nargs="?", choices=tuple(HORIZONS), default="arithmetic/easy")
    task = parser.parse_args().task
    recorded = recorded_runs(task)
    for size in SHAPES:
        table = CurveTable.of(recorded, task, size)
        print(f"{task}, {size}: {len(table.runs)} configurations, noise of a seed {table.noise(recorded):.4f}")
        for name, predicted in table.left_out.items():
            figures = quality(predicted[:, -1], table.scores[:, -1])
            print(f"  {name:6s}", ", ".join(f"{key} {value:.3f}" for key, value in figures.items()))


if __name__ == "__main__":
    main()
