"""HpBandSter's BOHB: its own configuration generator (KDE) and its own successive halving, driven by one worker.

The package's master talks to workers through a Pyro name server and threads. Both parts that decide are plain
objects, so they are driven directly, in the order of `Master.run` with one worker; `BOHB.get_next_iteration` sizes the
brackets. BOHB takes no prior: the recipe is put in the first bracket as its first configuration.
"""

from __future__ import annotations

import itertools
import logging

import ConfigSpace
import ConfigSpace.hyperparameters as hyperparameters
import numpy as np
from hpbandster.core.dispatcher import Job
from hpbandster.optimizers.bohb import BOHB
from hpbandster.optimizers.config_generators.bohb import BOHB as KernelDensity
from protocol import Arena, Parameter, serve

ETA = 2


class Brackets(BOHB):
    """BOHB's sizing of brackets, without the master's network and threads."""

    def __init__(self, generator: KernelDensity, smallest: float, largest: float) -> None:
        self.config_generator = generator
        self.eta = ETA
        # As BOHB's own constructor has it, rounded: in floating point log(1/8)/log(2) may fall short of 3.
        self.max_SH_iter = round(np.log(largest / smallest) / np.log(ETA)) + 1
        self.budgets = largest * np.power(float(ETA), -np.linspace(self.max_SH_iter - 1, 0, self.max_SH_iter))


def bohb(arena: Arena) -> None:
    logging.disable(logging.WARNING)
    np.random.seed(arena.seed)
    space = ConfigSpace.ConfigurationSpace(seed=arena.seed)
    space.add_hyperparameters([_hyperparameter(parameter) for parameter in arena.space])
    generator = KernelDensity(space)
    brackets = Brackets(generator, arena.rungs[0], arena.full)
    for number in itertools.count():
        bracket = brackets.get_next_iteration(number)
        if number == 0 and arena.recipe is not None:
            bracket.add_configuration(dict(arena.recipe), {"model_based_pick": False})
        while (chosen := bracket.get_next_run()) is not None:
            identity, configuration, budget = chosen
            job = Job(identity, config=configuration, budget=budget)
            score = arena.evaluate("-".join(map(str, identity)), configuration, round(budget))
            job.result = {"loss": 1.0 - score}
            bracket.register_result(job)
            generator.new_result(job)


def _hyperparameter(parameter: Parameter) -> hyperparameters.Hyperparameter:
    if parameter.kind == "choice":
        return hyperparameters.CategoricalHyperparameter(parameter.name, list(parameter.choices))
    low, high = parameter.bounds
    if parameter.kind == "int":
        return hyperparameters.UniformIntegerHyperparameter(parameter.name, low, high, log=parameter.log)
    return hyperparameters.UniformFloatHyperparameter(parameter.name, low, high, log=parameter.log)


if __name__ == "__main__":
    serve({"bohb": bohb})
