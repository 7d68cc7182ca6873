"""The live page of a large study: how fast its first view is, how large, how fast an update, how much memory it takes.

    python bench/dashboard.py [--runs 5000] [--steps 100] [--in-flight 8] [--url postgresql+psycopg://HOST/DB]

Makes a study of so many runs (each evaluated at half of the steps and at all of them; a third of the runs stopped
by a rule, a tenth on the target) with 15 metrics a step, and serves it with `rltune dashboard` as a process.

    start       from the command to its address
    first view  what the overview takes: the page's files (plotly.js among them) and its answers, as a browser asks for
                them, packed; in Chromium, from an empty cache, until its figures are drawn
    update      a new evaluation is committed: until the page is told, and until the answer that it then asks for is
                there; and what the answer alone takes
    memory      resident, after every view was visited, of the server (its fitting process is told apart)

The server has one machine for itself and Chromium. Medians of --repeats.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from sqlalchemy import Connection

from rltune.store import schema as t
from rltune.store.open import create_study
from rltune.store.records import StudyState
from rltune.store.sql import SqlStudyStore
from rltune.types import Configuration, Cost, Evaluation, Fidelity, Phase, Proposal, StepMetrics, StopKind, StopReason

PROXY, TARGET = "proxy/0.5b", "target/7b"
METRICS = (
    "reward", "reward_std", "kl", "policy_kl", "entropy", "grad_norm", "clip_fraction", "response_length",
    "truncated_fraction", "zero_std_fraction", "learning_rate", "tokens", "step_seconds", "loss", "score/mean",
)  # fmt: skip
SPACE = {
    "learning_rate": {"type": "float", "low": 1e-6, "high": 1e-3, "log": True},
    "clip_ratio": {"type": "float", "low": 0.1, "high": 0.4, "log": False},
    "kl_coef": {"type": "float", "low": 1e-4, "high": 0.1, "log": True},
    "grad_clip": {"type": "float", "low": 0.1, "high": 2.0, "log": True},
    "rollouts": {"type": "int", "low": 4, "high": 16, "log": False, "step": 1},
    "lr_scheduler": {"type": "categorical", "choices": ["constant", "cosine"]},
}
RECIPE = {"learning_rate": 1e-5, "clip_ratio": 0.2, "kl_coef": 0.001, "grad_clip": 1.0, "rollouts": 8}
CHROMIUM = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
VIEWS = ("overview", "runs", "configurations", "transfer", "ledger")


def configuration(chance: random.Random) -> Configuration:
    return Configuration(
        {
            "learning_rate": float(f"{10 ** chance.uniform(-6, -3):.4g}"),
            "clip_ratio": round(chance.uniform(0.1, 0.4), 4),
            "kl_coef": float(f"{10 ** chance.uniform(-4, -1):.4g}"),
            "grad_clip": float(f"{10 ** chance.uniform(-1, 0.3):.4g}"),
            "rollouts": chance.randint(4, 16),
            "lr_scheduler": chance.choice(["constant", "cosine"]),
        }
    )


def make(location: str | Path, name: str, runs: int, steps: int) -> SqlStudyStore:
    """A study that is in the midst of its search, with all that the page shows."""
    budget = {"time": 172_800.0, "search": 0.7, "gpu_hours": None, "trials": None}
    config = {"name": name, "budget": budget, "task": {"name": "gsm8k"}, "trainer": {"name": "trl"}}
    store = create_study(location, name, config)
    recipe = Configuration({**RECIPE, "lr_scheduler": "constant"})
    facts = {
        "target": TARGET,
        "rungs": [steps // 2, steps],
        "space": SPACE,
        "models": {PROXY: {"parameters": 5e8}, TARGET: {"parameters": 7e9}},
        "recipe": {"name": "verl-grpo", "id": recipe.id, "configuration": dict(recipe.values)},
        "timings": {
            m: {"step_seconds": s, "validate_seconds": 20.0, "start_seconds": 60.0}
            for m, s in ((PROXY, 4.0), (TARGET, 60.0))
        },
        "plan": {"slots": 64, "after": {"confirm": 3, "seeds": 3}},
        "usage": {"search": {"held": 5_000_000.0, "starting": 90_000.0, "asking": 40_000.0, "room": 60_000.0}},
        "usage_unit": "GPU",
        "begun": ["prepare", "search"],
    }
    for key, value in facts.items():
        store.set_fact(key, value)
    store.set_state(StudyState.RUNNING, "search")
    store.add_seconds(90_000.0)
    store._write(lambda connection: fill(connection, runs, steps))
    return store


def fill(connection: Connection, runs: int, steps: int) -> None:
    """Rows in bulk, run after run."""
    chance, rows = random.Random(0), {}
    for key in range(1, runs + 1):
        for table, row in rows_of_run(key, chance, steps):
            rows.setdefault(table, []).append(row)
        if key % 500 == 0 or key == runs:
            for table, added in rows.items():
                connection.execute(table.insert(), added)
            rows = {}


def rows_of_run(key: int, chance: random.Random, steps: int) -> Iterator[tuple]:
    tried, model = configuration(chance), TARGET if key % 10 == 0 else PROXY
    stopped = key % 3 == 1
    last = steps if not stopped else steps // 2 + steps // 4
    run, begun = f"r{key:04d}", 1e9 + 20.0 * key
    yield t.configuration, {"pk": key, "study": 1, "id": tried.id, "content": tried.json()}
    yield t.run, {"pk": key, "study": 1, "number": key, "id": run, "configuration": key, "model": model, "seed": 0}
    stop = {"stop_kind": "reached", "stop_step": last, "stop_reason": "reached", "stop_rule": None, "stop_values": {}}
    if stopped:
        reason = "KL to the base model grew to 0.21, beyond 0.2, for 5 steps in a row"
        stop |= {"stop_kind": "rule", "stop_rule": "kl_runaway", "stop_reason": reason, "stop_values": {"kl": 0.21}}
    per_step = 60.0 if model == TARGET else 4.0
    cost = {"train_seconds": last * per_step, "validate_seconds": 40.0, "start_seconds": 60.0}
    yield t.segment, {
        "run": key, "number": 1, "id": f"{run}-s1", "from_step": 0, "to_step": steps, "phase": "search",
        "reason": "most information about the target per second", "proposal_values": {}, "state": "ended",
        "folder": f"runs/{run}", "started": begun, "ended": begun + sum(cost.values()), **stop, **cost,
        "retrained": 0, "log_tail": "step 100: reward 0.5\n" * 20, "worker": f"node{key % 8}",
    }  # fmt: skip
    level = chance.uniform(0.2, 0.9)
    for step in range(1, last + 1):
        for name in METRICS:
            yield t.metric, {"run": key, "step": step, "name": name, "value": level * chance.random()}
    yield t.checkpoint, {
        "run": key, "step": last, "path": f"runs/{run}/checkpoints/step-{last:06d}", "bytes": 9_000_000_000,
        "state": "complete", "pinned": False,
    }  # fmt: skip
    for rung in (steps // 2, steps):
        score = level * chance.uniform(0.9, 1.0) if rung <= last else None
        result = {"phase": "search", "last_score": None, "steps_trained": min(rung, last), "score": score}
        yield t.evaluation, {"run": key, "step": rung, **result, **cost, **stop}
    inputs = {"segment": f"{run}-s1", "configuration": tried.id, "model": model, "to_step": steps, "seed": 0}
    why = "most information about the target per second"
    yield t.decision, {
        "study": 1, "time": begun, "kind": "proposal", "subject": run, "reason": why, "content": inputs
    }  # fmt: skip


@dataclass
class Writer:
    """Does what a controller does: trains runs a step at a time, and ends them."""

    store: SqlStudyStore
    steps: int
    folder: Path
    chance: random.Random

    def begin(self, number: int) -> list[tuple[str, str, Proposal]]:
        found = []
        for _ in range(number):
            proposal = Proposal(configuration(self.chance), Fidelity(PROXY, self.steps), 0, Phase.SEARCH, "a try")
            run = self.store.run(proposal.configuration, PROXY, 0)
            segment = self.store.begin_segment(proposal, run.id, 0, self.folder / run.id)
            metrics = [self.metrics(step) for step in range(1, self.steps // 2)]
            self.store.add_steps(segment.id, metrics)
            found.append((run.id, segment.id, proposal))
        return found

    def metrics(self, step: int) -> StepMetrics:
        return StepMetrics(step, {name: self.chance.random() for name in METRICS})

    def evaluate(self, run: str, proposal: Proposal, step: int) -> None:
        """One evaluation more, at a step of its own."""
        stop = StopReason(StopKind.REACHED, step, "reached")
        at = Fidelity(PROXY, step)
        score = self.chance.random()
        evaluation = Evaluation(proposal.configuration, at, 0, Phase.SEARCH, score, Cost(100.0 + step), stop, step)
        self.store.add_evaluation(evaluation, run)


class Server:
    """`rltune dashboard` as a process."""

    def __init__(self, place: str) -> None:
        begun = time.perf_counter()
        command = [sys.executable, "-m", "rltune", "dashboard", place, "--port", "0"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"}
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.address = line.split()[-1].rstrip("/")
        self.started = time.perf_counter() - begun

    def cpu(self) -> float:
        """CPU seconds of the server so far, in all its threads."""
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    def memory(self) -> tuple[float, float]:
        """MB resident: of the server, and of what it has started."""
        here = psutil.Process(self.process.pid)
        beside = 0
        for child in here.children(recursive=True):
            try:
                beside += child.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        return here.memory_info().rss / 2**20, beside / 2**20

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def first_view(address: str) -> tuple[float, int, dict[str, int]]:
    """(seconds, bytes on the wire, the largest of them) of what the overview takes, over one connection."""
    names = ["/", *(f"/static/{name}" for name in static_names())]
    begun, sizes = time.perf_counter(), {}
    with httpx.Client(base_url=address, headers={"Accept-Encoding": "gzip"}, timeout=60) as client:
        for name in [*names, "/static/plotly.min.js", "/api/session", "/api/overview"]:
            with client.stream("GET", name) as response:
                sizes[name] = sum(len(chunk) for chunk in response.iter_raw())
    return time.perf_counter() - begun, sum(sizes.values()), sizes


def static_names() -> list[str]:
    folder = Path(__file__).parents[1] / "src" / "rltune" / "web" / "static"
    return sorted(p.name for p in folder.iterdir() if p.is_file() and p.name != "index.html")


def updates(server: Server, writer: Writer, run: str, proposal: Proposal, repeats: int) -> dict[str, list[float]]:
    """Seconds until the page is told, and what the refetched answers take."""
    told: list[float] = []
    news = threading.Event()

    def listen() -> None:
        # The stream ends with the server.
        with suppress(httpx.HTTPError), httpx.stream("GET", f"{server.address}/api/events", timeout=None) as events:
            for line in events.iter_lines():
                if line.startswith("data:") and "overview" in json.loads(line[5:]).get("parts", []):
                    told.append(time.perf_counter())
                    news.set()

    threading.Thread(target=listen, daemon=True).start()
    found: dict[str, list[float]] = defaultdict(list)
    time.sleep(2)
    with httpx.Client(base_url=server.address, timeout=60) as client:
        for step in range(1, repeats + 1):
            news.clear()
            writer.evaluate(run, proposal, step)
            committed = time.perf_counter()
            if not news.wait(20):
                raise SystemExit("the page was not told of a new evaluation")
            found["told"].append(told[-1] - committed)
            for view in ("overview", "runs", "configurations", "ledger"):
                used, begun = server.cpu(), time.perf_counter()
                client.get(f"/api/{view}").raise_for_status()
                found[view].append(time.perf_counter() - begun)
                found[f"{view} CPU"].append(server.cpu() - used)
            time.sleep(1.0)
    return found


def in_chromium(address: str, repeats: int) -> tuple[list[float], list[float]]:
    """Seconds from the navigation, with an empty cache, until the overview's text is there, and its figures drawn."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    told, found = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        for _ in range(repeats):
            page = browser.new_context().new_page()
            begun = time.perf_counter()
            page.goto(address)
            page.locator(".verdict").first.wait_for(timeout=120_000)
            told.append(time.perf_counter() - begun)
            for place in range(2):
                page.locator(".plot").nth(place).scroll_into_view_if_needed(timeout=120_000)  # drawn when in sight
                page.locator(".plot:has(.main-svg)").nth(place).wait_for(timeout=120_000)
            found.append(time.perf_counter() - begun)
            page.context.close()
        browser.close()
    return told, found


def visit_all(server: Server) -> dict[str, tuple[float, float]]:
    """(seconds, CPU seconds of the server) of every view."""
    paths = [f"/api/{view}" for view in VIEWS]
    paths += ["/api/run/r0001", "/api/run/r0010", "/api/curves?runs=" + ",".join(f"r{n:04d}" for n in range(1, 21))]
    paths += ["/api/runs?sort=learning_rate&q=kl&limit=500&offset=1000", "/api/ledger?q=0.5b&limit=500"]
    found = {}
    with httpx.Client(base_url=server.address, timeout=120) as client:
        for path in paths:
            used, begun = server.cpu(), time.perf_counter()
            client.get(path).raise_for_status()
            found[path.removeprefix("/api/")[:30]] = time.perf_counter() - begun, server.cpu() - used
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5_000)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--in-flight", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--url", default="", help="a PostgreSQL database instead of SQLite")
    parser.add_argument("--keep", default="", help="make the study in this folder, or use the one that is there")
    parser.add_argument("--no-browser", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        measure(options, Path(options.keep or temporary) / "large")


def measure(options: argparse.Namespace, folder: Path) -> None:
    location, name = options.url or folder, "large"
    place = f"{options.url}#{name}" if options.url else str(folder)
    if not (folder / "study.yaml").exists():
        store = make(location, name, options.runs, options.steps)
        folder.mkdir(exist_ok=True)
        (folder / "study.yaml").write_text(f"name: {name}\nstore: {options.url or 'null'}\n")
    else:
        from rltune.store.open import open_study  # noqa: PLC0415

        store = open_study(location, name)
        for segment in store.segments():
            if segment.ended is None:  # of an earlier measurement
                end = StopReason(StopKind.INTERRUPTED, segment.from_step, "left over")
                store.finish_segment(segment.id, end, Cost(), [], [], [])
    writer = Writer(store, options.steps, folder, random.Random(time.time_ns()))
    flying = writer.begin(options.in_flight)
    server = Server(place)
    print(f"start            {server.started:.2f} s")
    try:
        report(server, writer, flying, options)
    finally:
        server.stop()
        store.close()


def report(server: Server, writer: Writer, flying: list, options: argparse.Namespace) -> None:
    cold, size, sizes = first_view(server.address)
    largest = ", ".join(f"{n} {s / 1e3:.0f} kB" for n, s in sorted(sizes.items(), key=lambda each: -each[1])[:3])
    print(f"load             {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"first view       {cold:.2f} s cold, {size / 1e6:.2f} MB ({largest})")
    warm = [first_view(server.address)[0] for _ in range(options.repeats)]
    print(f"                 {statistics.median(warm):.2f} s again")
    if not options.no_browser:
        for what, seconds in zip(("text", "figures"), in_chromium(server.address, options.repeats), strict=True):
            span = f"{min(seconds):.2f} to {max(seconds):.2f}"
            print(f"in Chromium      {statistics.median(seconds):.2f} s until {what} ({span})")
    run, _, proposal = flying[0]
    found = updates(server, writer, run, proposal, options.repeats)
    for name, seconds in found.items():
        what = "until told" if name == "told" else f"{name} answered".replace(" CPU answered", ", CPU of the server")
        print(f"update           {what}: {1e3 * statistics.median(seconds):.0f} ms (to {1e3 * max(seconds):.0f})")
    for path, (seconds, cpu) in visit_all(server).items():
        print(f"visit            {path}: {1e3 * seconds:.0f} ms, CPU {1e3 * cpu:.0f} ms")
    print("memory           server {:.0f} MB, beside it {:.0f} MB".format(*server.memory()))


if __name__ == "__main__":
    main()
