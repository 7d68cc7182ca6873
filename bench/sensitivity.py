"""How right what a report says of hyperparameters is: on a surface whose sensitivities are known, by the number of
configurations that it rests on.

    python bench/sensitivity.py [searches]

For each search (of the joint-fidelity optimizer, on all models) and each size, the history is cut after that many
configurations, and what is said of (target, r_max) is compared with the truth. Also what PED-ANOVA says if it is asked
of the evaluated configurations themselves, as is usual.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from optuna import create_study
from optuna.distributions import FloatDistribution
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.logging import ERROR, set_verbosity
from optuna.trial import create_trial
from rich.console import Console
from rich.table import Table

from rltune.analysis.effects import Grid, with_value
from rltune.analysis.projection import Projection
from rltune.analysis.sensitivity import LEAST, LITTLE, sensitivity
from rltune.bayes.data import FidelityScale
from rltune.bayes.score_model import one_thread
from rltune.optimizers.build import build_optimizer
from rltune.optimizers.runs import best_scored
from rltune.report.sensitivity import fitted
from rltune.testing.surfaces import BASE_SCORE, GrpoSurface, grpo_recipe, grpo_space, simulate
from rltune.types import Configuration, Fidelity, History

SIZES = (8, 12, 16, 20, 30, 45)
EVALUATIONS = 60
"""Of each search: about as many configurations."""
COSTLY = 0.03
SPACE, SURFACE = grpo_space(), GrpoSurface()


@dataclass(frozen=True)
class Verdict:
    """What was said of one history: whether the learning rate came first, what else was said to matter, how many
    hyperparameters may stay at the recipe and how many of these cost more than COSTLY, and the share of the first."""

    first: bool
    wrong: int
    stay: int
    costly: int
    share: float
    naive: bool | None


def true_score(configuration: Configuration, fidelity: Fidelity) -> float:
    dead = SURFACE.dies(configuration, fidelity.model)
    return BASE_SCORE if dead else max(BASE_SCORE, SURFACE.value(configuration, fidelity))


def true_predict(x: np.ndarray, fidelity: Fidelity) -> tuple[np.ndarray, np.ndarray]:
    return np.array([true_score(SPACE.decode(row), fidelity) for row in x]), np.zeros(len(x))


def true_costs(winner: Configuration, goal: Fidelity) -> Mapping[str, float]:
    """What leaving each hyperparameter at the recipe truly costs."""
    lines = Grid(SPACE, winner, settings=1).lines
    best = {line.name: float(true_predict(line.near, goal)[0].max()) for line in lines if line.near is not None}
    return {n: b - true_score(with_value(winner, SPACE, n, grpo_recipe().values[n]), goal) for n, b in best.items()}


def cut(history: History, count: int) -> History:
    """The evaluations of the first `count` configurations."""
    kept = set(list(dict.fromkeys(e.configuration for e in history.evaluations))[:count])
    return replace(history, evaluations=tuple(e for e in history.evaluations if e.configuration in kept), pending=())


def judge(history: History, seed: int) -> Verdict:
    problem = SURFACE.problem(seed)
    scale = FidelityScale(problem.rungs[0], problem.horizon, problem.sizes, problem.target.name)
    winner = best_scored(history, problem.sizes, 1)[0]
    with one_thread():
        predict, resampled = fitted(history, SPACE, scale)
        found = sensitivity(
            history, SPACE, problem.goal, predict, resampled, recipe=problem.recipe, winner=winner, least=0
        )
    shares = {s.name: s.value for s in found.goal.shares} if found.goal else {}
    costs = true_costs(winner, problem.goal)
    safe = [s.name for s in found.goal.stakes if s.high <= LITTLE] if found.goal else []
    return Verdict(
        first=max(shares, key=lambda n: shares[n]) == "learning_rate",
        wrong=sum(s.name != "learning_rate" for s in found.matters),
        stay=len(safe),
        costly=sum(costs[name] > COSTLY for name in safe),
        share=shares["learning_rate"],
        naive=naive(found.by_fidelity[-1].projection),
    )


def naive(projection: Projection) -> bool | None:
    """Whether PED-ANOVA of the evaluated configurations has the learning rate first; None with fewer than 20."""
    if len(projection) < LEAST:
        return None
    axes = {name: FloatDistribution(0.0, 1.0) for name in SPACE.names}
    study = create_study(direction="maximize")
    for configuration, worth in zip(projection.configurations, projection.worth, strict=True):
        units = dict(zip(SPACE.names, SPACE.units(configuration).tolist(), strict=True))
        study.add_trial(create_trial(params=units, distributions=axes, value=float(worth)))
    found = PedAnovaImportanceEvaluator(target_quantile=0.25).evaluate(study)
    return max(found, key=lambda n: found[n]) == "learning_rate"


def main() -> None:
    set_verbosity(ERROR)
    searches = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    histories = []
    for seed in range(searches):
        optimizer = build_optimizer("joint_fidelity", SURFACE.problem(seed))
        histories.append(simulate(optimizer, SURFACE, evaluations=EVALUATIONS))
    truth = Grid(SPACE).effects(true_predict, SURFACE.problem(0).goal)
    console = Console()
    console.print("true main effects: " + ", ".join(f"{e.name} {e.share:.3f}" for e in truth))
    table = Table(
        "configurations",
        "learning rate first",
        "its share",
        "others said to matter",
        "would be called safe",
        "of these cost > 3 points",
        "naive PED-ANOVA right",
    )
    for size in SIZES:
        known = [
            judge(cut(h, size), s)
            for s, h in enumerate(histories)
            if len({e.configuration for e in h.evaluations}) >= size
        ]
        if not known:
            continue
        asked = [v.naive for v in known if v.naive is not None]
        table.add_row(
            str(size),
            f"{sum(v.first for v in known)} of {len(known)}",
            f"{np.mean([v.share for v in known]):.2f}",
            str(sum(v.wrong for v in known)),
            str(sum(v.stay for v in known)),
            str(sum(v.costly for v in known)),
            f"{sum(asked)} of {len(asked)}",
        )
    console.print(table)


if __name__ == "__main__":
    main()
