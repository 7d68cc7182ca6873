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

SEEN = 1e-12
"""Below this a difference of numbers around 1 says nothing."""
NOTHING = -1e6
"""The logarithm of the gain by what can't change any choice."""
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

    An evaluation moves μ_j by σ̃_j Z with one standard normal Z for all j. The movement of the present best has mean
    zero, so the gain is E[max_j (d_j + r_j Z)⁺] with d_j = μ_j - μ_best and r_j = σ̃_j - σ̃_best: what moves all alike
    changes no choice. The expectation is a sum over Z; where overtaking is too rare for the sum to see, the likeliest
    to overtake, E[(d_j + r_j Z)⁺] in closed form, stands in. It is never more than the whole.

    Args:
        own: mean (q,) and shift (q,) of each candidate's own configuration, which the evaluation makes known.
        known: mean (m,) and shift (q, m) of those that have been run; m >= 1.
    """
    best = int(known.mean.argmax())
    others = np.broadcast_to(known.mean, known.by.shape)
    d = np.column_stack([own.mean, others]) - known.mean[best]  # (q, 1 + m)
    r = np.column_stack([own.by, known.by]) - known.by[:, [best]]
    gain = np.zeros(len(d))
    for z, weight in zip(NODES, WEIGHTS, strict=True):
        gain += weight * np.maximum((d + z * r).max(axis=1), 0.0)
    moves = (np.abs(r) > SEEN) | (d > SEEN)
    single = log_expected_improvement(np.where(moves, d, 0.0), np.where(moves, np.abs(r) + SEEN, 1.0), 0.0)
    rare = np.where(moves, single, NOTHING).max(axis=1)
    return np.where(gain > SEEN, np.maximum(np.log(np.maximum(gain, SEEN)), rare), rare)
