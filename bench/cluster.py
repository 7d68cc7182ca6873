"""A study on a simulated cluster: how busy it keeps 8, 64 or 512 workers, and what the controller costs.

    python bench/cluster.py run --workers 512 [--hours 48] [--trials 10000] [--full-run 4] [--filled 10000]

Real are the loop, the store (SQLite in WAL mode, in --folder or a folder that is thrown away) and the optimizer.
Simulated are the trials (recorded_trials.py: curves, stops and relative costs of recorded runs, scaled so that a full
run of the recipe on the target takes --full-run hours) and the clock: the controller's own processor time passes as it
does, so that a slow choice keeps workers waiting; the rest of the time is jumped over.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("OMP_NUM_THREADS", "1")

from rich.console import Console
from rich.table import Table

from arena import World
from filled_store import fill
from recorded_trials import RecordedTrials
from rltune.analysis.summary import summarize
from rltune.executors.base import Outcome
from rltune.optimizers.build import build_optimizer
from rltune.store.base import RunRecord, StudyStore
from rltune.store.open import create_study
from rltune.study.closing import Final, Test
from rltune.study.estimates import Estimates
from rltune.study.guide import Guide
from rltune.study.loop import StudyLoop
from rltune.study.observer import Silent
from rltune.study.orders import Workshop
from rltune.study.phases import Confirm, Prepare
from rltune.study.plan import PlanTerms
from rltune.study.search import Search
from rltune.testing.simulated_cluster import SimulatedClock, SimulatedExecutor
from rltune.trainers.base import Scoring
from rltune.types import Proposal

TASK = "arithmetic/easy"
WINDOWS = 8
POLL_SECONDS = 3600.0


@dataclass
class Watch(Silent):
    """Counts ends of trials, with the controller's work up to each."""

    clock: SimulatedClock
    every: int
    begun: float = field(default_factory=time.time)
    work: list[float] = field(default_factory=list)

    def trial_ended(self, run: RunRecord, proposal: Proposal, outcome: Outcome, score: float | None) -> None:
        self.work.append(self.clock.monotonic() - self.clock.jumped)
        if len(self.work) % self.every == 0:
            hours, passed = self.clock.monotonic() / 3600, time.time() - self.begun
            told = f"{len(self.work):6,} trials, {hours:5.1f} simulated hours, {self.work[-1]:7.1f} s of work"
            print(f"{told}, {passed:7.1f} s by the clock", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Cluster:
    """What is simulated."""

    workers: int
    hours: float
    search: float
    trials: int | None
    full_run: float
    start: float
    optimizer: str
    seed: int
    filled: int = 0

    def loop(self, folder: Path, store: StudyStore, watch: Watch) -> StudyLoop:
        world = World(TASK)
        scale = 3600 * self.full_run / world.unit
        if self.filled:
            fill(folder, world, self.filled, scale, self.seed)
        trials = RecordedTrials(world, scale, self.start)
        problem, recipe = world.problem(self.seed), world.recipe
        terms = PlanTerms(
            3600 * self.hours,
            self.search,
            None if self.trials is None else self.trials + self.filled,
            self.workers,
            tuple(m.name for m in problem.search_models),
            problem.target.name,
            problem.rungs,
            3,
            3,
        )
        guide = Guide(problem, lambda p: build_optimizer(self.optimizer, p, {}), self.workers)
        estimates = Estimates(problem, recipe)
        return StudyLoop(
            store=store,
            executor=SimulatedExecutor(trials, watch.clock, self.workers),
            workshop=_workshop(folder, problem.rungs, [m.name for m in problem.models]),
            phases=(
                Prepare([m.name for m in problem.models]),
                Search(guide, terms, estimates),
                Confirm(problem, recipe, guide, terms),
                Final(problem, recipe),
                Test(problem, recipe),
            ),
            estimates=estimates,
            budget=terms.limits,
            resources=terms.resources,
            clock=watch.clock,
            observer=watch,
            stop_requested=lambda: False,
            poll_seconds=POLL_SECONDS,
        )


def _workshop(folder: Path, rungs: tuple[int, ...], models: list[str]) -> Workshop:
    scoring = Scoring(256, 4)
    return Workshop(
        folder=folder,
        trainer="trl",
        model_paths={name: name for name in models},
        task=TASK,
        task_options={},
        fixed={},
        learning_rate_factors={},
        rungs=rungs,
        validation=scoring,
        test=scoring,
        rules=(),
        final_rules=(),
        checkpoint_every=rungs[-1],
        seed=0,
        threads=1,
        target=models[-1],
    )


def run(cluster: Cluster, folder: Path) -> None:
    """Simulates a study and prints what came out."""
    clock = SimulatedClock()
    with clock.stopped():
        store = create_study(folder, "cluster", {"budget": {"time": 3600 * cluster.hours}}, clock=clock)
        watch = Watch(clock, max(1, (cluster.trials or 400) // 20))
        loop = cluster.loop(folder, store, watch)
    loop.run()
    began = time.perf_counter()
    summarize(store)
    status = time.perf_counter() - began
    tell(cluster, watch, store, status, len(store.runs()))
    store.close()


def tell(cluster: Cluster, watch: Watch, store: StudyStore, status: float, runs: int) -> None:
    console = Console(width=118)
    facts = store.study().facts
    usage = facts["usage"]
    assert isinstance(usage, dict)
    table = Table(title=f"{cluster.workers} workers, {cluster.optimizer}: share of worker time, in percent")
    accounts = ("training", "starting", "asking", "controller", "room", "nothing", "landing")
    for heading in ("phase", "worker-hours", *accounts):
        table.add_column(heading, justify="left" if heading == "phase" else "right")
    whole: dict[str, float] = {}
    for phase, use in usage.items():
        for name, value in use.items():
            whole[name] = whole.get(name, 0.0) + value
        table.add_row(phase, *_shares(use, accounts))
    table.add_row("all", *_shares(whole, accounts))
    console.print(table)
    growth = Table(title="controller: processor seconds per trial, as the study grows")
    for heading in ("trials", "seconds per trial"):
        growth.add_column(heading, justify="right")
    size = max(1, len(watch.work) // WINDOWS)
    for begin in range(0, len(watch.work) - size, size):
        growth.add_row(f"{begin + size:,}", f"{(watch.work[begin + size] - watch.work[begin]) / size:.3f}")
    console.print(growth)
    asked = facts.get("ask_seconds")
    evaluations = len(store.evaluations())
    console.print(
        f"{len(watch.work):,} trials, {runs:,} runs, {evaluations:,} evaluations; work of the controller "
        f"{watch.work[-1]:.0f} s, of it choosing in the search {asked:.0f} s; summary of the study in {status:.2f} s; "
        f"{time.time() - watch.begun:.0f} s by the clock, load of the machine {os.getloadavg()[0]:.1f}",
        soft_wrap=True,
    )


def _shares(use: dict[str, float], accounts: tuple[str, ...]) -> list[str]:
    held, starting = use.get("held", 0.0), use.get("starting", 0.0)
    whole = sum(value for name, value in use.items() if name != "starting")
    values = {**use, "training": held - starting, "starting": starting}
    return [f"{whole / 3600:,.1f}", *(f"{100 * values.get(name, 0.0) / whole:.2f}" for name in accounts)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("run",))
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--hours", type=float, default=48.0, help="simulated budget")
    parser.add_argument("--search", type=float, default=0.8, help="the search's share of it")
    parser.add_argument("--trials", type=int, default=None, help="most search trials; none: no limit")
    parser.add_argument("--full-run", type=float, default=4.0, help="hours of a full run of the recipe on the target")
    parser.add_argument("--start", type=float, default=60.0, help="seconds until a trial's first step")
    parser.add_argument("--optimizer", default="joint_fidelity")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--filled", type=int, default=0, help="trials that are in the store before it begins")
    parser.add_argument("--folder", type=Path, default=None, help="keep the study there")
    told = parser.parse_args()
    cluster = Cluster(
        told.workers,
        told.hours,
        told.search,
        told.trials,
        told.full_run,
        told.start,
        told.optimizer,
        told.seed,
        told.filled,
    )
    if told.folder is not None:
        run(cluster, told.folder)
        return
    with tempfile.TemporaryDirectory(prefix="rltune-cluster-") as folder:
        run(cluster, Path(folder))


if __name__ == "__main__":
    main()
