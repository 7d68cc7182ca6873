"""How much each hyperparameter decides whether a configuration is among the best at a fidelity: PED-ANOVA.

PED-ANOVA (Watanabe et al. 2023, arXiv 2304.10255; Optuna's evaluator) compares where the best configurations lie along
a hyperparameter with where all lie. It must not be asked of the evaluated configurations themselves: a search soon
tries only good learning rates, and among those it doesn't matter any more: asked so, PED-ANOVA mostly misses the
learning rate on surfaces where that makes 94 % of the differences. So the evaluations are projected on the whole
space: a model of all of them says what M configurations that fill it evenly are worth at the fidelity.

Notation:
    M  configurations, quasi-random in the space; p  hyperparameters
    r  (p,) PED-ANOVA's divergences; r° (p,) their mean over shuffled scores: two samples always differ somewhat
    s  (p,) shares max(r - r°, 0) / Σ max(r - r°, 0)
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.logging import WARNING, get_verbosity, set_verbosity
from optuna.study import Study, create_study
from optuna.trial import FrozenTrial, create_trial

from rltune.analysis.effects import Predict
from rltune.space.parameters import CategoricalParameter, IntParameter, Parameter
from rltune.space.quasi_random import sobol
from rltune.space.space import Space
from rltune.types import Fidelity, Scalar

CONFIGURATIONS = 256
"""M."""
BEST_SHARE = 0.25
"""The best quarter is compared with all."""
SHUFFLES = 10


@dataclass(frozen=True, slots=True)
class Share:
    """One hyperparameter's share in [0, 1], and where 90 % of resamples of the configurations have it."""

    name: str
    value: float
    low: float
    high: float


def with_ranges(names: Sequence[str], found: np.ndarray, drawn: Sequence[np.ndarray]) -> tuple[Share, ...]:
    """Shares found (p,) with the range of 90 % of what resamples gave: drawn (p,) each."""
    if not len(drawn):
        return tuple(Share(name, float(value), 0.0, 1.0) for name, value in zip(names, found, strict=True))
    low, high = np.quantile(np.array(drawn), [0.05, 0.95], axis=0)
    low, high = np.minimum(low, found), np.maximum(high, found)
    return tuple(Share(name, float(found[i]), float(low[i]), float(high[i])) for i, name in enumerate(names))


def _shares(excess: np.ndarray) -> np.ndarray:
    """s (p,); where nothing exceeds chance all are equal: nothing is known of who has more."""
    kept = np.maximum(excess, 0.0)
    total = kept.sum()
    return kept / total if total > 0 else np.full(len(kept), 1.0 / len(kept))


class PedAnova:
    """M configurations of a space, laid out once for all models and fidelities."""

    def __init__(self, space: Space, seed: int = 0) -> None:
        self._names = space.names
        self._rng_seed = seed
        configurations = sobol(space, CONFIGURATIONS, seed)
        self._x = np.array([space.encode(c) for c in configurations])
        self._study = _empty_study()
        distributions = {name: _distribution(parameter) for name, parameter in space.parameters.items()}
        for configuration in configurations:
            params = {n: _coordinate(space.parameters[n], v) for n, v in configuration.values.items()}
            present = {n: distributions[n] for n in params}
            self._study.add_trial(create_trial(params=params, distributions=present, value=0.0))
        self._evaluator = PedAnovaImportanceEvaluator(target_quantile=BEST_SHARE)

    def shares(self, predict: Predict, resampled: Sequence[Predict], fidelity: Fidelity) -> tuple[Share, ...]:
        """The share of each hyperparameter of the space in the importance at a fidelity, in the space's order.

        Args:
            resampled: the same model after resampled configurations, for the range; without any it is [0, 1].
        """
        rng = np.random.default_rng(self._rng_seed)
        mean, _ = predict(self._x, fidelity)
        level = np.mean([self._divergence(rng.permutation(mean)) for _ in range(SHUFFLES)], axis=0)
        drawn = [_shares(self._divergence(other(self._x, fidelity)[0]) - level) for other in resampled]
        return with_ranges(self._names, _shares(self._divergence(mean) - level), drawn)

    def _divergence(self, scores: np.ndarray) -> np.ndarray:
        """r (p,) under scores (M,)."""

        def target(trial: FrozenTrial) -> float:
            return -float(scores[trial.number])

        with warnings.catch_warnings():
            # that low targets are taken as good, which they are here, and that a conditional parameter is rare
            warnings.simplefilter("ignore")
            found = self._evaluator.evaluate(self._study, target=target)
        return np.array([found.get(name, 0.0) for name in self._names])


def _empty_study() -> Study:
    """A study in memory, without the line that Optuna prints of each."""
    loudness = get_verbosity()
    set_verbosity(WARNING)
    try:
        return create_study()
    finally:
        set_verbosity(loudness)


def _distribution(parameter: Parameter) -> BaseDistribution:
    """Unit values of a continuum, numbers of the values of anything else: so no scale or step needs translating."""
    if isinstance(parameter, CategoricalParameter):
        return CategoricalDistribution(tuple(range(parameter.cardinality)))
    if _is_continuum(parameter):
        return FloatDistribution(0.0, 1.0)
    return IntDistribution(0, (parameter.cardinality or 1) - 1)


def _coordinate(parameter: Parameter, value: Scalar) -> float | int:
    unit, count = parameter.to_unit(value), parameter.cardinality or 1
    return unit if _is_continuum(parameter) else min(int(unit * count), count - 1)


def _is_continuum(parameter: Parameter) -> bool:
    """Whole numbers on a log scale count as one: their cells aren't equally wide."""
    return parameter.cardinality is None or (isinstance(parameter, IntParameter) and parameter.log)
