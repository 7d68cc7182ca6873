"""A Ray node that loses its power: all its processes end at once, the trial on it with them."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path
from random import Random

from rltune.executors.base import ProcessIdentity
from rltune.executors.processes import ProcessRow, all_processes, send
from rltune.testing.faults.base import Injected, Moment, NothingToHit, Scene
from rltune.testing.faults.processes import command_line, workers

_NODE_PROGRAM = "raylet"
_HEAD = "--head"


@dataclass(frozen=True, slots=True)
class RayNode:
    """Ends a node of this machine, never the head, that runs a trial of the study: its raylet and all below it."""

    name: str = "ray_node"
    moment: Moment = Moment.RUNNING
    loses_tail: bool = False

    def inject(self, scene: Scene, rng: Random) -> Injected:
        rows = {row.pid: row for row in all_processes()}
        raylets = {found for worker in workers(scene) if (found := _raylet_above(worker.pid, rows)) is not None}
        if not raylets:
            raise NothingToHit("no trial runs on a Ray node beside the head here", where=str(scene.folder))
        raylet = rng.choice(sorted(raylets))
        doomed = [ProcessIdentity(row.pid, row.started) for row in _below(raylet, rows)]
        for number in (signal.SIGSTOP, signal.SIGKILL):  # stopped first, so that none sees another one die
            hit = sum(send(identity, number) for identity in doomed)
        return Injected(f"all {hit} processes of a Ray node killed at once")


def _raylet_above(pid: int, rows: dict[int, ProcessRow]) -> int | None:
    """The raylet that a process descends from; None if there is none, or it is the head's."""
    while (row := rows.get(pid)) is not None and pid > 1:
        program, *arguments = command_line(pid) or [""]
        if Path(program).name == _NODE_PROGRAM:
            return None if _HEAD in arguments else pid
        pid = row.parent
    return None


def _below(pid: int, rows: dict[int, ProcessRow]) -> list[ProcessRow]:
    """A process and its descendants, from the top."""
    found = [rows[pid]]
    for row in found:
        found += [child for child in rows.values() if child.parent == row.pid]
    return found
