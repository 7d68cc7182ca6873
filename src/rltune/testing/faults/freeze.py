"""SIGSTOP, and SIGCONT when it is undone: a process that hangs in the kernel, or a machine that swaps."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from rltune.executors.base import ProcessIdentity
from rltune.executors.processes import send
from rltune.testing.faults.base import Injected, Moment, NothingToHit, Scene
from rltune.testing.faults.processes import cast


@dataclass(frozen=True, slots=True)
class Freeze:
    """Stops all processes of a role (see `processes.ROLES`) until the fault is undone."""

    role: str
    moment: Moment = Moment.RUNNING
    loses_tail: bool = False

    @property
    def name(self) -> str:
        return f"freeze_{self.role}"

    def inject(self, scene: Scene, rng: Random) -> Injected:
        hit = [identity for identity in cast(self.role, scene, rng) if send(identity, signal.SIGSTOP)]
        if not hit:
            raise NothingToHit(f"the {self.role} ended in the same moment", where=str(scene.folder))
        return Injected(f"SIGSTOP to {self.role}, {len(hit)} processes", partial(_thaw, hit))


def _thaw(frozen: Sequence[ProcessIdentity]) -> None:
    for identity in frozen:
        send(identity, signal.SIGCONT)
