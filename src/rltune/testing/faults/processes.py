"""The processes of a study by what they do, found anew at each look (Linux)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from random import Random

from rltune.executors.base import ProcessIdentity
from rltune.executors.processes import ProcessRow, all_processes, is_alive, members
from rltune.executors.records import SegmentFiles, read_identity
from rltune.testing.faults.base import NothingToHit, Scene

_SERVER_MODULE = "rltune.executors.local.server"


def workers(scene: Scene) -> list[ProcessIdentity]:
    """The trials' own processes that run now, by pid."""
    folders = [*scene.folder.glob("runs/*/segments/*"), *scene.folder.glob("work/*")]
    unfinished = (folder for folder in folders if not SegmentFiles(folder).outcome.exists())
    found = {identity for folder in unfinished if (identity := read_identity(folder)) and is_alive(identity)}
    return sorted(found, key=lambda identity: identity.pid)


def server(scene: Scene) -> ProcessIdentity | None:
    """The fork server of the study's controller."""
    if scene.controller is None:
        return None
    children = (row for row in all_processes() if scene.controller and row.parent == scene.controller.pid)
    return _oldest(row for row in children if _SERVER_MODULE in command_line(row.pid))


def guardian(scene: Scene) -> ProcessIdentity | None:
    """The process that sees to the trials if the fork server is killed: the server's first child."""
    parent = server(scene)
    if parent is None:
        return None
    known = {identity.pid for identity in workers(scene)}
    return _oldest(row for row in all_processes() if row.parent == parent.pid and row.pid not in known)


def _controller(scene: Scene, rng: Random) -> list[ProcessIdentity]:
    return [scene.controller] if scene.controller and is_alive(scene.controller) else []


def _server(scene: Scene, rng: Random) -> list[ProcessIdentity]:
    return [found] if (found := server(scene)) else []


def _guardian(scene: Scene, rng: Random) -> list[ProcessIdentity]:
    return [found] if (found := guardian(scene)) else []


def _worker(scene: Scene, rng: Random) -> list[ProcessIdentity]:
    found = workers(scene)
    return [rng.choice(found)] if found else []


def _program(scene: Scene, rng: Random) -> list[ProcessIdentity]:
    """A process that a worker has started: the program of a trainer that runs one."""
    leaders = workers(scene)
    pids = {leader.pid for leader in leaders}
    rows = {row.pid: row for leader in leaders for row in members(leader) if row.pid not in pids}
    return [_identity(rng.choice([rows[pid] for pid in sorted(rows)]))] if rows else []


def _trial(scene: Scene, rng: Random) -> list[ProcessIdentity]:
    """A worker with all that it has started."""
    return [_identity(row) for leader in _worker(scene, rng) for row in members(leader)]


def _everything(scene: Scene, rng: Random) -> list[ProcessIdentity]:
    first = [*_controller(scene, rng), *_guardian(scene, rng), *_server(scene, rng)]
    trials = [_identity(row) for leader in workers(scene) for row in members(leader)]
    return [*first, *trials] if first else []


ROLES: Mapping[str, Callable[[Scene, Random], list[ProcessIdentity]]] = {
    "controller": _controller,
    "server": _server,
    "guardian": _guardian,
    "worker": _worker,
    "program": _program,
    "trial": _trial,
    "everything": _everything,
}
"""What each role's processes are now; an empty list: none."""


def cast(role: str, scene: Scene, rng: Random) -> list[ProcessIdentity]:
    """The processes of a role, one trial's by chance where there are several.

    Raises:
        NothingToHit: if there is none.
    """
    found = ROLES[role](scene, rng)
    if not found:
        raise NothingToHit(f"no {role} of the study runs now", where=str(scene.folder))
    return found


def _identity(row: ProcessRow) -> ProcessIdentity:
    return ProcessIdentity(row.pid, row.started)


def _oldest(rows: Iterable[ProcessRow]) -> ProcessIdentity | None:
    row = min(rows, key=lambda row: (row.started, row.pid), default=None)
    return None if row is None else _identity(row)


def command_line(pid: int) -> list[str]:
    """The program of a process and its arguments; empty if it has ended."""
    try:
        text = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return []
    return text.removesuffix("\0").split("\0")
