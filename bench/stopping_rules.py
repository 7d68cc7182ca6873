"""How good stopping rules are, on recorded runs that no threshold was chosen on, beside Optuna's pruners.

    python bench/stopping_rules.py [--all] [--markdown]

Every method sees the runs of a model one after the other, in the order in which they were recorded. `--all` judges the
runs that thresholds were chosen on too. A fair warning about the pruners: they are made to keep the best few runs, not
to spare every good one. Their trials report the reward of every step.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable

import optuna
from rich.console import Console
from rich.table import Table

from recorded import Recorded, published_logs, recorded_runs
from rltune.analysis.replay import Judged, Replayer, Share, judge, rules_replayer, verdict
from rltune.stopping.base import Decision
from rltune.stopping.build import describe_rules
from rltune.stopping.replay import Replayed, step_costs
from rltune.types import StepMetrics

PRUNERS: dict[str, Callable[[], optuna.pruners.BasePruner]] = {
    "Optuna MedianPruner (defaults)": lambda: optuna.pruners.MedianPruner(),
    "Optuna MedianPruner (8 warm-up steps)": lambda: optuna.pruners.MedianPruner(n_warmup_steps=8),
    "Optuna SuccessiveHalving (8, eta 2)": lambda: optuna.pruners.SuccessiveHalvingPruner(
        min_resource=8, reduction_factor=2
    ),
    "Optuna Hyperband (8 to 64, eta 2)": lambda: optuna.pruners.HyperbandPruner(
        min_resource=8, max_resource=64, reduction_factor=2
    ),
}


def pruner_replayer(pruner: optuna.pruners.BasePruner) -> Replayer:
    """One Optuna study: each curve that is replayed is its next trial."""
    study = optuna.create_study(study_name="replay", direction="maximize", pruner=pruner)  # Hyperband hashes the name

    def replayed(curve: tuple[StepMetrics, ...], horizon: int, best: float | None) -> Replayed:
        trial, stop = study.ask(), None
        for metrics in curve:
            trial.report(metrics.values["reward"], metrics.step)
            if trial.should_prune():
                stop = Decision(True, "pruner", metrics.step, "pruned")
                break
        if stop is None:
            study.tell(trial, curve[-1].values["reward"])
        else:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        costs = step_costs(curve)
        saved = sum(cost for step, cost in costs.items() if stop is not None and step > stop.step)
        return Replayed(stop, curve[-1].step, {}, sum(costs.values()), saved)

    return replayed


def without(rule: str) -> list[dict[str, object]]:
    return [description for description in describe_rules("default") if description["rule"] != rule]


def methods() -> dict[str, Callable[[], Replayer]]:
    """Name -> a fresh replayer for the runs of one model."""
    ours = {
        "rltune default": describe_rules("default"),
        "rltune default, futility off": without("futility"),
        "paper": describe_rules("paper"),
    }
    made: dict[str, Callable[[], Replayer]] = {
        name: lambda rules=rules: rules_replayer(rules) for name, rules in ours.items()
    }
    return made | {name: lambda make=make: pruner_replayer(make()) for name, make in PRUNERS.items()}


def judged_runs(runs: list[Recorded], make: Callable[[], Replayer]) -> list[tuple[Recorded, Judged]]:
    """Each size by itself, with a replayer of its own."""
    found: list[tuple[Recorded, Judged]] = []
    for size in dict.fromkeys(run.size for run in runs):
        peers = [run for run in runs if run.size == size]
        found += zip(peers, judge([run.curve for run in peers], [size] * len(peers), make()), strict=True)
    return found


def text(share: Share) -> str:
    low, high = share.interval
    return f"{share.count}/{share.total} [{low:.0%}, {high:.0%}]" if share.total else "–"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="judge all wide runs, not only those held out")
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(logging.ERROR)
    runs = [run for run in recorded_runs() if run.group == "wide" and run.seed == 0]
    head = (
        "method",
        "dying cost caught",
        "dying runs stopped (recall)",
        "stopped runs that died (precision)",
        "top quarter lost",
        "best lost",
        "all cost saved",
    )
    rows = []
    for name, make in methods().items():
        found = verdict([j for run, j in judged_runs(runs, make) if arguments.all or run.held_out])
        rows.append(
            (
                name,
                f"{found.caught:.0%}",
                text(found.recall),
                text(found.precision),
                text(found.good_lost),
                f"{found.best_lost.count}/{found.best_lost.total}",
                f"{found.saved:.0%}",
            )
        )
    chosen = [run for run in runs if arguments.all or run.held_out]
    print(f"{len(chosen)} recorded runs, {found.died} of them died; intervals are 95 % (Wilson)")
    if arguments.markdown:
        for row in (head, ("---",) * len(head), *rows):
            print("| " + " | ".join(row) + " |")
    else:
        table = Table(*head)
        for row in rows:
            table.add_row(*row)
        Console(width=150).print(table)
    for name, curve in published_logs().items():
        for preset in ("default", "paper"):
            stop = rules_replayer(describe_rules(preset))(curve, curve[-1].step, None).stop
            ended = f"stopped at step {stop.step} by {stop.rule}: {stop.reason}" if stop else "not stopped"
            print(f"{name} ({curve[-1].step} steps), {preset}: {ended}")


if __name__ == "__main__":
    main()
