"""From a name to a fault."""

from __future__ import annotations

from collections.abc import Mapping

from rltune.errors import ConfigError, suggest
from rltune.testing.faults.base import Fault, Moment
from rltune.testing.faults.clock import ClockJump
from rltune.testing.faults.controllers import SecondController
from rltune.testing.faults.database import DatabaseConnection
from rltune.testing.faults.disk import FillDisk
from rltune.testing.faults.flip import Flip
from rltune.testing.faults.freeze import Freeze
from rltune.testing.faults.kill import Kill
from rltune.testing.faults.ray_node import RayNode
from rltune.testing.faults.truncate import Truncate

_KILLED = ("controller", "server", "guardian", "worker", "program", "everything")
_FROZEN = ("controller", "server", "worker", "trial")
_DAMAGED = ("weights", "optimizer", "manifest", "metrics", "order", "outcome")

_ALL: tuple[Fault, ...] = (
    *(Kill(role) for role in _KILLED),
    *(Freeze(role) for role in _FROZEN),
    *(damage(kind) for kind in _DAMAGED for damage in (Truncate, Flip)),
    # SQLite owns these two while a controller has them open; nobody can promise anything if they change under it.
    *(damage("wal", Moment.DOWN, loses_tail=True) for damage in (Truncate, Flip)),
    *(damage("shm", Moment.DOWN) for damage in (Truncate, Flip)),
    FillDisk(),
    ClockJump(),
    SecondController(),
    DatabaseConnection(),
    RayNode(),
)

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _ALL}
"""All faults by name."""


def find_fault(name: str) -> Fault:
    """The fault of that name.

    Raises:
        ConfigError: if there is none; the message lists the known ones.
    """
    if name not in FAULTS:
        raise ConfigError(f"there is no fault named {name!r}", where="faults", hint=suggest(name, FAULTS))
    return FAULTS[name]
