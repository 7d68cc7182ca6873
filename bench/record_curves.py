"""Records real GRPO runs of the embedded family: every step's metrics, for benchmarks of rules, laws and optimizers.

    python bench/record_curves.py record [--workers 2] [--configurations 96]
    python bench/record_curves.py costs                     (on an otherwise idle machine)
    python bench/record_curves.py pack

`record` trains what is missing, each run in one go to the horizon, nothing stopped early unless its numbers are no
longer finite. Each finished run is a file in build/recorded, so an interrupted recording goes on where it was.
`pack` writes them to bench/data/<task>: `curves.jsonl.gz` (a line a step: run, step, canonical metrics, validation
scores) and `runs.jsonl` (a line a run: group, model, seed, configuration, base score, how it ended).

Seconds: each run is one process with one thread, so its processor time is what it would take on an idle core,
whatever else the machine did meanwhile; that is what `step_seconds` and `validate_seconds` hold. `costs` measures the
same quantities by the wall clock, one process alone, pinned to one core, and writes both side by side to costs.json.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from rltune.models.embedded import SHAPES, embedded_folder
from rltune.space.parameters import CategoricalParameter, FloatParameter, IntParameter
from rltune.space.quasi_random import sobol
from rltune.space.space import Space
from rltune.trainers.base import ScoreJob, Scoring, TrainJob
from rltune.trainers.build import build_trainer
from rltune.types import Scalar, StepMetrics, StopReason

ROOT = Path(__file__).parent
TASK = "arithmetic/easy"
HORIZON = 64
RUNGS = (8, 16, 32, 64)
SCORING = Scoring(prompts=128, samples=4)
FIXED: dict[str, Scalar] = {"prompts_per_step": 32, "updates_per_step": 4, "temperature": 1.0, "warmup_steps": 0}
SEEDED = 24
"""So many of the wide configurations are run with a second seed."""

# Wider than the recipe's intervals on every side, so that a good part of the runs dies, in different ways.
WIDE = Space(
    {
        "learning_rate": FloatParameter(low=5e-6, high=5e-3, log=True),
        "lr_scheduler": CategoricalParameter(choices=("constant", "cosine")),
        "clip_ratio": FloatParameter(low=0.05, high=0.5),
        "grad_clip": FloatParameter(low=0.05, high=5.0, log=True),
        "kl_coef": FloatParameter(low=1e-4, high=0.5, log=True),
        "rollouts": IntParameter(low=2, high=16),
    }
)

# Healthy ones, for what depends on a model's size. The learning rate is that of width 128; others get it x 128 / width.
FAMILY = Space(
    {
        "learning_rate": FloatParameter(low=2e-5, high=2e-4, log=True),
        "lr_scheduler": CategoricalParameter(choices=("constant", "cosine")),
        "clip_ratio": FloatParameter(low=0.1, high=0.4),
        "grad_clip": FloatParameter(low=0.1, high=2.0, log=True),
        "kl_coef": FloatParameter(low=1e-4, high=2e-2, log=True),
        "rollouts": IntParameter(low=4, high=12),
    }
)
FAMILY_WIDTH = 128
FAMILY_COUNT = 8


@dataclass(frozen=True)
class Plan:
    """One run to record."""

    run: str
    group: str
    size: str
    seed: int
    configuration: dict[str, Scalar]


def wide_plans(count: int, sizes: tuple[str, ...]) -> Iterator[Plan]:
    """`count` points of a Sobol sequence, each on all sizes."""
    for index, point in enumerate(sobol(WIDE, count, seed=2026)):
        for size in sizes:
            yield Plan(f"{size}-w{index:03d}-s0", "wide", size, 0, dict(point.values))


def family_plans() -> Iterator[Plan]:
    for index, point in enumerate(sobol(FAMILY, FAMILY_COUNT, seed=7)):
        for size, shape in SHAPES.items():
            rate = float(point.values["learning_rate"]) * FAMILY_WIDTH / shape.hidden_size
            values = {**point.values, "learning_rate": float(f"{rate:.4g}")}
            yield Plan(f"{size}-f{index:03d}-s0", "family", size, 0, values)


def seed_plans(sizes: tuple[str, ...]) -> Iterator[Plan]:
    for index, point in enumerate(sobol(WIDE, SEEDED, seed=2026)):
        for size in sizes:
            yield Plan(f"{size}-w{index:03d}-s1", "wide", size, 1, dict(point.values))


class Recorder:
    """Keeps each step; asks for nothing to be stopped or saved. Seconds become processor seconds."""

    def __init__(self) -> None:
        self.steps: list[StepMetrics] = []
        self._processor = self._wall = 0.0

    def training_starts(self) -> None:
        self._processor, self._wall = time.process_time(), time.perf_counter()

    def step(self, metrics: StepMetrics) -> StopReason | None:
        processor, wall = time.process_time(), time.perf_counter()
        ratio = (processor - self._processor) / max(wall - self._wall, 1e-9)
        values = dict(metrics.values)
        for name in ("step_seconds", "validate_seconds"):
            if name in values:
                values[name] *= min(ratio, 1.0)
        self.steps.append(StepMetrics(metrics.step, values))
        self._processor, self._wall = time.process_time(), time.perf_counter()
        return None

    def checkpoint(self, step: int, save: Callable[[Path], None]) -> Path:
        return Path()

    def alive(self) -> None:
        pass


def job_of(plan: Plan, stop_step: int = HORIZON, validate_at: tuple[int, ...] = RUNGS) -> TrainJob:
    return TrainJob(
        model=str(embedded_folder(f"embedded/{plan.size}")),
        task=TASK,
        hyperparameters={**FIXED, **plan.configuration},
        horizon=HORIZON,
        stop_step=stop_step,
        seed=plan.seed,
        validation=SCORING,
        validate_at=validate_at,
        device="cpu",
    )


def train(plan: Plan, folder: Path) -> str:
    """One run, to its file. Called in a worker process."""
    recorder, start = Recorder(), time.process_time()
    stop = build_trainer("trl").train(job_of(plan), recorder)
    record = {
        **asdict(plan),
        "task": TASK,
        "horizon": HORIZON,
        "ended": stop.kind.value,
        "reason": stop.reason,
        "base": base_score(plan.size, plan.seed, folder),
        "seconds": _short(time.process_time() - start),
        "steps": [[m.step, {name: _short(value) for name, value in m.values.items()}] for m in recorder.steps],
    }
    _write(folder / f"{plan.run}.json", record)
    return plan.run


def base_score(size: str, seed: int, folder: Path) -> float:
    """The model's validation score before any training, under the validation stream of that seed; kept in a file."""
    path = folder / f"base-{size}-{seed}.txt"
    if not path.exists():
        job = ScoreJob(str(embedded_folder(f"embedded/{size}")), None, TASK, "validation", SCORING, seed, device="cpu")
        scores = build_trainer("trl").score(job)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(repr(scores["mean"]))
        part.replace(path)
    return _short(float(path.read_text()))


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def _write(path: Path, content: object) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content))
    part.replace(path)


def record(arguments: argparse.Namespace) -> None:
    folder: Path = arguments.scratch
    folder.mkdir(parents=True, exist_ok=True)
    sizes = tuple(arguments.sizes.split(","))
    plans = [*wide_plans(arguments.configurations, sizes), *family_plans(), *seed_plans(sizes)]
    missing = [plan for plan in plans if not (folder / f"{plan.run}.json").exists()]
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    context = multiprocessing.get_context("spawn")
    with Progress(*columns) as progress, ProcessPoolExecutor(arguments.workers, mp_context=context) as pool:
        bar = progress.add_task("recording", total=len(plans), completed=len(plans) - len(missing))
        for future in as_completed([pool.submit(train, plan, folder) for plan in missing]):
            future.result()
            progress.advance(bar)


def pack(arguments: argparse.Namespace) -> None:
    """From the finished runs to the files that are kept; the same runs give the same bytes."""
    records = [json.loads(path.read_text()) for path in sorted(arguments.scratch.glob("*-s?.json"))]
    target: Path = ROOT / "data" / TASK.replace("/", "-")
    target.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps({"run": record["run"], "step": step, **values}, separators=(",", ":"))
        for record in records
        for step, values in record["steps"]
    ]
    with open(target / "curves.jsonl.gz", "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(("\n".join(lines) + "\n").encode())
    heads = [{key: value for key, value in record.items() if key != "steps"} for record in records]
    (target / "runs.jsonl").write_text("".join(json.dumps(head) + "\n" for head in heads))
    size = (target / "curves.jsonl.gz").stat().st_size
    print(f"{len(records)} runs, {len(lines)} steps, {size / 1e6:.2f} MB in {target.relative_to(ROOT.parent)}")


def costs(arguments: argparse.Namespace) -> None:
    """Seconds a step by the wall clock and by the processor, for each size and group size, alone on one core."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    rows = []
    for size in SHAPES:
        for rollouts in (2, 4, 8, 16):
            values: dict[str, Scalar] = {
                "learning_rate": 3e-5,
                "lr_scheduler": "constant",
                "clip_ratio": 0.2,
                "grad_clip": 1.0,
                "kl_coef": 1e-3,
                "rollouts": rollouts,
            }
            plan = Plan("cost", "cost", size, 0, values)
            watch = _Stopwatch()
            build_trainer("trl").train(job_of(plan, stop_step=10, validate_at=(10,)), watch)
            wall, processor = statistics.median(watch.wall[2:]), statistics.median(watch.processor[2:])
            row = {
                "size": size,
                "rollouts": rollouts,
                "wall_seconds": _short(wall),
                "processor_seconds": _short(processor),
                "validate_seconds": _short(watch.validate),
                "load": _short(os.getloadavg()[0]),
            }
            rows.append(row)
            print(row, flush=True)
    target = ROOT / "data" / TASK.replace("/", "-")
    target.mkdir(parents=True, exist_ok=True)
    (target / "costs.json").write_text(json.dumps(rows, indent=1) + "\n")


class _Stopwatch(Recorder):
    def __init__(self) -> None:
        super().__init__()
        self.wall: list[float] = []
        self.processor: list[float] = []
        self.validate = 0.0

    def step(self, metrics: StepMetrics) -> StopReason | None:
        self.wall.append(metrics.values["step_seconds"])
        self.validate = metrics.values.get("validate_seconds", 0.0)
        super().step(metrics)
        self.processor.append(self.steps[-1].values["step_seconds"])
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("record", "costs", "pack"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--configurations", type=int, default=96, help="wide configurations (default: 96)")
    parser.add_argument("--sizes", default="xs,s", help="sizes for the wide configurations (default: xs,s)")
    parser.add_argument("--scratch", type=Path, default=ROOT.parent / "build" / "recorded")
    arguments = parser.parse_args()
    {"record": record, "costs": costs, "pack": pack}[arguments.what](arguments)


if __name__ == "__main__":
    main()
