"""The optimizer benchmark: who names the better configuration of the target, for how much training?

    python bench/peers/install.py            (once: the peers' packages, in environments of their own)
    python bench/optimizers.py run [--seeds 20] [--workers 2] [--tasks arithmetic/easy] [--only NAME]
    python bench/optimizers.py tell          (table and picture into docs/benchmark.md and docs/images)
    python bench/optimizers.py tell --print  (only prints the tables)

`run` plays every contender (contenders.py) on the recorded runs (arena.py) in simulated time, each with all seeds, and
keeps one file a study in build/optimizers, so that it goes on where it was. `tell` reads them.

Measures: regret, the best expected score of the target after a full run in the space less that of the configuration
that a contender names; against cost in full runs of the recipe on the target.
"""

from __future__ import annotations

import argparse
import functools
import json
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("OMP_NUM_THREADS", "1")

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from arena import World
from contenders import Contender, contenders
from peers.driver import unavailable
from recorded import recorded_tasks
from standings import SCRATCH, Result, read_results, tell


@functools.cache
def world_of(task: str) -> World:
    return World(task)


def path_of(task: str, name: str, seed: int) -> Path:
    safe = "".join(c if c.isalnum() else "_" for c in name)
    return SCRATCH / task.replace("/", "-") / f"{safe}-{seed:02d}.json"


def play(task: str, contender: Contender, seed: int) -> str:
    """One study, to its file. Called in a worker process."""
    world, start = world_of(task), time.process_time()
    named = contender.study(world, seed)
    values = tuple(float(f"{world.value(c):.5g}") for c in named)
    result = Result(
        task, contender.name, seed, values, world.value(world.recipe), world.best, time.process_time() - start
    )
    path = path_of(task, contender.name, seed)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(asdict(result)))
    part.replace(path)
    return contender.name


def run(arguments: argparse.Namespace) -> None:
    missing = unavailable()
    for method, error in missing.items():
        print(f"{method} can't take part: {error}")
    work = []
    for task in arguments.tasks.split(","):
        (SCRATCH / task.replace("/", "-")).mkdir(parents=True, exist_ok=True)
        for contender in contenders(world_of(task)):
            if contender.peer not in missing and any(part in contender.name for part in arguments.only or [""]):
                work += [(task, contender, seed) for seed in range(arguments.seeds)]
    work.sort(key=lambda item: item[2])
    left = [item for item in work if not path_of(item[0], item[1].name, item[2]).exists()]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    context = multiprocessing.get_context("spawn")
    with Progress(*columns) as progress, ProcessPoolExecutor(arguments.workers, mp_context=context) as pool:
        bar = progress.add_task("studies", total=len(work), completed=len(work) - len(left))
        for future in as_completed([pool.submit(play, *item) for item in left]):
            progress.update(bar, advance=1, description=future.result()[:40])


def tell_results(arguments: argparse.Namespace) -> None:
    tell(read_results(), write=not arguments.print)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("run", "tell"))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--tasks", default=",".join(recorded_tasks()))
    parser.add_argument("--only", action="append", help="contenders whose name holds this; may be repeated")
    parser.add_argument("--print", action="store_true", help="of `tell`: only print, write nothing")
    arguments = parser.parse_args()
    {"run": run, "tell": tell_results}[arguments.what](arguments)


if __name__ == "__main__":
    main()
