"""The values of one parameter in a grid."""

from __future__ import annotations

import math

import numpy as np

from rltune.space.parameters import CategoricalParameter, Parameter


def grid_axis(parameter: Parameter, points: int) -> tuple[float, ...]:
    """Distinct unit values: `points` evenly spaced ones, ends included, or all if there are no more; all choices."""
    if isinstance(parameter, CategoricalParameter) or (parameter.cardinality or math.inf) <= points:
        return tuple(parameter.to_unit(value) for value in parameter.values())
    spaced = np.linspace(0.0, 1.0, points) if points > 1 else np.array([0.5])
    return tuple(dict.fromkeys(parameter.to_unit(parameter.from_unit(float(u))) for u in spaced))
