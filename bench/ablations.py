"""What each part of rltune is worth: without it, in replay and in real studies; random search, BOHB, the recipe beside.

    python bench/ablations.py run [--seeds 3] [--time 4m] [--only NAME]     (on an otherwise idle machine)
    python bench/ablations.py tell                                          (the tables, into docs/benchmark.md)
    python bench/ablations.py tell --print                                  (only prints them)

Replay: the contenders of bench/optimizers.py, 20 seeds on each recorded task, in simulated time.

Real studies, at equal wall clock: GRPO on the embedded family, its largest model as the target. Every study has the
same time for everything: search, confirmation, the final training of winner and recipe with a fresh seed, their test.
Each is a process of its own, one after the other, and its figures a file in build/ablations, so that an interrupted
benchmark goes on. Random search and BOHB are used as their users would: on the target, without rltune's stopping rules;
what is searched on the target needs no confirmation there, so more of the time is the search's.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import optimizers
import rltune.study.loop
import standings
from recorded import recorded_tasks
from rltune.analysis.gain import interval
from rltune.store.base import CheckpointRecord
from rltune.study.api import create
from standings import BUDGETS, DOCS, GRID, OURS, ROOT, Found, by_contender, comparable, replace_between

SCRATCH = ROOT / "build" / "ablations"
KEPT = ROOT / "bench" / "data" / "ablations.jsonl"
RANDOM = "random, target"
STUDY: Mapping[str, object] = {
    "models": {"target": "embedded/m", "proxies": ["embedded/xs", "embedded/s"]},
    "task": "arithmetic/easy",
    "steps": 32,
    "rungs": [4, 8, 16, 32],
    "validation": {"prompts": 128, "samples": 4},
    "final": {"seeds": 1},
}
ON_TARGET: Mapping[str, object] = {"models": {"target": "embedded/m"}}
SHARE, SHARE_ON_TARGET = 0.4, 0.7
"""Of the time, for the search: the rest pays for the final training, and for the confirmation of a proxy's best."""
NEVER = {"preset": "off", "futility": False}
PLAIN: Mapping[str, object] = {**ON_TARGET, "stopping": NEVER, "confirm": {"top": 1}}
VARIANTS: Mapping[str, Mapping[str, object]] = {
    OURS: {},
    "rltune, no proxies": ON_TARGET,
    "rltune, no checkpoint reuse": {},
    "rltune, no early stopping": {"stopping": NEVER},
    RANDOM: {**PLAIN, "optimizer": "random"},
    "bohb, target": {**PLAIN, "optimizer": "bohb"},
}


@dataclass(frozen=True)
class Result:
    """One study. Accuracies on the test split, of sampled answers; seconds of wall clock.

    Attributes:
        accuracy, recipe: of the winner and of the recipe, both trained with the same fresh seed.
        trials: of the search; configurations: distinct ones, of all phases.
        trial_seconds: of a search trial on average; full_seconds: of a full run on the target on average.
        tokens_per_second: trained on, over the whole study. retrained: steps trained more than once.
    """

    variant: str
    seed: int
    time: str
    accuracy: float
    recipe: float
    seconds: float
    trials: int
    configurations: int
    trial_seconds: float
    full_seconds: float
    tokens_per_second: float
    steps: int
    retrained: int
    stopped: int
    winner: Mapping[str, object]


def path_of(variant: str, seed: int) -> Path:
    return SCRATCH / f"{''.join(c if c.isalnum() else '_' for c in variant)}-{seed:02d}.json"


def play(variant: str, seed: int, time: str) -> None:
    """One study, to its file."""
    changes = VARIANTS[variant]
    share = SHARE_ON_TARGET if changes.get("models") == ON_TARGET["models"] else SHARE
    if variant.endswith("no checkpoint reuse"):
        rltune.study.loop.newest_intact = _only_of(rltune.study.loop.newest_intact)
    with tempfile.TemporaryDirectory(prefix="ablation-") as folder:
        terms = {"name": "study", "output": folder, "seed": seed, "budget": {"time": time, "search": share}}
        with create({**STUDY, **changes, **terms}) as study:
            study.run()
            found = study.summary()
    done, work = found.efficiency, found.work
    assert found.winner is not None and found.recipe is not None, "the study has no winner"
    accuracy, recipe = found.winner.mean, found.recipe.mean
    assert accuracy is not None and recipe is not None, f"no test score: {found.undecided}"
    result = Result(
        variant,
        seed,
        time,
        accuracy,
        recipe,
        found.seconds,
        done.trials,
        work.configurations,
        done.trial_seconds or 0.0,
        done.full_run_seconds or 0.0,
        done.tokens_per_second or 0.0,
        work.steps_trained,
        work.steps_retrained,
        len(found.stops),
        dict(found.winner.configuration.values),
    )
    SCRATCH.mkdir(parents=True, exist_ok=True)
    path_of(variant, seed).write_text(json.dumps(asdict(result)))


def _only_of(newest: Callable[..., CheckpointRecord | None]) -> Callable[..., CheckpointRecord | None]:
    """The ablation: a checkpoint answers for the step that it is of, and no run continues from an earlier one."""

    def found(*arguments: object, at_most: int) -> CheckpointRecord | None:
        checkpoint = newest(*arguments, at_most=at_most)
        return checkpoint if checkpoint is not None and checkpoint.step == at_most else None

    return found


def run(arguments: argparse.Namespace) -> None:
    """What is missing of both parts."""
    names = ("rltune", RANDOM, "bohb, target")
    optimizers.run(argparse.Namespace(seeds=20, workers=2, tasks=",".join(recorded_tasks()), only=names))
    run_studies(arguments)


def run_studies(arguments: argparse.Namespace) -> None:
    names = [name for name in VARIANTS if arguments.only is None or arguments.only in name]
    work = [(name, seed) for seed in range(arguments.seeds) for name in names]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        bar = progress.add_task("studies", total=len(work))
        for name, seed in work:
            progress.update(bar, description=f"{name}, seed {seed}")
            if not path_of(name, seed).exists():
                one = [sys.executable, __file__, "study", "--only", name, "--seeds", str(seed)]
                subprocess.run([*one, "--time", arguments.time], check=True)
            progress.advance(bar)


def read_results() -> list[Result]:
    """What was run here, or else what is kept of an earlier benchmark."""
    kept = KEPT.read_text().splitlines() if KEPT.exists() else []
    lines = [path.read_text() for path in sorted(SCRATCH.glob("*.json"))] or kept
    return sorted(
        (Result(**json.loads(line)) for line in lines), key=lambda r: (list(VARIANTS).index(r.variant), r.seed)
    )


def table(results: Sequence[Result]) -> str:
    """A row a variant, means over seeds; the recipe's test runs are those of all studies."""
    head = "method, seeds, test accuracy (95 %), each seed, wall clock, configurations, trials, average trial, speed-up"
    names = [*head.split(", "), "tokens a second", "steps trained", "of them again"]
    rows = [names, ["---"] * len(names)]
    random = statistics.fmean(r.trial_seconds for r in results if r.variant == RANDOM)
    for variant in VARIANTS:
        if mine := [r for r in results if r.variant == variant]:
            mean = {key: statistics.fmean(getattr(r, key) for r in mine) for key in _AVERAGED}
            rows.append(
                [
                    variant,
                    *_accuracy([r.accuracy for r in mine]),
                    f"{mean['seconds']:.0f} s",
                    f"{mean['configurations']:.0f}",
                    f"{mean['trials']:.0f}",
                    f"{mean['trial_seconds']:.1f} s",
                    f"{random / mean['trial_seconds']:.1f}x",
                    f"{mean['tokens_per_second']:.0f}",
                    f"{mean['steps']:.0f}",
                    f"{mean['retrained']:.0f}",
                ]
            )
    rows.append(["the recipe", *_accuracy([r.recipe for r in results]), *["–"] * (len(names) - 4)])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


_AVERAGED = ("seconds", "configurations", "trials", "trial_seconds", "tokens_per_second", "steps", "retrained")


def _accuracy(values: list[float]) -> list[str]:
    """Number of seeds, mean with its t-interval, and the values themselves if they are few."""
    bounds = interval(values)
    # a t-interval knows no upper end
    said = f"{statistics.fmean(values):.3f}" + (f" ({bounds[0]:.3f}–{min(bounds[1], 1.0):.3f})" if bounds else "")
    each = ", ".join(f"{v:.3f}" for v in values) if len(values) <= 5 else f"{min(values):.3f}–{max(values):.3f}"
    return [str(len(values)), said, each]


# --- replay ------------------------------------------------------------------------------------------------------
def replay_table(found: Found) -> str:
    """A row a contender: mean accuracy of what it names, what is lost against rltune seed by seed, speed-up."""
    found, left_out = comparable(found)
    costs = ("stays above 95 % of best from", "speed-up")
    names = ["method", *(f"accuracy at {b:g}" for b in BUDGETS), "lost at 4 (95 %)", *costs]
    rows = [names, ["---"] * len(names)]
    mine = {r.seed: r.regret(4.0) for r in found[OURS]}
    slowest = _cost(found[RANDOM]) if RANDOM in found else math.nan
    for name, results in found.items():
        if name.split(",")[0] != OURS and name not in VARIANTS:
            continue
        means = [statistics.fmean(r.best - r.regret(b) for r in results) for b in BUDGETS]
        lost = [r.regret(4.0) - mine[r.seed] for r in results]
        bounds = interval(lost) or (math.nan, math.nan)
        cost = _cost(results)
        rows.append(
            [
                name,
                *(f"{mean:.3f}" for mean in means),
                "–" if name == OURS else f"{statistics.fmean(lost):+.3f} ({bounds[0]:+.3f} to {bounds[1]:+.3f})",
                f"{cost:.2f}" if math.isfinite(cost) else f"> {GRID[-1]:g}",
                f"{slowest / cost:.1f}x" if math.isfinite(slowest / cost) else "–",
            ]
        )
    said = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    return f"{left_out}\n\n{said}" if left_out else said


def _cost(results: Sequence[standings.Result]) -> float:
    """Median cost from which on what is named has 95 % of the best score."""
    return statistics.median(r.cost_to(0.95 * r.best) for r in results)


def tell(arguments: argparse.Namespace) -> None:
    """Prints the tables; keeps the real studies' results and writes all into the docs, unless told not to."""
    results, text = read_results(), DOCS.read_text()
    replayed = standings.read_results()
    tables = {f"{task} ablations": replay_table(by_contender(replayed, task)) for task in recorded_tasks()}
    if results:
        tables["real studies"] = table(results)
    for name, said in tables.items():
        print(f"\n{name}\n{said}")
        text = replace_between(text, f"<!-- {name} -->", f"<!-- end of {name} -->", said)
    if arguments.print:
        return
    if results:
        KEPT.write_text("".join(json.dumps(asdict(r)) + "\n" for r in results))
    DOCS.write_text(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("run", "study", "tell"), help="study: the one that --only and --seeds name")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--time", default="4m")
    parser.add_argument("--only", help="variants whose name holds this")
    parser.add_argument("--print", action="store_true", help="of `tell`: only print, write nothing")
    arguments = parser.parse_args()
    if arguments.what == "study":
        play(arguments.only, arguments.seeds, arguments.time)
    else:
        {"run": run, "tell": tell}[arguments.what](arguments)


if __name__ == "__main__":
    main()
