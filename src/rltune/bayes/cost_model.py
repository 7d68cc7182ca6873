"""What a segment will cost: seconds from step a to step b of a configuration on a model.

Notation:
    seconds(a -> b) = (b - a) t(φ, m) + o(m)
    t  seconds per rollout step; log t is linear in the encoding of φ (rollouts and the like) and in log model size
    o  overhead of a segment, its start and its validation; log o is linear in log model size
    w  (k,) weights, normal prior; n observations of log seconds with normal noise: exact Bayesian linear regression
A prior stands in for what wasn't measured, so that one observation, or timing facts alone, already give sane costs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rltune.bayes.data import FidelityScale, encode_nearest
from rltune.space.space import Space
from rltune.types import Configuration, Evaluation, History

SIZE_EXPONENT = 0.7
"""Prior: seconds grow as parameters^0.7 (small models are bound by overheads, large ones by arithmetic)."""
OVERHEAD_STEPS = 2.0
"""Prior: a segment's overhead costs as much as this many steps."""
NOISE = 0.2
"""Standard deviation of log seconds between equal runs: a shared machine."""
VAGUE = 3.0


@dataclass(frozen=True, slots=True)
class LogLinear:
    """log seconds = w · features; posterior of w: mean (k,), covariance (k, k)."""

    mean: np.ndarray
    covariance: np.ndarray

    @classmethod
    def fit(cls, features: np.ndarray, seconds: np.ndarray, prior: np.ndarray, sd: np.ndarray) -> LogLinear:
        """From features (n, k), seconds (n,) > 0, prior mean (k,) and deviations sd (k,); n may be 0."""
        precision = np.diag(sd**-2.0) + features.T @ features / NOISE**2
        covariance = np.linalg.inv(precision)
        return cls(covariance @ (prior / sd**2 + features.T @ np.log(seconds) / NOISE**2), covariance)

    def expected(self, features: np.ndarray) -> np.ndarray:
        """E[seconds] (q,) at features (q, k): the mean of a log-normal. Its variance term is bounded, or else what
        was never measured would look infinitely dear."""
        variance = np.einsum("qi,ij,qj->q", features, self.covariance, features)
        return np.exp(features @ self.mean + np.minimum(variance, 1.0) / 2)


@dataclass(frozen=True, slots=True)
class CostModel:
    """Expected seconds of segments."""

    step: LogLinear
    overhead: LogLinear
    reference_size: float

    def seconds(self, x: np.ndarray, sizes: np.ndarray, missing_steps: np.ndarray) -> np.ndarray:
        """E[C] (q,) of training `missing_steps` (q,) more steps of encoded configurations x (q, d) on models with
        `sizes` (q,) parameters."""
        log_size = np.log(sizes / self.reference_size)
        per_step = self.step.expected(_step_features(x, log_size))
        return missing_steps * per_step + self.overhead.expected(_overhead_features(log_size))


def fit_cost_model(
    history: History, space: Space, scale: FidelityScale, step_seconds: Mapping[str, float]
) -> CostModel:
    """From the measured seconds of each run, and `step_seconds`: known seconds per step of some models, by name
    (timing facts; at the centre of the space). Evaluations without seconds are passed over."""
    reference = scale.sizes[scale.target]
    runs = _longest(history.evaluations)
    x, sizes, per_step, overheads = [], [], [], []
    for evaluation, segments in runs:
        encoding = encode_nearest(space, evaluation.configuration)
        train, steps = evaluation.cost.train_seconds, evaluation.steps_trained
        measured = math.isfinite(evaluation.cost.seconds) and train > 0 and steps > 0
        if encoding is None or not measured or evaluation.fidelity.model not in scale.sizes:
            continue
        x.append(encoding)
        sizes.append(scale.sizes[evaluation.fidelity.model])
        per_step.append(train / steps)
        overheads.append(max(evaluation.cost.seconds - train, 1e-3) / segments)
    log_size = np.log(np.array(sizes) / reference)
    for model, seconds in step_seconds.items():
        x.append(np.full(space.dimension, 0.5))
        sizes.append(scale.sizes[model])
        per_step.append(seconds)
    log_step_size = np.log(np.array(sizes) / reference)
    k = space.dimension
    step = LogLinear.fit(
        _step_features(np.array(x).reshape(-1, k), log_step_size),
        np.array(per_step),
        np.array([_prior_level(log_step_size, per_step), SIZE_EXPONENT, *[0.0] * k]),
        np.array([VAGUE, 0.3, *[0.5] * k]),
    )
    level = step.mean[0] + math.log(OVERHEAD_STEPS)
    overhead = LogLinear.fit(
        _overhead_features(log_size),
        np.array(overheads),
        np.array([level, SIZE_EXPONENT / 2]),
        np.array([1.0, 0.3]),
    )
    return CostModel(step, overhead, reference)


def _longest(evaluations: Sequence[Evaluation]) -> list[tuple[Evaluation, int]]:
    """The newest evaluation of each run, whose cost covers the whole run, and the number of its segments."""
    newest: dict[tuple[Configuration, str, int], tuple[Evaluation, int]] = {}
    for evaluation in evaluations:
        run = (evaluation.configuration, evaluation.fidelity.model, evaluation.seed)
        known, segments = newest.get(run, (evaluation, 0))
        newest[run] = max(known, evaluation, key=lambda e: e.steps_trained), segments + 1
    return list(newest.values())


def _prior_level(log_size: np.ndarray, per_step: Sequence[float]) -> float:
    """Log seconds per step of the target, from the size law alone; 0 (one second) if nothing was measured."""
    if not per_step:
        return 0.0
    return float(np.median(np.log(per_step) - SIZE_EXPONENT * log_size))


def _step_features(x: np.ndarray, log_size: np.ndarray) -> np.ndarray:
    """(q, 2 + d): one, log size, and φ around the centre."""
    return np.column_stack([np.ones(len(log_size)), log_size, x - 0.5])


def _overhead_features(log_size: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(len(log_size)), log_size])
