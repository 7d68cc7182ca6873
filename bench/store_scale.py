"""How `rltune status` and the store's readings and writings grow with the runs in a study.

    python bench/store_scale.py [--runs 100 1000 10000] [--url postgresql+psycopg://HOST/DATABASE] [--status-only]

Each study has runs of two rungs, a tenth of them on the target, a fifth of them stopped by a rule, with metrics,
checkpoints and ledger lines. `rltune status` and `rltune status --json` are measured as whole processes, five times
each: least CPU seconds, and least and median seconds of wall clock, which count whatever else the machine does. The
readings and writings that the loop makes for each trial are CPU seconds of this process, the best of three; a
server's own share isn't in it.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Table, func, select

from rltune.store import schema as t
from rltune.store.open import create_study
from rltune.store.sql import SqlStudyStore
from rltune.study.snapshot import Moment, Snapshots
from rltune.types import Configuration, Cost, Evaluation, Fidelity, Phase, Proposal, StepMetrics, StopKind, StopReason

RUNGS = (5, 10)
PROXY, TARGET = "embedded/xs", "embedded/s"
STOPPED_AT = 7
COLUMNS = ("history", "snapshot", "begin", "step", "finish")
COMMANDS = (("status",), ("status", "--json"))
REPEATS = 5


def fill(store: SqlStudyStore, runs: int) -> tuple[int, int]:
    """Adds so many runs, all in one go; returns how many evaluations and metrics that makes."""
    chance = random.Random(0)
    store.set_fact("target", TARGET)
    store.set_fact("rungs", list(RUNGS))
    store.set_fact("models", {PROXY: {"parameters": 130_000}, TARGET: {"parameters": 790_000}})
    rows: dict[Table, list[dict[str, object]]] = {}
    for key in range(1, runs + 1):
        for table, row in rows_of_run(key, chance):
            rows.setdefault(table, []).append({**row, **({"study": store._scope.study} if "study" in table.c else {})})

    def change(connection: Connection) -> None:
        base = {
            table: connection.execute(select(func.coalesce(func.max(table.c.pk), 0))).scalar_one()
            for table in (t.configuration, t.run)
        }
        for table, added in rows.items():
            for row in added:
                for column, other in (("configuration", t.configuration), ("run", t.run)):
                    if column in row:
                        row[column] = int(str(row[column])) + base[other]
            connection.execute(table.insert(), added)

    store._write(change)
    return len(rows[t.evaluation]), len(rows[t.metric])


def rows_of_run(key: int, chance: random.Random) -> Iterator[tuple[Table, dict[str, object]]]:
    """What the store holds of a run that reached its last rung, or that a rule stopped before."""
    model, stopped = (TARGET if key % 10 == 0 else PROXY), key % 5 == 1
    last = STOPPED_AT if stopped else RUNGS[-1]
    configuration = Configuration({"learning_rate": chance.uniform(1e-6, 1e-3), "rollouts": chance.randint(2, 16)})
    yield t.configuration, {"id": configuration.id, "content": configuration.json()}
    run = f"r{key:04d}"
    yield t.run, {"number": key, "id": run, "configuration": key, "model": model, "seed": 0}
    stop = {"stop_kind": "reached", "stop_step": last, "stop_reason": "reached", "stop_rule": None, "stop_values": {}}
    if stopped:
        stop |= {"stop_kind": "rule", "stop_rule": "kl_runaway", "stop_reason": "KL grew", "stop_values": {"kl": 0.2}}
    cost = {"train_seconds": 10.0, "validate_seconds": 0.1, "start_seconds": 0.1}
    segment = {
        "number": 1,
        "id": f"{run}-s1",
        "from_step": 0,
        "to_step": RUNGS[-1],
        "phase": "search",
        "reason": "a try",
    }
    ended = {"state": "ended", "folder": f"runs/{run}", "started": float(key), "ended": float(key + 1)}
    yield t.segment, {"run": key, **segment, **ended, **stop, **cost, "proposal_values": {}, "log_tail": ""}
    for step in range(1, last + 1):
        for name in ("reward", "kl", "entropy", "step_seconds"):
            yield t.metric, {"run": key, "step": step, "name": name, "value": chance.random()}
    yield t.checkpoint, {"run": key, "step": last, "path": f"c/{run}", "bytes": 9, "state": "complete", "pinned": False}
    for rung in RUNGS:
        result = {"phase": "search", "last_score": None, "steps_trained": min(rung, last)}
        result["score"] = chance.random() if rung <= last else None
        yield t.evaluation, {"run": key, "step": rung, **result, **cost, **stop}
    kept = {"segment": f"{run}-s1", "configuration": configuration.id, "model": model, "to_step": last}
    yield t.decision, {"time": float(key), "kind": "proposal", "subject": run, "reason": "a try", "content": kept}


def best_of_three(call: Callable[[], object]) -> float:
    """CPU seconds of this process and of what it started."""
    taken = []
    for _ in range(3):
        begun = sum(os.times()[:4])
        call()
        taken.append(sum(os.times()[:4]) - begun)
    return min(taken)


def processes(*arguments: str) -> tuple[float, float, float]:
    """(least CPU seconds, least seconds, median seconds) of a command of rltune as a process."""
    spent, took = [], []
    for _ in range(REPEATS):
        used, begun = sum(os.times()[2:4]), time.perf_counter()
        subprocess.run([sys.executable, "-m", "rltune", *arguments], check=True, stdout=subprocess.DEVNULL)
        took.append(time.perf_counter() - begun)
        spent.append(sum(os.times()[2:4]) - used)
    return min(spent), min(took), statistics.median(took)


def measure(location: str, runs: int, folder: Path, *, status_only: bool) -> list[float]:
    name = f"scale-{runs}-{time.time_ns() % 10**6}"
    where = location or str(folder / name)
    store = create_study(where, name, {"name": name, "budget": {"time": 3600.0}})
    evaluations, metrics = fill(store, runs)
    address = f"{where}#{name}"
    if not location:
        (folder / name / "study.yaml").write_text(
            f"name: {name}\nmodels: {{target: {TARGET}, proxies: [{PROXY}]}}\ntask: arithmetic/easy\nbudget: 1h\n"
        )
        address = str(folder / name)
    for command in COMMANDS:
        cpu, least, median = processes(*command, address)
        print(
            f"{runs:>13,}  {' '.join(command):<14} CPU {cpu:.2f} s, wall {least:.2f} s, median {median:.2f} s",
            flush=True,
        )
    if status_only:
        store.close()
        return [runs, evaluations, metrics]
    found = [
        best_of_three(store.history),
        best_of_three(lambda: Snapshots(store).take(Moment())),
        *trial(store),
    ]
    store.close()
    return [runs, evaluations, metrics, *found]


def trial(store: SqlStudyStore) -> tuple[float, float, float]:
    """CPU seconds of what is written for a trial's begin, for each step, and for its end."""
    begins, ends = [], []
    for number in range(1, 4):
        of = Proposal(Configuration({"learning_rate": 0.1 * number}), Fidelity(PROXY, 10), 0, Phase.SEARCH, "")
        run = store.run(of.configuration, PROXY, 0)
        folder, begun = Path("s"), time.process_time()
        segment = store.begin_segment(of, run.id, 0, folder)
        begins.append(time.process_time() - begun)
        step = best_of_three(partial(store.add_steps, segment.id, [StepMetrics(1, {"reward": 0.5, "kl": 0.1})]))
        stop = StopReason(StopKind.REACHED, 10, "reached")
        result = Evaluation(of.configuration, of.fidelity, 0, of.phase, 0.5, Cost(1.0), stop, 10)
        begun = time.process_time()
        store.finish_segment(segment.id, stop, Cost(1.0), [StepMetrics(10, {"reward": 0.5})], [], [result])
        ends.append(time.process_time() - begun)
    return min(begins), step, min(ends)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--url", default="", help="a PostgreSQL database instead of SQLite")
    parser.add_argument("--status-only", action="store_true", help="leave the readings and writings of the loop out")
    options = parser.parse_args(arguments)
    columns = ("runs", "evaluations", "metrics", *(() if options.status_only else COLUMNS))
    print("".join(f"{name:>13}" for name in columns))
    with tempfile.TemporaryDirectory() as folder:
        for runs in options.runs:
            row = measure(options.url, runs, Path(folder), status_only=options.status_only)
            print(
                "".join(f"{value:>13,}" if isinstance(value, int) else f"{value:>13.4f}" for value in row), flush=True
            )


if __name__ == "__main__":
    main()
