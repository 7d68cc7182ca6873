"""NePS by its ask-and-tell: PriorBand, and ifBO (a freeze-thaw transformer).

The recipe is the prior, with medium confidence, and is sampled first. PriorBand's rungs are steps. ifBO advances a
run by one equal step of fidelity at a time: its fidelity is the number of the rung, from 1. Its surrogate's weights are
no part of the package, which downloads them when ifBO is first made; they are kept in the environment.
"""

from __future__ import annotations

import logging
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from neps import AskAndTell
from neps.optimizers import algorithms
from neps.space import HPOCategorical, HPOFloat, HPOInteger, SearchSpace
from protocol import Arena, Parameter, Value, serve

FIDELITY = "fidelity"
WEIGHTS = Path(sys.prefix)
"""ifBO keeps its weights in the folder .model below this one."""


def priorband(arena: Arena) -> None:
    _seed(arena)
    fidelity = HPOInteger(arena.rungs[0], arena.full, is_fidelity=True)
    optimizer = algorithms.priorband(_space(arena, fidelity), eta=2, sample_prior_first=arena.recipe is not None)
    _search(arena, optimizer, int)


def ifbo(arena: Arena) -> None:
    _seed(arena)
    fidelity = HPOInteger(1, len(arena.rungs), is_fidelity=True)
    prior = arena.recipe is not None
    optimizer = algorithms.ifbo(
        _space(arena, fidelity), use_priors=prior, sample_prior_first=prior, surrogate_path=WEIGHTS
    )
    _search(arena, optimizer, lambda rung: arena.rungs[round(rung) - 1])


def _search(arena: Arena, optimizer: Any, steps: Callable[[float], int]) -> None:
    """Asks and tells; a trial's name starts with its configuration's number, which names the run.

    A run keeps the configuration that it started with: ifBO gives it back in single precision.
    """
    session = AskAndTell(optimizer)
    runs: dict[str, dict[str, Value]] = {}
    while True:
        trial = session.ask()
        configuration = dict(trial.config)
        fidelity = configuration.pop(FIDELITY)
        run = trial.id.split("_")[0]
        score = arena.evaluate(run, runs.setdefault(run, configuration), steps(fidelity))
        session.tell(trial, 1.0 - score)


def _seed(arena: Arena) -> None:
    """NePS draws from the global generators, as its own runtime seeds them."""
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    random.seed(arena.seed)
    np.random.seed(arena.seed)
    torch.manual_seed(arena.seed)


def _space(arena: Arena, fidelity: HPOInteger) -> SearchSpace:
    recipe = arena.recipe or {}
    space = {parameter.name: _hyperparameter(parameter, recipe.get(parameter.name)) for parameter in arena.space}
    return SearchSpace({**space, FIDELITY: fidelity})


def _hyperparameter(parameter: Parameter, prior: Value | None) -> HPOFloat | HPOInteger | HPOCategorical:
    if parameter.kind == "choice":
        return HPOCategorical(list(parameter.choices), prior=prior, prior_confidence="medium")
    kind = HPOInteger if parameter.kind == "int" else HPOFloat
    return kind(*parameter.bounds, log=parameter.log, prior=prior, prior_confidence="medium")


if __name__ == "__main__":
    serve({"priorband": priorband, "ifbo": ifbo})
