"""A file that lost its end: a disk that lied, a copy that was cut short."""

from __future__ import annotations

import os
from dataclasses import dataclass
from random import Random

from rltune.testing.faults.base import Injected, Moment, NothingToHit, Scene
from rltune.testing.faults.files import choose


@dataclass(frozen=True, slots=True)
class Truncate:
    """Cuts a file of a kind (see `files.FILES`) anywhere before its end."""

    kind: str
    moment: Moment = Moment.ANY
    loses_tail: bool = False

    @property
    def name(self) -> str:
        return f"truncate_{self.kind}"

    def inject(self, scene: Scene, rng: Random) -> Injected:
        path, size = choose(self.kind, scene, rng)
        left = rng.randrange(size)
        try:
            os.truncate(path, left)
        except FileNotFoundError:
            raise NothingToHit("the file went in the same moment", where=str(path)) from None
        return Injected(f"{path.relative_to(scene.folder)} cut from {size} to {left} bytes")
