"""Two controllers at once: somebody resumes a study that is being run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

from rltune.errors import RltuneError
from rltune.executors.processes import is_alive
from rltune.study.looking import look_at
from rltune.testing.faults.base import Injected, Moment, NothingToHit, Scene

_REFUSED = 2
_WORDS = "is being run by"


@dataclass(frozen=True, slots=True)
class SecondController:
    """Starts `rltune resume` on a study that has a controller: it must be refused, and name the first one."""

    name: str = "second_controller"
    moment: Moment = Moment.RUNNING
    loses_tail: bool = False

    def inject(self, scene: Scene, rng: Random) -> Injected:
        if scene.controller is None or not is_alive(scene.controller):
            raise NothingToHit("the study has no first controller", where=str(scene.folder))
        if not _is_held(scene.folder):  # the first one has only begun: the second would be the first
            raise NothingToHit("no controller holds the study yet", where=str(scene.folder))
        status, said = scene.rltune(["resume", str(scene.folder), "--quiet"])
        if not is_alive(scene.controller):
            raise NothingToHit("the first controller ended meanwhile", where=str(scene.folder))
        refused = status == _REFUSED and _WORDS in said and str(scene.controller.pid) in said
        complaint = None if refused else f"a second controller ended with {status}: {said[-500:]}"
        return Injected("a second controller was started", complaint=complaint)


def _is_held(folder: Path) -> bool:
    try:
        look = look_at(folder)
    except RltuneError:
        return False
    try:
        return look.alive()
    finally:
        look.store.close()
