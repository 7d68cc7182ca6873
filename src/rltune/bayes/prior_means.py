"""What earlier studies say of a configuration at the goal: one number each, which the score model learns to trust.

A Gaussian process like the study's own is fitted to each earlier study; its posterior mean at (target, r_max) is a
feature of every configuration of the new one. The score model then is f = β m + g, with the earlier mean m, a trust β
that is learned with everything else, and a process g of its own: the recursive co-kriging of Le Gratiet and Garnier
(2014, doi 10.1615/Int.J.UncertaintyQuantification.2014006914), after Kennedy and O'Hagan's autoregressive model.

Notation:
    n, d, x as in `PriorTask`; p earlier studies
    z  (n, 2) log share of a run and log model size; the goal is 1 in both, a smaller model or a shorter run less
    m  (q, p) standardized posterior means at the goal
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rltune.bayes.data import NO_RUN, Layout, TrainingData, Trust
from rltune.bayes.score_model import Scale, ScoreModel, fit_hyperparameters, representatives
from rltune.priors.task import PriorTask

MOST_ROWS = 500
"""Of a longer study so many evaluations are learned from: the best half of these, and a sample of the others."""
TRUST_MEAN, TRUST_SD = 0.5, 0.5
"""Normal prior of β for `weight: auto`: half of what it says is believed at first; that it says nothing, or the
contrary, is one deviation or more away."""
FIXED_SD = 1e-3
DECADE = math.log(10.0)
"""Without other sizes to measure by, a tenth of the target's size is as far off as the smallest rung."""


class PriorMeans:
    """m of configurations, for p >= 0 earlier studies.

    Args:
        rate: column of the learning rate in an encoding, if it is searched. target: number of parameters.
    """

    def __init__(self, earlier: Sequence[PriorTask], layout: Layout, target: float) -> None:
        self.names = tuple(one.name for one in earlier)
        self.fixed = tuple(one.weight is not None for one in earlier)
        self.trusts = tuple(_trust(one) for one in earlier)
        self._layout = Layout(layout.d, layout.rate)
        self._models = [_model_of(one, self._layout, target) for one in earlier]

    def __call__(self, encodings: np.ndarray) -> np.ndarray:
        """m (q, p) of encodings (q, d)."""
        found = np.zeros((len(encodings), len(self._models)))
        if not len(encodings):
            return found
        at = np.column_stack([encodings, np.ones((len(encodings), 2)), np.full(len(encodings), NO_RUN)])
        for column, model in enumerate(self._models):
            found[:, column] = model.means(at)
        return found


def _trust(earlier: PriorTask) -> Trust:
    return Trust(TRUST_MEAN, TRUST_SD) if earlier.weight is None else Trust(earlier.weight, FIXED_SD)


def _model_of(earlier: PriorTask, layout: Layout, target: float) -> ScoreModel:
    """The posterior of one earlier study."""
    low, smallest = float(earlier.shares.min(initial=1.0)), float(earlier.sizes.min(initial=target))
    steps = 1 + np.log(earlier.shares) / max(-math.log(low), 1e-12)
    reach = math.log(target / smallest) or DECADE
    size = 1 + np.log(earlier.sizes / target) / reach
    x = np.column_stack([earlier.x, steps, size, earlier.runs.astype(float)])
    alive = np.isfinite(earlier.scores)
    floor = float(earlier.scores[alive].min()) if alive.any() else 0.0
    y = np.where(alive, earlier.scores, floor)
    data = TrainingData(x, y, layout)
    return ScoreModel(representatives(data, MOST_ROWS, best=0.5), fit_hyperparameters(data), Scale.of(y))
