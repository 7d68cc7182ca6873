"""What a segment will cost: seconds from step a to step b of a configuration on a model.

Notation:
    seconds(a -> b) = (b - a) t(φ, m) + n v(m) + o(m),  n rungs in (a, b]
    t  seconds per rollout step; log t is linear in the encoding of φ (rollouts and the like) and in log model size
    v  seconds of the validation at a rung; o  seconds that a segment takes to start; both log linear in log model size
    w  (k,) weights, normal prior; observed log seconds with normal noise: exact Bayesian linear regression
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
VALIDATION_STEPS = 1.0
"""Prior: a validation costs as much as this many steps."""
START_STEPS = 1.0
"""Prior: starting a segment costs as much as this many steps."""
NOISE = 0.2
"""Standard deviation of log seconds between equal runs: a shared machine."""
VAGUE = 3.0
"""Prior standard deviation of log seconds per step: any model on any machine."""
OVERHEAD_SD = 2.0
"""Prior standard deviation of log seconds of a validation or a start: from a fraction of a step to many."""


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
    validation: LogLinear
    start: LogLinear
    reference_size: float

    def seconds(
        self, x: np.ndarray, sizes: np.ndarray, missing_steps: np.ndarray, missing_rungs: np.ndarray
    ) -> np.ndarray:
        """E[C] (q,) of training `missing_steps` (q,) more steps, past `missing_rungs` (q,) rungs that are validated,
        of encoded configurations x (q, d) on models with `sizes` (q,) parameters."""
        log_size = np.log(sizes / self.reference_size)
        by_size = _size_features(log_size)
        training = missing_steps * self.step.expected(_step_features(x, log_size))
        return training + missing_rungs * self.validation.expected(by_size) + self.start.expected(by_size)


def fit_cost_model(
    history: History, space: Space, scale: FidelityScale, step_seconds: Mapping[str, float]
) -> CostModel:
    """From the measured seconds of each run, and `step_seconds`: known seconds per step of some models, by name
    (timing facts; at the centre of the space). What took no measurable time is passed over."""
    runs = [run for run in _measured(history.evaluations) if run.model in scale.sizes]
    x, sizes, per_step = [], [], []
    for run in runs:
        encoding = encode_nearest(space, run.configuration)
        if encoding is not None and run.step_seconds is not None:
            x.append(encoding)
            sizes.append(scale.sizes[run.model])
            per_step.append(run.step_seconds)
    for model, seconds in step_seconds.items():
        x.append(np.full(space.dimension, 0.5))
        sizes.append(scale.sizes[model])
        per_step.append(seconds)
    reference, k = scale.sizes[scale.target], space.dimension
    log_size = np.log(np.array(sizes) / reference)
    step = LogLinear.fit(
        _step_features(np.array(x).reshape(-1, k), log_size),
        np.array(per_step),
        np.array([_prior_level(log_size, per_step), SIZE_EXPONENT, *[0.0] * k]),
        np.array([VAGUE, 0.3, *[0.5] * k]),
    )
    level = float(step.mean[0])
    validations = [(run.model, run.validation_seconds) for run in runs if run.validation_seconds is not None]
    starts = [(run.model, run.start_seconds) for run in runs if run.start_seconds is not None]
    return CostModel(
        step,
        _fit_overhead(validations, scale, level + math.log(VALIDATION_STEPS)),
        _fit_overhead(starts, scale, level + math.log(START_STEPS)),
        reference,
    )


@dataclass(frozen=True, slots=True)
class _MeasuredRun:
    """Seconds a step, a validation and a start of one run; None if it took none that could be measured."""

    configuration: Configuration
    model: str
    step_seconds: float | None
    validation_seconds: float | None
    start_seconds: float | None


def _measured(evaluations: Sequence[Evaluation]) -> list[_MeasuredRun]:
    """The runs, each from its evaluations: their costs are cumulative, and one segment may give several of them."""
    runs: dict[tuple[Configuration, str, int], list[Evaluation]] = {}
    for e in evaluations:
        if math.isfinite(e.cost.seconds):
            runs.setdefault((e.configuration, e.fidelity.model, e.seed), []).append(e)
    return [_measured_run(found) for found in runs.values()]


def _measured_run(evaluations: Sequence[Evaluation]) -> _MeasuredRun:
    longest = max(evaluations, key=lambda e: (e.steps_trained, e.cost.seconds))
    # A run that was stopped between two rungs has an evaluation without a validation.
    validated = {e.fidelity.steps for e in evaluations if e.score is not None}
    # Later evaluations hold the starts of all segments so far, the first one that of the first segment alone.
    starts = [e.cost.start_seconds for e in evaluations if e.cost.start_seconds > 0]
    return _MeasuredRun(
        longest.configuration,
        longest.fidelity.model,
        _share(longest.cost.train_seconds, longest.steps_trained),
        _share(longest.cost.validate_seconds, len(validated)),
        min(starts, default=None),
    )


def _share(seconds: float, parts: int) -> float | None:
    return seconds / parts if seconds > 0 and parts > 0 else None


def _fit_overhead(measured: Sequence[tuple[str, float]], scale: FidelityScale, level: float) -> LogLinear:
    """Of (model, seconds): one observation a model, their median, for a run that was interrupted started twice."""
    by_model: dict[str, list[float]] = {}
    for model, seconds in measured:
        by_model.setdefault(model, []).append(seconds)
    log_size = np.log(np.array([scale.sizes[model] for model in by_model]) / scale.sizes[scale.target])
    return LogLinear.fit(
        _size_features(log_size),
        np.array([np.median(seconds) for seconds in by_model.values()]),
        np.array([level, SIZE_EXPONENT / 2]),
        np.array([OVERHEAD_SD, 0.3]),
    )


def _prior_level(log_size: np.ndarray, per_step: Sequence[float]) -> float:
    """Log seconds per step of the target, from the size law alone; 0 (one second) if nothing was measured."""
    if not per_step:
        return 0.0
    return float(np.median(np.log(per_step) - SIZE_EXPONENT * log_size))


def _step_features(x: np.ndarray, log_size: np.ndarray) -> np.ndarray:
    """(q, 2 + d): one, log size, and φ around the centre."""
    return np.column_stack([np.ones(len(log_size)), log_size, x - 0.5])


def _size_features(log_size: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(len(log_size)), log_size])
