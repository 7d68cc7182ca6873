"""What an earlier study on the easier task brings a study on the harder one, and what a misleading one costs.

    python bench/warm_start_prior.py run [--seeds 20] [--only same] [--budget 4]    (goes on where it was)
    python bench/warm_start_prior.py tell [--print]                                 (the tables of docs/warm-start.md)

Replay of recorded runs in simulated time (arena.py). The earlier study is one of rltune on arithmetic/easy with a seed
of its own, for EARLIER full runs of the target there; its history is mapped as a study file's `warm_start` would. Then
rltune plays arithmetic/hard for a budget in full runs, with it (an *arm*) or without; `tell` looks at all of them up to
what the shortest has spent, in whole runs:

    none      no earlier study
    same      the earlier study as it was
    negated   its scores turned upside down, what died there as the best: as wrong as can be
    permuted  its scores dealt out anew: noise

Measures: cost until what it names is worth 95 % of the best in the space, in full runs of the recipe on the target: for
the first time (*reached*), and for good (*stays*); the latter of 90 %, too, since 95 % lie where studies end up with or
without an earlier one, and a point less or more decides.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from arena import PARAMETERS, Studied, World
from rltune.bayes.score_model import one_thread
from rltune.optimizers.base import Problem
from rltune.optimizers.build import build_optimizer
from rltune.priors import Prior, read_prior, write_prior
from rltune.priors.history import prior_of_history
from rltune.priors.mapping import Ground, Wishes, map_prior
from standings import replace_between

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "bench" / "data" / "warm_start_prior.jsonl"
SCRATCH = ROOT / "build" / "warm_start_prior"
DOCS = ROOT / "docs" / "warm-start.md"
EASY, HARD = "arithmetic/easy", "arithmetic/hard"
EARLIER = 4.0
"""What an earlier study may spend, in full runs of the recipe on its target."""
OTHER_SEEDS = 1_000
"""An earlier study's seed is the later one's and this."""
SHARE, NEARLY = 0.95, 0.9
COSTS = (0.5, 1.0, 2.0, 4.0)
ARMS = {
    "none": "no earlier study",
    "same": "a study on the easier task",
    "negated": "the same, scores upside down",
    "permuted": "the same, scores dealt out anew",
}
DRAWS = 10_000
MARKS = ("<!-- earlier -->", "<!-- end of earlier -->")


@dataclass(frozen=True)
class Result:
    """One study: (cost, value of what it names) whenever that changed; spent: in all. Seconds: of the processor."""

    arm: str
    seed: int
    trace: tuple[tuple[float, float], ...]
    spent: float
    best: float
    recipe: float
    seconds: float

    def upto(self, cost: float) -> Result:
        """As if it had ended there."""
        return replace(self, trace=tuple(point for point in self.trace if point[0] <= cost), spent=cost)

    def reached(self) -> float:
        """Infinite if it wasn't."""
        return next((cost for cost, value in self.trace if value >= SHARE * self.best), math.inf)

    def stays(self, share: float = SHARE) -> float:
        below = [i for i, (_, value) in enumerate(self.trace) if value < share * self.best]
        after = below[-1] + 1 if below else 0
        return self.trace[after][0] if after < len(self.trace) else math.inf

    def nearly(self) -> float:
        return self.stays(NEARLY)

    def regret(self, cost: float) -> float:
        known = [value for at, value in self.trace if at <= cost]
        return self.best - (known[-1] if known else self.recipe)


@functools.cache
def world_of(task: str) -> World:
    return World(task)


# --- playing -----------------------------------------------------------------------------------------------------
def play(problem: Problem, world: World, budget: float) -> tuple[Studied, list[tuple[float, float]]]:
    """A study of rltune, and what it named when. A trial that ends after the budget doesn't count."""
    study, trace, named = Studied(world), list[tuple[float, float]](), None
    with one_thread():
        optimizer = build_optimizer("joint_fidelity", problem)
        while (proposal := optimizer.ask(study.history)) is not None:
            study.run(proposal)
            if study.spent > budget:
                break
            now = next(iter(optimizer.rank(study.history, 1)), problem.recipe)
            if now != named:
                trace.append((round(study.spent, 4), float(f"{world.value(now):.5g}")))
                named = now
    return study, trace


def earlier(seed: int) -> Prior:
    """The study on the easier task; played once, then read."""
    path = SCRATCH / f"{seed:02d}.jsonl"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        world = world_of(EASY)
        study, _ = play(world.problem(OTHER_SEEDS + seed), world, EARLIER)
        horizon = world.rungs[-1]
        found = prior_of_history(study.history, PARAMETERS, source=f"{EASY}, seed {seed}", horizon=horizon, task=EASY)
        write_prior(path, found)
    return read_prior(path)


def told(arm: str, seed: int) -> Prior:
    """What the later study is told in an arm that has an earlier one."""
    prior = earlier(seed)
    return prior if arm == "same" else misled(prior, arm, seed)


def misled(prior: Prior, arm: str, seed: int) -> Prior:
    """The same evaluations with wrong scores."""
    scores = [e.score for e in prior.evaluations]
    if arm == "negated":
        alive = [score for score in scores if score is not None]
        low, high = min(alive), max(alive)
        scores = [high if score is None else low + high - score for score in scores]
        prior = replace(prior, base_scores={})
    else:
        order = np.random.default_rng(seed).permutation(len(scores))
        scores = [scores[i] for i in order]
    changed = (replace(e, score=score) for e, score in zip(prior.evaluations, scores, strict=True))
    return replace(prior, evaluations=tuple(changed))


def study(arm: str, seed: int, budget: float) -> Result:
    world, start = world_of(HARD), time.process_time()
    problem = world.problem(seed)
    if arm != "none":
        ground = Ground(world.space, world.recipe.values, PARAMETERS, world.target)
        problem = replace(problem, priors=(map_prior(told(arm, seed), Wishes(), ground).task,))
    played, trace = play(problem, world, budget)
    best, recipe = (float(f"{value:.5g}") for value in (world.best, world.value(world.recipe)))
    return Result(arm, seed, tuple(trace), round(played.spent, 4), best, recipe, round(time.process_time() - start, 1))


def read_results() -> list[Result]:
    if not KEPT.exists():
        return []
    rows = map(json.loads, KEPT.read_text().splitlines())
    return [Result(**{**row, "trace": tuple(map(tuple, row["trace"]))}) for row in rows]


def run(arguments: argparse.Namespace) -> None:
    done = {(result.arm, result.seed) for result in read_results()}
    for seed in range(arguments.seeds):
        for arm in arguments.only or ARMS:
            if (arm, seed) not in done:
                result = study(arm, seed, arguments.budget)
                with KEPT.open("a") as file:
                    file.write(json.dumps(asdict(result)) + "\n")
                print(
                    f"{arm:9s} {seed:2d}  reached {result.reached():.3g}, stays from {result.stays():.3g}", flush=True
                )


# --- telling -----------------------------------------------------------------------------------------------------
def ratio(ours: Sequence[float], others: Sequence[float]) -> tuple[float, float, float]:
    """Median of the costs over that of the others, seed by seed the same studies, with its 95 % bootstrap interval over
    seeds. A cost that wasn't reached counts as infinite, beyond any that was."""
    pairs = np.array([ours, others])
    rng = np.random.default_rng(0)
    drawn = pairs[:, rng.integers(pairs.shape[1], size=(DRAWS, pairs.shape[1]))]
    # the higher of the two in the middle: no mean with an infinite one
    medians = np.quantile(drawn, 0.5, axis=2, method="higher")
    middle = np.quantile(pairs, 0.5, axis=1, method="higher")
    with np.errstate(invalid="ignore"):  # neither was reached: no ratio, "?"
        ratios = np.sort(medians[0] / medians[1])
        return float(middle[0] / middle[1]), float(ratios[int(0.025 * DRAWS)]), float(ratios[int(0.975 * DRAWS)])


def table(results: Sequence[Result]) -> str:
    """A row an arm: medians with quartiles, ratios to none on the same seeds, mean regrets."""
    budget = float(int(min(r.spent for r in results)))
    results = [r.upto(budget) for r in results]
    none, costs = {r.seed: r for r in results if r.arm == "none"}, [cost for cost in COSTS if cost <= budget]
    heads = ["what it was told", "seeds", "95 % reached", "of none", "95 % stays", "of none", "90 % stays", "of none"]
    rows = [[*heads, *(f"regret at {cost:g}" for cost in costs)], ["---"] * (len(heads) + len(costs))]
    for arm, said in ARMS.items():
        mine = [r for r in results if r.arm == arm and r.seed in none]
        cells = [said, str(len(mine))]
        for of in (Result.reached, Result.stays, Result.nearly):
            low, middle, high = (np.quantile([of(r) for r in mine], q, method="higher") for q in (0.25, 0.5, 0.75))
            cells.append(f"{_cost(middle, budget)} ({_cost(low, budget)}–{_cost(high, budget)})")
            value, least, most = ratio([of(r) for r in mine], [of(none[r.seed]) for r in mine])
            cells.append("–" if arm == "none" else f"{_times(value)} ({_times(least)}–{_times(most)})")
        cells += [f"{np.mean([r.regret(cost) for r in mine]):.3f}" for cost in costs]
        rows.append(cells)
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _cost(value: float, budget: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else f"> {budget:g}"


def _times(value: float) -> str:
    """Nothing that a budget cut off is a ratio."""
    return f"{value:.2f}" if 0 < value < math.inf else "?"


def report(results: Sequence[Result]) -> str:
    """What the docs say of it."""
    first = results[0]
    return (
        "Costs in full runs of the recipe on the target: median (quartiles) of when what is named is worth 95 % of the "
        "best for the first time (*reached*), and from when on it is so for good (*stays*). *Of none*: ratio of the "
        f"medians, with its 95 % bootstrap interval over seeds. The best expected score is {first.best:.3f}, the "
        f"recipe's {first.recipe:.3f}; regret is the mean of the best less what is named.\n\n{table(results)}"
    )


def tell(arguments: argparse.Namespace) -> None:
    said = report(read_results())
    print(said)
    if not arguments.print:
        DOCS.write_text(replace_between(DOCS.read_text(), *MARKS, said))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("run", "tell"))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", action="append", choices=ARMS, help="an arm; may be repeated")
    parser.add_argument("--budget", type=float, default=4.0, help="of `run`: full runs of the recipe on the target")
    parser.add_argument("--print", action="store_true", help="of `tell`: only print, write nothing")
    arguments = parser.parse_args()
    {"run": run, "tell": tell}[arguments.what](arguments)


if __name__ == "__main__":
    main()
