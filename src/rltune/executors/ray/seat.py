"""The controller's handle on a place: the actor that holds a trial's resources on some node of the cluster."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from rltune.executors.base import Order
from rltune.executors.ray.needs import CPU, GPU, Needs
from rltune.executors.ray.place import Place, PlaceTerms
from rltune.executors.records import NODE

POLL_SECONDS = 1.0
"""How long a place waits for an event before it answers that there is none."""
SHORT_ID = 12
"""As much of a node's id as people are shown."""
_CALLS_AT_ONCE = 3  # a poll that waits, a stop beside it, and one that was asked for again


class RayPlace(Place):
    """A place that knows its node."""

    def __init__(self, terms: PlaceTerms) -> None:
        os.environ[NODE] = _node()[:SHORT_ID]
        super().__init__(terms)

    def hello(self) -> dict[str, str]:
        return {**super().hello(), "node": _node()}


def _node() -> str:
    return ray.get_runtime_context().get_node_id()


class Seat:
    """Asks Ray for a place; Ray makes it when a node has room.

    Attributes:
        needs: what it reserves. node, host: where it is; empty: it isn't placed yet. idle_since: monotonic seconds;
            None: it has a trial.
    """

    def __init__(self, needs: Needs, terms: PlaceTerms, wanted: str = "") -> None:
        """`wanted`: id of the node that it is to be on, as long as that is there; empty: any."""
        self.needs = needs
        self.node = ""
        self.host = ""
        self.idle_since: float | None = None
        kind: Any = ray.remote(RayPlace)
        amounts = {name: amount for name, amount in needs.amounts.items() if name not in (CPU, GPU)}
        self._actor = kind.options(
            num_cpus=needs.cpus,
            num_gpus=needs.gpus,
            resources=amounts,
            max_concurrency=_CALLS_AT_ONCE,
            scheduling_strategy=NodeAffinitySchedulingStrategy(wanted, soft=True) if wanted else "DEFAULT",
            max_restarts=0,  # a trial that was lost is continued by the study, from a checkpoint that it has checked
        ).remote(terms)

    def hello(self) -> Any:
        """Reference to where it is."""
        return self._actor.hello.remote()

    def placed(self, hello: Mapping[str, str]) -> None:
        self.node, self.host = hello["node"], hello["host"]

    def launch(self, order: Order) -> Any:
        """Reference to the process that was started."""
        return self._actor.launch.remote(order.id, str(order.folder.resolve()))

    def poll(self, order: Order, seen: int) -> Any:
        """Reference to the events of the order behind the first `seen`."""
        return self._actor.poll.remote(order.id, seen, POLL_SECONDS)

    def stop(self, order: Order) -> None:
        self._actor.stop.remote(order.id)

    def close(self) -> Any:
        """Reference to nothing, there when all of its processes have ended."""
        return self._actor.close.remote()

    def kill(self) -> None:
        """Frees its resources at once; what runs in it ends itself, with a checkpoint, as without a controller."""
        ray.kill(self._actor)
