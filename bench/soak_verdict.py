"""What must be true of a study that went through the soak, and what is said where it isn't."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rltune.analysis.summary import summarize
from rltune.errors import RltuneError
from rltune.executors.base import ProcessIdentity
from rltune.executors.processes import SERVER_MARK, TRIAL_MARK, ProcessRow, find_marked, members
from rltune.executors.records import read_identity
from rltune.report.data import percent_text, read_report_data
from rltune.report.html import render
from rltune.store.base import SegmentState, StudyStore
from rltune.store.engine import DATABASE_FILE
from rltune.study.api import REPORT_FILE
from rltune.study.looking import look_at
from rltune.types import StopKind
from soak_controller import SOAK_MARK

Key = tuple[str, str, int, int]
"""Configuration, model, seed, steps: what an evaluation is of, whatever numbers runs have."""

_LEFTOVERS = (".*.part", ".*.trash", ".*.json.*")
_GAVE_UP = "its process vanished"
_END_SECONDS = 15.0
_PLACE = "ray::RayPlace"  # how Ray calls the process of a place for trials


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A study's numbers. `curves`: (configuration, model, seed) -> step -> metrics, without times; `given_up`:
    evaluations that stand for processes that vanished again and again."""

    evaluations: Mapping[Key, float | None]
    given_up: frozenset[Key]
    curves: Mapping[tuple[str, str, int], Mapping[int, Mapping[str, float]]]
    tests: Mapping[Key, float]


def take_snapshot(folder: Path) -> Snapshot | None:
    """What the store holds now; None if there is no store yet."""
    try:
        store = look_at(folder).store
    except RltuneError:
        return None
    try:
        return _snapshot(store)
    finally:
        store.close()


def _snapshot(store: StudyStore) -> Snapshot:
    runs = {run.id: (run.configuration.id, run.model, run.seed) for run in store.runs()}
    found = {(*runs[run], e.fidelity.steps): e for run, e in store.evaluations()}
    curves = {runs[run]: {m.step: _timeless(m.values) for m in store.curve(run)} for run in runs}
    tests = {(*runs[s.run_id], s.step): s.values["mean"] for s in store.scores() if s.run_id and s.split == "test"}
    given_up = frozenset(key for key, e in found.items() if e.score is None and _GAVE_UP in e.stop.reason)
    return Snapshot({key: e.score for key, e in found.items()}, given_up, curves, tests)


def _timeless(values: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if "seconds" not in name}


def judge(
    folder: Path, mark: str, committed: Mapping[Key, float | None], undisturbed: Snapshot, cluster: str = ""
) -> list[str]:
    """Everything that is wrong with a study that has ended; empty if nothing is. `cluster`: see `orphans`."""
    store = look_at(folder).store
    try:
        summary = summarize(store)
        found = [] if summary.state == "finished" else [f"its state is {summary.state}"]
        found += _lost(committed, now := _snapshot(store)) + _doubled(store) + _different(now, undisturbed)
        found += _database(folder) + _report(folder, store) + leftovers(folder) + orphans(folder, mark, cluster)
        return found
    finally:
        store.close()


def _lost(committed: Mapping[Key, float | None], now: Snapshot) -> list[str]:
    """A score that was committed is there for ever; a failure may give way to a later try."""
    return [
        f"lost: {key} had score {score}, now {now.evaluations.get(key, 'nothing')}"
        for key, score in committed.items()
        if score is not None and now.evaluations.get(key) != score
    ]


def _doubled(store: StudyStore) -> list[str]:
    runs = Counter((r.configuration.id, r.model, r.seed) for r in store.runs())
    evaluations = Counter((run, e.fidelity.steps) for run, e in store.evaluations())
    found = [f"doubled: {key} is there {count} times" for key, count in (runs + evaluations).items() if count > 1]
    for run in store.runs():
        steps = [m.step for m in store.curve(run.id)]
        segments = store.segments(run.id)
        if steps != list(range(1, len(steps) + 1)):
            found.append(f"{run.id}: its curve has the steps {steps}")
        found += [f"{s.id} is still running" for s in segments if s.state is SegmentState.RUNNING]
        trained = sum(s.stop.step - s.from_step for s in segments if s.stop is not None and s.stop.step > s.from_step)
        counted = trained - sum(s.retrained for s in segments)
        if counted != len(steps):
            found.append(f"{run.id}: {counted} steps counted once, {len(steps)} in its curve")
    return found


def _different(now: Snapshot, undisturbed: Snapshot) -> list[str]:
    """Differences to the same study without faults. One that gave up on a trial may have chosen otherwise after it."""
    found = []
    given_up = {key[:3] for key in now.given_up}
    if not given_up:
        missing, extra = (
            undisturbed.evaluations.keys() - now.evaluations,
            now.evaluations.keys() - undisturbed.evaluations,
        )
        found += [f"{key} is missing" for key in missing] + [f"{key} is extra" for key in extra]
    for name in ("evaluations", "curves", "tests"):
        mine, theirs = getattr(now, name), getattr(undisturbed, name)
        common = [key for key in mine.keys() & theirs.keys() if key[:3] not in given_up]
        found += [f"{name} {key}: {mine[key]} instead of {theirs[key]}" for key in common if mine[key] != theirs[key]]
    return found


def _database(folder: Path) -> list[str]:
    """What SQLite finds wrong; a server keeps its own tables whole, references too."""
    if not (folder / DATABASE_FILE).exists():
        return []
    with sqlite3.connect(folder / DATABASE_FILE) as database:
        checks = [("PRAGMA integrity_check", [("ok",)]), ("PRAGMA foreign_key_check", [])]
        found = [f"{check}: {rows}" for check, good in checks if (rows := database.execute(check).fetchall()) != good]
    database.close()
    return found


def _report(folder: Path, store: StudyStore) -> list[str]:
    """The report that the study wrote is the one that its store gives, and its numbers are those of the tables."""
    page = (folder / REPORT_FILE).read_text(encoding="utf-8")
    found = [] if page == render(read_report_data(store)) else ["the report isn't what the store gives"]
    for name, count in (("evaluations", len(store.evaluations())), ("configurations", _configurations(store))):
        shown = re.search(rf"<b>(\d+)</b><span>{name}</span>", page)
        if shown is None or int(shown[1]) != count:
            found.append(f"the report says {shown and shown[1]} {name}, the store has {count}")
    winner = store.study().facts.get("winner")
    ours = {run.id for run in store.runs() if isinstance(winner, Mapping) and run.configuration.id == winner["id"]}
    tests = [s.values["mean"] for s in store.scores() if s.split == "test" and s.run_id in ours]
    for score in tests:
        if percent_text(score) not in page:
            found.append(f"the report lacks the winner's test score {percent_text(score)}")
    if not tests and all(e.stop.kind is StopKind.REACHED for _, e in store.evaluations()):
        found.append("the winner has no test score")
    return found


def _configurations(store: StudyStore) -> int:
    return len({run.configuration.id for run in store.runs()})


def leftovers(folder: Path) -> list[str]:
    """Temporary files and folders that nobody will ever finish."""
    found = [path for pattern in _LEFTOVERS for path in folder.rglob(pattern)]
    return [f"left over: {path.relative_to(folder)}" for path in (*found, *folder.glob("work/*"))]


def orphans(folder: Path, mark: str, cluster: str = "") -> list[str]:
    """Processes of the study that still run: by mark, by session, by working folder. Those that are just ending get
    some seconds.

    Args:
        cluster: environment entry of the processes of the Ray cluster that the study ran on, and no other one now.
    """
    deadline = time.monotonic() + _END_SECONDS
    while (found := _orphans(folder, mark, cluster)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return [f"orphan: process {pid}: {_command_line(pid)}" for pid in sorted(found)]


def _orphans(folder: Path, mark: str, cluster: str) -> set[int]:
    marked = {row.pid for row in find_marked(f"{SOAK_MARK}={mark}")}
    if cluster:
        marked |= {row.pid for row in find_marked(cluster) if not _is_rays_own(row)}
    identities = [i for path in folder.rglob("process.json") if (i := read_identity(path.parent)) is not None]
    return marked | _of_sessions(identities) | _inside(folder)


def _is_rays_own(row: ProcessRow) -> bool:
    """Whether a process of a cluster is one of Ray's, which stay: neither a place of trials nor anything in it."""
    try:
        environment = Path(f"/proc/{row.pid}/environ").read_bytes()
    except OSError:
        return True  # it has ended
    ours = any(f"{name}=".encode() in environment for name in (SERVER_MARK, TRIAL_MARK))
    return not ours and _PLACE not in _command_line(row.pid)


def _of_sessions(identities: list[ProcessIdentity]) -> set[int]:
    return {row.pid for identity in identities for row in members(identity)}


def _inside(folder: Path) -> set[int]:
    found = set()
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            place = Path(os.readlink(f"/proc/{name}/cwd"))
        except OSError:
            continue
        if place.is_relative_to(folder):
            found.add(int(name))
    return found


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:120]
    except OSError:
        return "gone"
