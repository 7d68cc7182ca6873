"""SIGKILL: nobody gets to say goodbye."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from random import Random

from rltune.executors.processes import send
from rltune.testing.faults.base import Injected, Moment, NothingToHit, Scene
from rltune.testing.faults.processes import cast


@dataclass(frozen=True, slots=True)
class Kill:
    """Kills all processes of a role (see `processes.ROLES`) in one go."""

    role: str
    moment: Moment = Moment.RUNNING
    loses_tail: bool = False

    @property
    def name(self) -> str:
        return f"kill_{self.role}"

    def inject(self, scene: Scene, rng: Random) -> Injected:
        found = cast(self.role, scene, rng)
        hit = [identity.pid for identity in found if send(identity, signal.SIGKILL)]
        if not hit:
            raise NothingToHit(f"the {self.role} ended in the same moment", where=str(scene.folder))
        return Injected(f"SIGKILL to {self.role}, {_count(hit)}")


def _count(pids: list[int]) -> str:
    return f"process {pids[0]}" if len(pids) == 1 else f"{len(pids)} processes"
