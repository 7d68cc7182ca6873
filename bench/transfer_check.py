"""Does a small model's ranking hold on a larger one? The published check, and what five configurations can tell.

    python bench/transfer_check.py [--parts pairs,studies] [--task arithmetic/easy] [--draws 1000] [--studies 40,4]
    python bench/transfer_check.py --print      (only prints: docs/transfer.md stays as it is)

From the recorded runs of all sizes that are packed: rank correlations with intervals at each rung, what the proxy's
best loses on the larger model, the shift of the best learning rate, what each hyperparameter does, and how often a
check of few pairs comes to which verdict, on the real pairs and on pairs without any relation. Then whole simulated
studies with good and bad proxies, with and without the check, by random search and by joint_fidelity with the
acquisition ei_per_cost, which searches on proxies only (not the default). The rank correlations on arithmetic/easy and
the studies' table go into docs/transfer.md. Real studies with bad proxies: bench/bad_transfer.py.
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from record_curves import HORIZONS, SCORING, WIDE, rungs
from recorded import recorded_runs
from rltune.analysis.certainty import estimate
from rltune.analysis.leaning import leanings
from rltune.analysis.rank import kendall, spearman
from rltune.analysis.shift import Shift, log_shift
from rltune.analysis.verdict import judge, measure_pick
from rltune.models.embedded import SHAPES
from rltune.optimizers.build import build_optimizer
from rltune.study.check import VERDICT, CheckTerms
from rltune.study.pairing import score_noise, spread
from rltune.testing.simulated_study import simulate_study
from rltune.testing.surfaces import GrpoSurface, grpo_recipe
from rltune.types import Configuration, Fidelity, History, Phase, Proposal
from size_pairs import Pairs, all_pairs
from standings import replace_between

PUBLISHED = 5
"""Configurations of the published check (arXiv 2606.03073): Spearman 0.90, Kendall 0.80."""
SEARCHED = 25
"""Configurations that a search has on its proxy when the check begins, of which it picks."""
BUDGET = 24.0
"""Of a simulated study, in full runs of the recipe on the target."""
SIMULATED: Mapping[str, float] = {
    "good (rates scaled)": -0.2,
    "rates not scaled": 0.0,
    "misleading": 0.7,
    "learns nothing": 3.0,
    "all runs die": -3.0,
}
"""Proxies of simulated studies: by how many decades their best learning rate lies off that of their family."""
OPTIMIZERS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "random": ("random", {}),
    # searches on proxies only: the check alone can leave one
    "joint_fidelity, ei_per_cost": ("joint_fidelity", {"acquisition": "ei_per_cost"}),
}
GROUPS = {"family": "scaled ranks", "wide": "unscaled ranks"}
"""Of recorded runs -> the marks of its table of correlations in the docs."""
DOCUMENTED = "arithmetic/easy"
"""The task whose correlations stand in the docs."""
DOCS = Path(__file__).parents[1] / "docs" / "transfer.md"


def correlations(pairs: Pairs, steps: Sequence[int]) -> Iterator[str]:
    """Rows of the table, one a step."""
    for step in steps:
        proxy, target = pairs.scores(step)
        rho, tau = estimate(proxy, target, level=0.95), estimate(proxy, target, "kendall", level=0.95)
        pick = measure_pick(proxy, target, score_noise(target, SCORING.prompts))
        if rho is None or tau is None:
            continue
        yield (
            f"| {pairs.proxy} -> {pairs.target} | {len(proxy)} | {step} "
            f"| {rho.value:.2f} ({rho.low:.2f} to {rho.high:.2f}) | {tau.value:.2f} ({tau.low:.2f} to {tau.high:.2f}) "
            f"| {pick.lost:.3f} ({100 * pick.share:.0f} %) | {pick.shared} of {pick.of} |"
        )


def draws_of_five(pairs: Pairs, step: int, draws: int, rng: np.random.Generator) -> None:
    """What the published check would have found on five configurations that learn something on the proxy."""
    proxy, target = (np.array(side) for side in pairs.scores(step))
    alive = np.flatnonzero(proxy > np.array([run.base for run, _ in pairs.runs]))
    found: list[tuple[float, float]] = []
    for _ in range(draws):
        chosen = rng.choice(alive, PUBLISHED, replace=False)
        rho, tau = (f(list(proxy[chosen]), list(target[chosen])) for f in (spearman, kendall))
        if rho is not None and tau is not None:
            found.append((rho, tau))
    rhos, taus = np.quantile(found, (0.05, 0.5, 0.95), axis=0).T
    high = np.mean([rho >= 0.9 - 1e-9 for rho, _ in found])
    whole = spearman(list(proxy[alive]), list(target[alive]))
    print(
        f"| {pairs.proxy} -> {pairs.target} | {step} | {whole:.2f} ({len(alive)}) "
        f"| {rhos[1]:.2f} ({rhos[0]:.2f} to {rhos[2]:.2f}) | {taus[1]:.2f} ({taus[0]:.2f} to {taus[2]:.2f}) "
        f"| {100 * high:.0f} % |"
    )


def verdicts(pairs: Pairs, step: int, draws: int, rng: np.random.Generator) -> None:
    """How often the check of a study comes to which verdict, on the real pairs and on unrelated ones."""
    proxy, target = (np.array(side) for side in pairs.scores(step))
    alive = np.flatnonzero(proxy > np.array([run.base for run, _ in pairs.runs]))
    for kind in ("real", "unrelated"):
        for count in (4, 6, 8):
            told: Counter[str] = Counter()
            for _ in range(draws):
                chosen = rng.choice(alive, min(SEARCHED, len(alive)), replace=False)
                ours, theirs = proxy[chosen], target[chosen]
                if kind == "unrelated":
                    theirs = rng.permutation(theirs)
                names = {Configuration({"n": i}): float(score) for i, score in enumerate(ours)}
                picked = [int(c.values["n"]) for c in spread(names, count, Configuration({"n": -1}))]
                seen = theirs[picked]
                died = [bool(score <= pairs.runs[0][1].base) for score in seen]  # a worth at the floor
                told[
                    judge(list(ours[picked]), list(seen), score_noise(list(seen), SCORING.prompts), died).standing
                ] += 1
            shares = " | ".join(f"{100 * told[name] / draws:.0f} %" for name in ("strong", "unknown", "weak"))
            print(f"| {pairs.proxy} -> {pairs.target} | {step} | {kind} | {count} | {shares} |")


def shifts(pairs: Pairs, steps: Sequence[int]) -> None:
    width = SHAPES[pairs.target].hidden_size / SHAPES[pairs.proxy].hidden_size
    for step in steps:
        found = log_shift(pairs.rates, *pairs.scores(step))
        if not isinstance(found, Shift):
            print(f"| {pairs.group} {pairs.proxy} -> {pairs.target} | {step} | {found.reason} | | |")
            continue
        # A run of the proxy with the raw rate stands for the target's rate times width ratio.
        scaled = found.decades + (np.log10(width) if pairs.group == "wide" else 0.0)
        raw = found.decades if pairs.group == "wide" else found.decades - np.log10(width)
        print(
            f"| {pairs.group} {pairs.proxy} -> {pairs.target} | {step} | {raw:+.2f} | {scaled:+.2f} "
            f"| {found.low - found.decades:+.2f}, {found.high - found.decades:+.2f} |"
        )


def tendencies(pairs: Pairs, step: int) -> None:
    configurations = [Configuration(run.configuration) for run, _ in pairs.runs]
    for leaning in leanings(WIDE, configurations, *pairs.scores(step)):
        print(
            f"| {pairs.proxy} -> {pairs.target} | {leaning.name} | {leaning.slope:+.2f} "
            f"({leaning.low:+.2f} to {leaning.high:+.2f}) | {leaning.transfers} |"
        )


def simulated(moved: float, check: CheckTerms | None, optimizer: str, studies: int) -> tuple[list[float], str]:
    """Regret on the target of the winners of simulated studies whose proxy's optimum lies `moved` decades off, and
    what their checks found."""
    name, options = OPTIMIZERS[optimizer]
    surface = GrpoSurface(moved={"small": moved})
    full = surface.evaluate(
        Proposal(grpo_recipe(), Fidelity("middle", surface.horizon), 0, Phase.SEARCH, "the unit"), History()
    ).cost.seconds
    best, regrets, told = surface.optimum("middle")[1], [], Counter[str]()
    for seed in range(studies):
        done = simulate_study(
            surface,
            surface.problem(seed),
            lambda problem: build_optimizer(name, problem, options),
            BUDGET * full,
            check,
        )
        regrets.append(best - surface.value(done.winner, Fidelity("middle", surface.horizon)))
        verdict = done.facts.get(VERDICT)
        told[_name(verdict) if isinstance(verdict, Mapping) else "skipped"] += 1
    return regrets, ", ".join(f"{name} {count}" for name, count in told.most_common()) if check else "no check"


def _name(verdict: Mapping[str, object]) -> str:
    return "no differences" if "blind" in verdict else str(verdict["standing"])


def studies_with_bad_proxies(optimizer: str, studies: int) -> Iterator[str]:
    """Rows of the table, each told as soon as it is known."""
    for what, moved in SIMULATED.items():
        for check in (None, CheckTerms()):
            regrets, verdicts = simulated(moved, check, optimizer, studies)
            row = f"| {optimizer} | {what} | {verdicts} | {statistics.median(regrets):.3f} "
            yield row + f"| {statistics.fmean(regrets):.3f} | {max(regrets):.3f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--task", default="arithmetic/easy", choices=sorted(HORIZONS))
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--studies", default="40,4", help=f"with {' and '.join(OPTIMIZERS)} (default: 40,4)")
    parser.add_argument("--parts", default="pairs,studies", help="which tables (default: pairs,studies)")
    parser.add_argument("--print", action="store_true", help="only print, write nothing")
    arguments = parser.parse_args()
    found: dict[str, str] = {}
    if "pairs" in arguments.parts:
        ranks = tell_pairs(arguments.task, arguments.draws)
        found |= ranks if arguments.task == DOCUMENTED else {}
    if "studies" in arguments.parts:
        found["simulated studies"] = tell_studies([int(count) for count in arguments.studies.split(",")])
    if not arguments.print:
        text = DOCS.read_text()
        for mark, said in found.items():
            text = replace_between(text, f"<!-- {mark} -->", f"<!-- end of {mark} -->", said)
        DOCS.write_text(text)


def tell_pairs(task: str, draws: int) -> dict[str, str]:
    """Prints what the recorded runs say; the tables of correlations by their marks in the docs."""
    pairs, steps = list(all_pairs(recorded_runs(task))), rungs(task)
    wide, rng = [p for p in pairs if p.group == "wide"], np.random.default_rng(0)
    columns = "models, pairs, step, Spearman, Kendall, the proxy's best loses (of the spread), top third shared"
    ranks = {
        mark: tell_table(
            f"Rank correlations (95 %), {mark}",
            columns,
            (row for each in pairs if each.group == group for row in correlations(each, steps)),
        )
        for group, mark in GROUPS.items()
    }
    head(
        f"What {PUBLISHED} configurations show",
        "models, step, Spearman of all, Spearman of 5, Kendall of 5, 0.90 or more",
    )
    for each in wide:
        for step in steps:
            draws_of_five(each, step, draws, rng)
    head("Verdicts of the check", "models, step, pairs are, number, strong, unknown, weak")
    for each in wide:
        for step in steps[:-1]:
            verdicts(each, step, draws, rng)
    head("Shift of the best learning rate, decades", "models, step, raw, after scaling by width, 80 % interval")
    for each in pairs:
        shifts(each, steps)
    head(f"Each hyperparameter at step {steps[-1]}", "models, hyperparameter, difference in preference (95 %), verdict")
    for each in wide:
        tendencies(each, steps[-1])
    return ranks


def tell_studies(studies: Sequence[int]) -> str:
    """Prints what simulated studies come to; the table."""
    surface = GrpoSurface()
    recipe = surface.optimum("middle")[1] - surface.value(grpo_recipe(), Fidelity("middle", surface.horizon))
    counts = zip(OPTIMIZERS, studies, strict=False)
    return tell_table(
        f"Simulated studies (the recipe: {recipe:.3f})",
        "optimizer, proxy, verdicts, median regret, mean, worst",
        (row for optimizer, count in counts for row in studies_with_bad_proxies(optimizer, count)),
    )


def tell_table(title: str, columns: str, rows: Iterable[str]) -> str:
    """Prints a table, each row as soon as it is known, and returns it without its title."""
    said = [head(title, columns)]
    for row in rows:
        print(row, flush=True)
        said.append(row)
    return "\n".join(said)


def head(title: str, columns: str) -> str:
    """Prints a title and the head of a table; returns the latter."""
    names = columns.split(", ")
    said = f"| {' | '.join(names)} |\n|{'---|' * len(names)}"
    print(f"\n### {title}\n\n{said}", flush=True)
    return said


if __name__ == "__main__":
    main()
