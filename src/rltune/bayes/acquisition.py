"""What an evaluation is worth: expected improvement per expected second.

Two numerators, over the same denominator: `score_improvement` is the published one, `goal_improvement` asks what the
evaluation tells about the goal, (target, r_max).

Notation:
    f(θ, φ, r)  score of configuration φ on model θ after r steps; primes mark the proxy
    f*          the incumbent's value: the largest posterior mean at (θ, r_max) over configurations φ⁺ that ran and
                live. A posterior mean, not a measured score: a lucky validation doesn't raise the bar
    α(φ, r)     E[(f'(θ', φ, r) - f*(θ, φ⁺, r_max))⁺ | D] / E[C(θ', φ, r)]   (arXiv 2606.03073), C of missing steps
    h(z)        φ(z) + z Φ(z), so that E[(N(μ, σ²) - f*)⁺] = σ h((μ - f*) / σ)
All in log space: far from the incumbent h underflows, its logarithm doesn't (Ament et al. 2023, arXiv 2310.20708).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erfcx, ndtr

from rltune.bayes.score_model import ScoreModel

FAR = -1e3
"""Below this z, log h is its asymptote log φ(z) - 2 log |z|."""


def log_expected_improvement(mean: np.ndarray, sd: np.ndarray, incumbent: np.ndarray | float) -> np.ndarray:
    """log E[(N(mean, sd²) - incumbent)⁺] for mean (q,) and sd (q,) > 0."""
    return np.log(sd) + log_h((mean - incumbent) / sd)


def log_h(z: np.ndarray) -> np.ndarray:
    """log(φ(z) + z Φ(z)), finite and accurate for all finite z."""
    z = np.asarray(z, dtype=float)
    log_density = -0.5 * z**2 - 0.5 * math.log(2 * math.pi)
    near, far = z > -1.0, z < FAR
    safe = np.where(near, z, 0.0)
    direct = np.log(np.exp(-0.5 * safe**2) / math.sqrt(2 * math.pi) + safe * ndtr(safe))
    middle = np.where(near | far, -1.0, z)
    # h = φ(z) (1 - |z| Φ(z) / φ(z)), and Φ(z) / φ(z) = sqrt(π / 2) erfcx(|z| / sqrt 2) for z < 0
    tail = np.log1p(middle * math.sqrt(math.pi / 2) * erfcx(-middle / math.sqrt(2)))
    asymptote = -2.0 * np.log(np.abs(np.where(far, z, FAR)))
    return np.where(near, direct, log_density + np.where(far, asymptote, tail))


def score_improvement(model: ScoreModel, x: np.ndarray, incumbent: np.ndarray) -> np.ndarray:
    """log E[(f'(θ', φ, r) - f*)⁺] (q,): of the *score at the evaluated fidelity* x (q, D) itself, for f* (q,)."""
    mean, variance = model.posterior(x)
    return log_expected_improvement(mean, np.sqrt(variance), incumbent)


def goal_improvement(model: ScoreModel, x: np.ndarray, goal: tuple[float, float], incumbent: np.ndarray) -> np.ndarray:
    """log expected improvement (q,) of the *posterior mean at (target, r_max)* by an evaluation at x (q, D).

    The evaluation moves that mean by N(0, σ̃²), σ̃ = cov(f at x, f at goal) / sqrt(var f at x + noise): the knowledge
    gradient (Frazier et al. 2009) of one configuration. Short or small runs are worth what they tell about the goal.
    """
    at_goal = x.copy()
    at_goal[:, -2:] = goal
    mean, variance, covariance = model.posterior_pairs(x, at_goal)
    shift = np.abs(covariance) / np.sqrt(variance + model.noise_variance)
    return log_expected_improvement(mean, np.maximum(shift, 1e-9), incumbent)
