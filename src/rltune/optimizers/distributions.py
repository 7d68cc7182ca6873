"""A parameter of a space as a distribution of Optuna: the same values, on the same scale."""

from __future__ import annotations

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from rltune.space.parameters import CategoricalParameter, FloatParameter, Parameter


def distribution_of(parameter: Parameter) -> BaseDistribution:
    """The same values, on the same scale. When it is present is left out: Optuna's distributions know no conditions."""
    if isinstance(parameter, CategoricalParameter):
        return CategoricalDistribution(parameter.choices)
    # Optuna warns of a last step that doesn't end at `high`
    if isinstance(parameter, FloatParameter):
        high = parameter.values()[-1] if parameter.step is not None else parameter.high
        return FloatDistribution(parameter.low, high, log=parameter.log, step=parameter.step)
    return IntDistribution(parameter.low, parameter.values()[-1], log=parameter.log, step=parameter.step)
