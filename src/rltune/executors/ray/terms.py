"""Whether the Ray executor can be made with what it was given."""

from __future__ import annotations

from rltune.errors import ExecutorError
from rltune.executors.local.gpus import DEVICES

TRIAL_RAYS = ("own", "cluster")
_WHERE = "executor ray"


def check_terms(
    slots: int | None,
    threads: int,
    gpus: float,
    grace_seconds: float,
    waiting: int,
    device: str,
    trial_ray: str,
) -> None:
    """Raises ExecutorError if a number or a name is impossible (see `RayExecutor`)."""
    if (slots is not None and slots < 1) or threads < 1 or gpus <= 0 or grace_seconds < 0 or waiting < 0:
        raise ExecutorError(
            f"expected slots and threads of at least 1, gpus above 0, a grace period and waiting of at least 0, got "
            f"slots {slots}, threads {threads}, gpus {gpus}, grace_seconds {grace_seconds}, waiting {waiting}",
            where=_WHERE,
        )
    for name, value, known in (("device", device, DEVICES), ("trial_ray", trial_ray, TRIAL_RAYS)):
        if value not in known:
            raise ExecutorError(f"expected a {name} of {', '.join(known)}, got {value!r}", where=_WHERE)
