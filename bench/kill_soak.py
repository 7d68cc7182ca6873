"""Pulls the plug: `kill -9` on the controller, and separately on trial processes, at moments spread by chance.

    python bench/kill_soak.py [--kills 10] [--seed 0] [--folder DIR]

Two real studies (real GRPO on the embedded family). In the first, the controller is killed again and again and
`rltune resume` goes on each time; in the second, running trials are killed under a controller that lives. At the end
of each the figures are printed, and the exit status says whether anything was lost, doubled, orphaned or incomplete.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from rltune.analysis.summary import Summary, summarize
from rltune.errors import RltuneError
from rltune.store.base import SegmentState, StudyStore
from rltune.store.open import open_study
from rltune.types import StopKind

STUDY = """
name: {name}
output: {output}
models: {{target: embedded/s, proxies: [embedded/xs]}}
task: arithmetic/easy
budget: {{time: 1h, search: 0.9, trials: 14}}
steps: 16
rungs: [4, 8, 16]
validation: {{prompts: 64, samples: 2}}
test: {{prompts: 64, samples: 2}}
confirm: {{top: 2}}
final: {{seeds: 2}}
"""
WORK_ITEMS = 4 + 14 + 3 + 4 + 4  # prepare, search, confirm, final, test: about as many ends as a study has
LONGEST = 1500.0


@dataclass
class Watcher:
    """Everything that was seen of a study: its processes, and what it had committed when a plug was pulled."""

    folder: Path
    name: str
    processes: set[tuple[int, float]] = field(default_factory=set)
    committed: dict[tuple[str, int], float | None] = field(default_factory=dict)
    ends: list[str] = field(default_factory=list)

    def store(self) -> StudyStore | None:
        try:
            return open_study(self.folder, self.name, read_only=True)
        except RltuneError:
            return None  # it isn't made yet

    def progress(self) -> int:
        """How many pieces of work have ended."""
        store = self.store()
        if store is None:
            return 0
        ended = sum(s.state is SegmentState.ENDED for s in store.segments()) + len(store.scores())
        store.close()
        return ended

    def see_processes(self, controller: subprocess.Popen[bytes]) -> None:
        try:
            for process in (p := psutil.Process(controller.pid), *p.children(recursive=True)):
                self.processes.add((process.pid, process.create_time()))
        except psutil.Error:
            pass  # it ended while we looked

    def note_commits(self) -> None:
        """What is committed now must be there, with the same score, for ever."""
        store = self.store()
        if store is not None:
            self.committed |= {(r, e.fidelity.steps): e.score for r, e in store.evaluations() if e.score is not None}
            store.close()

    def survivors(self) -> list[int]:
        """Processes of the study that still run."""
        alive = []
        for pid, created in self.processes:
            try:
                process = psutil.Process(pid)
                if process.create_time() == created and process.status() != psutil.STATUS_ZOMBIE:
                    alive.append(pid)
            except psutil.Error:
                continue
        return alive


def start(arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "rltune", *arguments], stdout=output, stderr=output, start_new_session=True
        )


def moments(count: int, rng: random.Random) -> list[int]:
    """`count` numbers of ended pieces of work, spread by chance over a study, increasing."""
    return sorted(rng.sample(range(WORK_ITEMS - 2), count))


def wait_for(
    watcher: Watcher, controller: subprocess.Popen[bytes], progress: int, extra: float, deadline: float
) -> bool:
    """Waits until so many pieces of work have ended, and a moment more. False if the study ended before."""
    while controller.poll() is None and time.monotonic() < deadline:
        watcher.see_processes(controller)
        if watcher.progress() >= progress:
            until = time.monotonic() + extra
            while time.monotonic() < until and controller.poll() is None:
                watcher.see_processes(controller)
                time.sleep(0.05)
            return controller.poll() is None
        time.sleep(0.2)
    return False


def kill_controller(folder: Path, kills: int, rng: random.Random) -> tuple[Watcher, int]:
    """A study whose controller dies again and again."""
    watcher = Watcher(folder / "controller", "controller")
    log = folder / "controller.log"
    study = folder / "controller.yaml"
    study.write_text(STUDY.format(name="controller", output=folder))
    deadline = time.monotonic() + LONGEST
    controller, done = start(["run", str(study)], log), 0
    for progress in moments(kills, rng):
        if not wait_for(watcher, controller, progress, rng.uniform(0.0, 2.0), deadline):
            break
        os.kill(controller.pid, signal.SIGKILL)
        controller.wait()
        done += 1
        watcher.note_commits()
        watcher.ends.append(f"after {watcher.progress()} ends")
        made = (watcher.folder / "study.yaml").exists() and watcher.store() is not None
        controller = start(["resume", str(watcher.folder)] if made else ["run", str(study), "--fresh"], log)
    wait_for(watcher, controller, WORK_ITEMS * 10, 0.0, deadline)
    end(controller)
    return watcher, done


def kill_trials(folder: Path, kills: int, rng: random.Random) -> tuple[Watcher, int]:
    """A study whose trials die under it."""
    watcher = Watcher(folder / "trials", "trials")
    study = folder / "trials.yaml"
    study.write_text(STUDY.format(name="trials", output=folder))
    deadline = time.monotonic() + LONGEST
    controller, done = start(["run", str(study)], folder / "trials.log"), 0
    for progress in moments(kills, rng):
        if not wait_for(watcher, controller, progress, rng.uniform(0.0, 2.0), deadline):
            break
        while controller.poll() is None and not (victim := running_trial(watcher, rng)):
            time.sleep(0.05)
        if controller.poll() is None and victim:
            os.kill(victim, signal.SIGKILL)
            done += 1
            watcher.note_commits()
    wait_for(watcher, controller, WORK_ITEMS * 10, 0.0, deadline)
    end(controller)
    return watcher, done


def running_trial(watcher: Watcher, rng: random.Random) -> int | None:
    """The pid of a trial that runs at this moment."""
    store = watcher.store()
    if store is None:
        return None
    running = [s for s in store.segments() if s.state is SegmentState.RUNNING and s.pid is not None]
    store.close()
    rng.shuffle(running)
    for segment in running:
        assert segment.pid is not None and segment.pid_started is not None
        if psutil.pid_exists(segment.pid):
            return segment.pid
    return None


def end(controller: subprocess.Popen[bytes]) -> None:
    """Ends a controller that has outrun its time."""
    if controller.poll() is None:
        controller.terminate()
    controller.wait(timeout=120)


def judge(watcher: Watcher, kills: int, asked: int) -> bool:
    """Prints the figures of a study that went through it. True if nothing was lost, doubled, orphaned or missing."""
    store = watcher.store()
    if store is None:
        print(f"{watcher.name}: no study was made")
        return False
    summary: Summary = summarize(store)
    evaluations = store.evaluations()
    counts = Counter((run, e.fidelity.steps) for run, e in evaluations)
    scores = {(run, e.fidelity.steps): e.score for run, e in evaluations}
    lost = [key for key, score in watcher.committed.items() if scores.get(key) != score]
    doubled = [key for key, count in counts.items() if count > 1]
    vanished = sum(s.stop is not None and s.stop.kind is StopKind.LOST for s in store.segments())
    tests = [len(f.test) if f is not None else 0 for f in (summary.winner, summary.recipe)]
    orphans = watcher.survivors()
    rows = {
        "kills": f"{kills} of {asked}",
        "state at the end": summary.state,
        "evaluations": len(evaluations),
        "committed before a kill, and gone or changed later": len(lost),
        "doubled": len(doubled),
        "processes left over": f"{len(orphans)} of {len(watcher.processes)} seen",
        "segments that vanished, and were continued": vanished,
        "steps trained": summary.work.steps_trained,
        "of them trained again": summary.work.steps_retrained,
        "test scores of winner and recipe": f"{tests[0]} and {tests[1]}",
    }
    print(f"\n{watcher.name}")
    for name, value in rows.items():
        print(f"  {name:<52} {value}")
    store.close()
    whole = summary.state == "finished" and min(tests) == 2
    return whole and kills == asked and not (lost or doubled or orphans)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="keep the studies here (default: a temporary folder)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rltune-soak-") as scratch:
        folder = arguments.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        good = True
        for soak in (kill_controller, kill_trials):
            watcher, done = soak(folder.absolute(), arguments.kills, random.Random(arguments.seed))
            good &= judge(watcher, done, arguments.kills)
    print("\nnothing lost, nothing doubled, nothing left over" if good else "\nFAILED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
