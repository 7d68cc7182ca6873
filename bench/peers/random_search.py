"""Random search: uniform in scaled values, full runs only, the recipe first if there is one."""

from __future__ import annotations

import itertools
import math
import random

from protocol import Arena, Parameter, Value, serve


def random_search(arena: Arena) -> None:
    rng = random.Random(arena.seed)
    if arena.recipe is not None:
        arena.evaluate("recipe", arena.recipe, arena.full)
    for number in itertools.count():
        configuration = {parameter.name: _sample(parameter, rng) for parameter in arena.space}
        arena.evaluate(str(number), configuration, arena.full)


def _sample(parameter: Parameter, rng: random.Random) -> Value:
    if parameter.kind == "choice":
        return rng.choice(parameter.choices)
    # Each whole number owns the interval around it, so that rounding favours none.
    half = 0.5 if parameter.kind == "int" else 0.0
    low, high = parameter.low - half, parameter.high + half
    if parameter.log:
        value = math.exp(rng.uniform(math.log(low), math.log(high)))
    else:
        value = rng.uniform(low, high)
    return min(max(round(value), int(parameter.low)), int(parameter.high)) if parameter.kind == "int" else value


if __name__ == "__main__":
    serve({"random": random_search})
