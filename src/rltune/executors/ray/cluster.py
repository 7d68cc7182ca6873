"""The connection to a Ray cluster: who is there, what is free. The one place that asks Ray about itself."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import ray
from ray._private import services
from ray.exceptions import RaySystemError

from rltune.errors import ExecutorError
from rltune.executors.ray.needs import Resources

WHERE = "executor.address"
_CONNECT_SECONDS = 5.0
_SHORT = 500
_FRESH_SECONDS = 0.2
"""How old what is known about the nodes may be: asking costs a millisecond or two, and `has_room` is asked often."""


class Cluster:
    """A connection as a driver. Other code of this process that is connected already is joined and left connected.

    Args:
        address: "auto" (the cluster that this machine belongs to), or host:port of its head node.
        runtime_env: Ray's description of what workers need, such as {"env_vars": {...}, "pip": [...]}.

    Raises:
        ExecutorError: if there is no cluster, or it can't be joined from here.
    """

    def __init__(self, address: str, runtime_env: Mapping[str, Any]) -> None:
        self._own = not ray.is_initialized()
        if self._own:
            _connect(address, runtime_env)
        self._known: dict[str, Mapping[str, Any]] = {}
        self._free: dict[str, Resources] = {}
        self._asked = float("-inf")

    @property
    def totals(self) -> dict[str, Resources]:
        """By node id, the resources of each living node."""
        self._refresh()
        return {node: row["Resources"] for node, row in self._known.items() if row["Alive"]}

    @property
    def free(self) -> dict[str, Resources]:
        """By node id, what nobody has reserved on each living node; may lag by a second behind what was placed."""
        totals = self.totals
        return {node: self._free.get(node, {}) for node in totals}

    def alive(self, node: str) -> bool:
        """Whether Ray takes the node for alive now."""
        self._asked = float("-inf")
        return node in self.totals

    def close(self) -> None:
        """Leaves the cluster. Idempotent."""
        if self._own:
            self._own = False
            with _signals_kept():
                ray.shutdown()

    def _refresh(self) -> None:
        if time.monotonic() - self._asked < _FRESH_SECONDS:
            return
        try:
            self._known = {row["NodeID"]: row for row in ray.nodes()}
            # Public is only the sum over all nodes, and two halves of what a trial needs on two nodes are no room.
            self._free = ray._private.state.available_resources_per_node()  # type: ignore[attr-defined]
        except (RaySystemError, ConnectionError, RuntimeError) as error:
            raise ExecutorError(
                f"the Ray cluster doesn't answer: {_first_line(error)}",
                where=WHERE,
                hint="look at it with `ray status`; the study can be resumed",
            ) from error
        self._asked = time.monotonic()


def _connect(address: str, runtime_env: Mapping[str, Any]) -> None:
    address = _found() if address == "auto" else address
    if "://" in address:
        raise ExecutorError(
            f"expected auto or host:port, got {address}: Ray's client protocol can't be used",
            where=WHERE,
            hint="start rltune on a machine of the cluster, such as its head node, with address auto",
        )
    _knock(address)
    try:
        with _signals_kept():
            ray.init(
                address=address,
                runtime_env=dict(runtime_env),
                log_to_driver=False,  # trials write logs of their own
                logging_level=logging.ERROR,
                configure_logging=False,
            )
    except ConnectionError as error:
        raise ExecutorError(
            f"the Ray cluster at {address} can't be joined: {_first_line(error)}",
            where=WHERE,
            hint="somebody listens there. If Ray's own lines say Unauthenticated, the cluster asks for a token: set "
            "RAY_AUTH_MODE=token (with the head's ~/.ray/auth_token here), then `rltune resume`; else see `ray status`",
        ) from error
    except RuntimeError as error:
        mismatch = "use the same versions here and there, or name your own cluster: {name: ray, address: host:6379}"
        hint = mismatch if "ersion mismatch" in str(error) else "see `ray status`"
        told = f"the Ray cluster at {address} can't be joined: {_one_line(error)}"
        raise ExecutorError(told, where=WHERE, hint=hint) from error
    except ValueError as error:
        raise ExecutorError(f"Ray refuses the settings: {_one_line(error)}", where="executor") from error


def _found() -> str:
    """Which cluster "auto" means; it may have ended, as the one that RAY_ADDRESS or a file of `ray start` names."""
    try:
        return services.get_ray_address_from_environment("auto", None)
    except ConnectionError as error:
        raise _nobody("auto", _first_line(error)) from error


def _knock(address: str) -> None:
    """Raises ExecutorError if nobody listens at host:port: Ray itself would try for a minute, then end the process."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise ExecutorError(f"expected auto or host:port, got {address!r}", where=WHERE, hint="such as 10.0.0.1:6379")
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _nobody(address, str(error)) from error


def _nobody(address: str, why: str) -> ExecutorError:
    return ExecutorError(
        f"no Ray cluster at {address}: {why}",
        where=WHERE,
        hint="start one with `ray start --head`, or name its head node: {name: ray, address: host:6379}",
    )


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray takes SIGTERM over when it starts; here it means: save and stop."""
    on_main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if on_main:
            signal.signal(signal.SIGTERM, before)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def in_short(error: BaseException) -> str:
    """What Ray says, in one line: its first and its last, without the stack traces between."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return " ".join(dict.fromkeys((lines[0], lines[-1])))[:_SHORT]
