"""Optuna's samplers: TPE with the Hyperband pruner, TPE on full runs, the Gaussian process on full runs.

Both samplers draw their first ten trials at random by default, which is more than some budgets hold; the eager Gaussian
process is what a user who knows that would run.

The Hyperband pruner's own rungs are min_resource * 2^k, so a reduction factor of 2 makes them ours. A trial goes on
from its checkpoint to each next rung until it is pruned.
"""

from __future__ import annotations

import optuna
from protocol import Arena, Value, serve

EAGER_STARTUP = 3
"""Trials before the eager Gaussian process is used, the recipe included."""


def tpe_hyperband(arena: Arena) -> None:
    pruner = optuna.pruners.HyperbandPruner(min_resource=arena.rungs[0], max_resource=arena.full, reduction_factor=2)
    _search(arena, optuna.samplers.TPESampler(seed=arena.seed), pruner, arena.rungs)


def tpe(arena: Arena) -> None:
    _search(arena, optuna.samplers.TPESampler(seed=arena.seed), optuna.pruners.NopPruner(), (arena.full,))


def gaussian_process(arena: Arena) -> None:
    sampler = optuna.samplers.GPSampler(seed=arena.seed)
    _search(arena, sampler, optuna.pruners.NopPruner(), (arena.full,))


def eager_gaussian_process(arena: Arena) -> None:
    sampler = optuna.samplers.GPSampler(seed=arena.seed, n_startup_trials=EAGER_STARTUP)
    _search(arena, sampler, optuna.pruners.NopPruner(), (arena.full,))


def _search(
    arena: Arena, sampler: optuna.samplers.BaseSampler, pruner: optuna.pruners.BasePruner, rungs: tuple[int, ...]
) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # Hyperband draws a trial's bracket from the study's name: a name of its own choice would differ each time.
    study = optuna.create_study(study_name=f"study-{arena.seed}", direction="maximize", sampler=sampler, pruner=pruner)
    if arena.recipe is not None:
        study.enqueue_trial(arena.recipe)
    study.optimize(lambda trial: _objective(arena, trial, rungs))


def _objective(arena: Arena, trial: optuna.Trial, rungs: tuple[int, ...]) -> float:
    configuration = _suggest(arena, trial)
    score = 0.0
    for steps in rungs:
        score = arena.evaluate(str(trial.number), configuration, steps)
        trial.report(score, steps)
        if steps < arena.full and trial.should_prune():
            raise optuna.TrialPruned
    return score


def _suggest(arena: Arena, trial: optuna.Trial) -> dict[str, Value]:
    configuration: dict[str, Value] = {}
    for parameter in arena.space:
        if parameter.kind == "choice":
            configuration[parameter.name] = trial.suggest_categorical(parameter.name, parameter.choices)
        elif parameter.kind == "int":
            low, high = int(parameter.low), int(parameter.high)
            configuration[parameter.name] = trial.suggest_int(parameter.name, low, high, log=parameter.log)
        else:
            low, high = parameter.bounds
            configuration[parameter.name] = trial.suggest_float(parameter.name, low, high, log=parameter.log)
    return configuration


if __name__ == "__main__":
    serve(
        {
            "tpe_hyperband": tpe_hyperband,
            "optuna_tpe": tpe,
            "optuna_gp": gaussian_process,
            "optuna_gp_eager": eager_gaussian_process,
        }
    )
