"""What an evaluation is worth: expected improvement per expected second.

Two numerators, over the same denominator: `score_improvement` is the published one, `knowledge_gradient` asks what
the evaluation tells about the goal, (target, r_max).

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

from rltune.bayes.score_model import Posterior, Shift

SEEN = 1e-13
"""Below this a sum of numbers around 1 says nothing."""
NODES = np.linspace(-5.0, 5.0, 41)
WEIGHTS = np.exp(-0.5 * NODES**2) / np.exp(-0.5 * NODES**2).sum()
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


def score_improvement(at: Posterior, incumbent: np.ndarray) -> np.ndarray:
    """log E[(f'(θ', φ, r) - f*)⁺] (q,): of the *score at the evaluated fidelity* itself, for f* (q,)."""
    return log_expected_improvement(at.mean, np.sqrt(at.variance), incumbent)


def knowledge_gradient(own: Shift, known: Shift) -> np.ndarray:
    """log (E[max_j μ_j after the evaluation] - max_j μ_j now) (q,): how much an evaluation is expected to raise the
    best posterior mean at the goal among configurations that have been run (Frazier et al. 2009).

    An evaluation moves μ_j by σ̃_j Z with one standard normal Z for all j, so the expectation is a sum over Z. Far
    below the incumbent the sum sees nothing; there the improvement by the candidate alone stands in, in closed form.

    Args:
        own: mean (q,) and shift (q,) of each candidate's own configuration, which the evaluation makes known.
        known: mean (m,) and shift (q, m) of those that have been run; m >= 1.
    """
    best = float(known.mean.max())
    alone = log_expected_improvement(own.mean, np.maximum(np.abs(own.by), 1e-9), best)
    after = np.zeros(len(own.mean))
    for z, weight in zip(NODES, WEIGHTS, strict=True):
        after += weight * np.maximum((known.mean + z * known.by).max(axis=1), own.mean + z * own.by)
    seen = after - best > SEEN
    return np.where(seen, np.log(np.where(seen, after - best, 1.0)), alone)
