"""Bytes that changed on their way: a bad cable, a dying disk."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from rltune.testing.faults.base import Injected, Moment, NothingToHit, Scene
from rltune.testing.faults.files import choose

_MOST = 8


@dataclass(frozen=True, slots=True)
class Flip:
    """Changes one to eight bytes of a file of a kind (see `files.FILES`), in place, its length as it was."""

    kind: str
    moment: Moment = Moment.ANY
    loses_tail: bool = False

    @property
    def name(self) -> str:
        return f"flip_{self.kind}"

    def inject(self, scene: Scene, rng: Random) -> Injected:
        path, size = choose(self.kind, scene, rng)
        places = sorted(rng.sample(range(size), min(size, rng.randint(1, _MOST))))
        try:
            with path.open("r+b") as stream:
                for place in places:
                    stream.seek(place)
                    old = stream.read(1)
                    stream.seek(place)
                    stream.write(bytes([(old or b"\0")[0] ^ rng.randint(1, 255)]))
        except FileNotFoundError:
            raise NothingToHit("the file went in the same moment", where=str(path)) from None
        return Injected(f"{path.relative_to(scene.folder)}: bytes {', '.join(map(str, places))} of {size} changed")
