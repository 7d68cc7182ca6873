"""Records real GRPO runs of the embedded family: every step's metrics, for benchmarks of rules, laws and optimizers.

    python bench/record_curves.py record [--task arithmetic/easy] [--sizes xs,s,m] [--configurations 160] [--workers 2]
    python bench/record_curves.py costs [--task arithmetic/easy]            (on an otherwise idle machine)
    python bench/record_curves.py pack [--task arithmetic/easy]

`record` trains what is missing, each run in one go to the horizon, nothing stopped early unless its numbers are no
longer finite. Each finished run is a file in build/recorded/<task>, so an interrupted recording goes on where it was;
what is in bench/data/<task> is not trained again. `pack` adds the finished runs to bench/data/<task>: `curves.jsonl.gz`
(a line a step: run, step, canonical metrics, validation scores) and `runs.jsonl` (a line a run: group, model, seed,
configuration, base score, how it ended).

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
from collections.abc import Callable, Iterator, Sequence
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
HORIZONS = {"arithmetic/easy": 64, "arithmetic/hard": 32}
RUNGS = 4
"""A run is validated at horizon, horizon / 2, ... : so many times."""
SCORING = Scoring(prompts=128, samples=4)
FIXED: dict[str, Scalar] = {"prompts_per_step": 32, "updates_per_step": 4, "temperature": 1.0, "warmup_steps": 0}
SEEDED = 24
"""So many of the wide configurations are run with a second seed."""
GROUPS = ("family", "wide", "seeds")

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


def wide_plans(sizes: Sequence[str], count: int, seed: int = 0) -> Iterator[Plan]:
    """`count` points of a Sobol sequence, each on all sizes."""
    for index, point in enumerate(sobol(WIDE, count, seed=2026)):
        for size in sizes:
            yield Plan(f"{size}-w{index:03d}-s{seed}", "wide", size, seed, dict(point.values))


def family_plans(sizes: Sequence[str]) -> Iterator[Plan]:
    for index, point in enumerate(sobol(FAMILY, FAMILY_COUNT, seed=7)):
        for size in sizes:
            rate = float(point.values["learning_rate"]) * FAMILY_WIDTH / SHAPES[size].hidden_size
            values = {**point.values, "learning_rate": float(f"{rate:.4g}")}
            yield Plan(f"{size}-f{index:03d}-s0", "family", size, 0, values)


def all_plans(groups: Sequence[str], sizes: Sequence[str], count: int) -> Iterator[Plan]:
    for group in groups:
        if group == "wide":
            yield from wide_plans(sizes, count)
        elif group == "seeds":
            yield from wide_plans(sizes, min(SEEDED, count), seed=1)
        else:
            yield from family_plans(sizes)


def data_folder(task: str) -> Path:
    return ROOT / "data" / task.replace("/", "-")


def scratch_folder(task: str) -> Path:
    return ROOT.parent / "build" / "recorded" / task.replace("/", "-")


def packed(task: str) -> tuple[dict[str, dict[str, object]], dict[str, list[str]]]:
    """What `pack` has written before: run -> its head, run -> its steps' lines."""
    heads: dict[str, dict[str, object]] = {}
    lines: dict[str, list[str]] = {}
    if (data_folder(task) / "runs.jsonl").exists():
        for line in (data_folder(task) / "runs.jsonl").read_text().splitlines():
            head = json.loads(line)
            heads[head["run"]] = head
        with gzip.open(data_folder(task) / "curves.jsonl.gz", "rt") as file:
            for line in file:
                lines.setdefault(json.loads(line)["run"], []).append(line.rstrip("\n"))
    return heads, lines


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


def rungs(task: str) -> tuple[int, ...]:
    return tuple(HORIZONS[task] // 2**halved for halved in reversed(range(RUNGS)))


def job_of(plan: Plan, task: str, stop_step: int, validate_at: tuple[int, ...]) -> TrainJob:
    return TrainJob(
        model=str(embedded_folder(f"embedded/{plan.size}")),
        task=task,
        hyperparameters={**FIXED, **plan.configuration},
        horizon=HORIZONS[task],
        stop_step=stop_step,
        seed=plan.seed,
        validation=SCORING,
        validate_at=validate_at,
        device="cpu",
    )


def train(plan: Plan, task: str) -> str:
    """One run, to its file. Called in a worker process."""
    folder, recorder, start = scratch_folder(task), Recorder(), time.process_time()
    stop = build_trainer("trl").train(job_of(plan, task, HORIZONS[task], rungs(task)), recorder)
    record = {
        **asdict(plan),
        "task": task,
        "horizon": HORIZONS[task],
        "ended": stop.kind.value,
        "reason": stop.reason,
        "base": base_score(plan.size, plan.seed, task),
        "seconds": _short(time.process_time() - start),
        "steps": [[m.step, {name: _short(value) for name, value in m.values.items()}] for m in recorder.steps],
    }
    _write(folder / f"{plan.run}.json", record)
    return plan.run


def base_score(size: str, seed: int, task: str) -> float:
    """The model's validation score before any training, under the validation stream of that seed; kept in a file."""
    path = scratch_folder(task) / f"base-{size}-{seed}.txt"
    if not path.exists():
        job = ScoreJob(str(embedded_folder(f"embedded/{size}")), None, task, "validation", SCORING, seed, device="cpu")
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
    task: str = arguments.task
    folder = scratch_folder(task)
    folder.mkdir(parents=True, exist_ok=True)
    plans = list(all_plans(arguments.groups.split(","), arguments.sizes.split(","), arguments.configurations))
    done = packed(task)[0]
    missing = [plan for plan in plans if plan.run not in done and not (folder / f"{plan.run}.json").exists()]
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
        for future in as_completed([pool.submit(train, plan, task) for plan in missing]):
            future.result()
            progress.advance(bar)


def pack(arguments: argparse.Namespace) -> None:
    """From the finished runs to the files that are kept; the same runs give the same bytes."""
    target = data_folder(arguments.task)
    target.mkdir(parents=True, exist_ok=True)
    heads, lines = packed(arguments.task)
    for path in scratch_folder(arguments.task).glob("*-s?.json"):
        found = json.loads(path.read_text())
        lines[path.stem] = [
            json.dumps({"run": found["run"], "step": step, **values}, separators=(",", ":"))
            for step, values in found.pop("steps")
        ]
        heads[path.stem] = found
    kept = [line for run in sorted(lines) for line in lines[run]]
    with open(target / "curves.jsonl.gz", "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(("\n".join(kept) + "\n").encode())
    (target / "runs.jsonl").write_text("".join(json.dumps(heads[run]) + "\n" for run in sorted(heads)))
    size = (target / "curves.jsonl.gz").stat().st_size
    print(f"{len(heads)} runs, {len(kept)} steps, {size / 1e6:.2f} MB in {target.relative_to(ROOT.parent)}")


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
            build_trainer("trl").train(job_of(plan, arguments.task, stop_step=10, validate_at=(10,)), watch)
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
    target = data_folder(arguments.task)
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
    parser.add_argument("--task", choices=tuple(HORIZONS), default="arithmetic/easy")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--configurations", type=int, default=160, help="wide configurations (default: 160)")
    parser.add_argument("--sizes", default=",".join(SHAPES), help="models, by comma (default: all)")
    parser.add_argument("--groups", default=",".join(GROUPS), help="what to record (default: family,wide,seeds)")
    arguments = parser.parse_args()
    {"record": record, "costs": costs, "pack": pack}[arguments.what](arguments)


if __name__ == "__main__":
    main()
