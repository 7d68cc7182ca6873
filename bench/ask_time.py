"""How long the optimizer thinks: median seconds per ask at 50, 300 and 1,000 evaluations, on one core.

    python bench/ask_time.py [evaluations ...]

The history is a synthetic study on two search models with promotions and dead runs. `ask` is called on
growing histories, so that fits of hyperparameters take part in the proportion that they have in a study;
`cold` is the first ask of a new process, after a resume for instance (import time apart).
"""

from __future__ import annotations

import sys
import time

import numpy as np
from rich.console import Console
from rich.table import Table

from rltune.optimizers.build import build_optimizer
from rltune.testing.surfaces import LARGE, MIDDLE, SMALL, GrpoSurface, simulate
from rltune.types import Fidelity, History, Phase, Proposal

ASKS = 9
DESIGN = 14
"""Evaluations after which the initial design is complete."""


def synthetic_history(surface: GrpoSurface, evaluations: int, seed: int) -> History:
    """The initial design, then random configurations on both proxies; one in three goes on to each next
    rung."""
    problem = surface.problem(seed, (SMALL, MIDDLE), LARGE)
    rng = np.random.default_rng(seed)
    history = simulate(build_optimizer("joint_fidelity", problem), surface, evaluations=DESIGN)
    while len(history.evaluations) < evaluations:
        configuration = problem.space.sample(rng)
        model = problem.search_models[int(rng.random() < 0.3)].name
        for steps in problem.rungs:
            proposal = Proposal(configuration, Fidelity(model, steps), 0, Phase.SEARCH, "synthetic")
            evaluation = surface.evaluate(proposal, history)
            history = history.with_evaluation(evaluation)
            if not evaluation.succeeded or rng.random() > 1 / 3:
                break
    return History(history.evaluations[:evaluations], (), history.base_scores)


def measure(evaluations: int) -> tuple[float, float, float]:
    """Cold, median and largest seconds of asks around a history of that many evaluations."""
    surface = GrpoSurface()
    history = synthetic_history(surface, evaluations + ASKS, seed=1)
    optimizer = build_optimizer("joint_fidelity", surface.problem(1, (SMALL, MIDDLE), LARGE))
    seconds: list[float] = []
    for extra in range(ASKS):
        shown = History(history.evaluations[: evaluations + extra], (), history.base_scores)
        start = time.perf_counter()
        optimizer.ask(shown)
        seconds.append(time.perf_counter() - start)
    return seconds[0], float(np.median(seconds)), max(seconds)


def main(sizes: list[int]) -> None:
    table = Table("evaluations", "cold s", "median s", "max s", title="joint_fidelity: seconds per ask")
    measure(sizes[0])  # the first call of all loads and compiles
    for evaluations in sizes:
        cold, median, largest = measure(evaluations)
        table.add_row(str(evaluations), f"{cold:.3f}", f"{median:.3f}", f"{largest:.3f}")
    Console().print(table)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [50, 300, 1_000])
