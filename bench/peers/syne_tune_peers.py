"""Syne Tune's schedulers, asked and told with one worker: ASHA by promotion, MOBSTER, DyHPO.

The loop is what its tuner does with a backend that keeps checkpoints: a scheduler starts a trial or resumes a paused
one, and says in `max_resource_attr` how far it is to run. DyHPO's rungs are linear by default; here they are those
that exist.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

import numpy as np
from protocol import Arena, serve
from syne_tune.backend.trial_status import Trial
from syne_tune.config_space import choice, lograndint, loguniform, randint, uniform
from syne_tune.optimizer.baselines import ASHA, MOBSTER, DyHPO
from syne_tune.optimizer.schedulers.hyperband import HyperbandScheduler

SCORE, STEPS, UP_TO = "score", "steps", "up_to"


def asha(arena: Arena) -> None:
    _search(arena, ASHA, type="promotion", grace_period=arena.rungs[0], reduction_factor=2)


def mobster(arena: Arena) -> None:
    _search(arena, MOBSTER, type="promotion", grace_period=arena.rungs[0], reduction_factor=2)


def dyhpo(arena: Arena) -> None:
    _search(arena, DyHPO, rung_levels=list(arena.rungs[:-1]))


def _search(arena: Arena, kind: Callable[..., HyperbandScheduler], **settings: object) -> None:
    logging.getLogger().setLevel(logging.ERROR)
    # The Gaussian process' restarts draw from numpy's global generator.
    np.random.seed(arena.seed)
    scheduler = kind(
        _config_space(arena),
        metric=SCORE,
        mode="max",
        resource_attr=STEPS,
        max_resource_attr=UP_TO,
        random_seed=arena.seed,
        points_to_evaluate=None if arena.recipe is None else [arena.recipe],
        **settings,
    )
    trials: dict[int, Trial] = {}
    while True:
        suggestion = scheduler.suggest(len(trials))
        if suggestion is None:
            return
        if suggestion.spawn_new_trial_id:
            trial = Trial(len(trials), suggestion.config, datetime.now())
            trials[trial.trial_id] = trial
            scheduler.on_trial_add(trial)
        else:
            trial = trials[suggestion.checkpoint_trial_id]
            trial.config = suggestion.config
        _run(arena, scheduler, trial)


def _run(arena: Arena, scheduler: HyperbandScheduler, trial: Trial) -> None:
    """Runs a trial to where it is to go; only that rung decides, and only it is reported."""
    steps = int(trial.config[UP_TO])
    score = arena.evaluate(str(trial.trial_id), trial.config, steps)
    scheduler.on_trial_result(trial, {SCORE: score, STEPS: steps})
    scheduler.on_trial_remove(trial)


def _config_space(arena: Arena) -> dict[str, object]:
    space: dict[str, object] = {UP_TO: arena.full}
    for parameter in arena.space:
        if parameter.kind == "choice":
            space[parameter.name] = choice(list(parameter.choices))
        else:
            kinds = {"int": (randint, lograndint), "float": (uniform, loguniform)}
            space[parameter.name] = kinds[parameter.kind][parameter.log](*parameter.bounds)
    return space


if __name__ == "__main__":
    serve({"asha": asha, "mobster": mobster, "dyhpo": dyhpo})
