"""A Ray cluster whose nodes are processes of this machine: for tests, benchmarks and injected faults.

It lies in a temporary folder of its own, so that a plain `ray.init()` of somebody else doesn't find it, and all of its
processes, with all that they start, carry a mark in their environment, so that none can be left behind unseen.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import psutil
import ray
from ray._private import services
from ray.cluster_utils import Cluster

MARK = "RLTUNE_RAY_CLUSTER"
_STORE_BYTES = 80 << 20  # Ray's least is 75 MiB
_START_SECONDS = 240.0
_AGENT_PORTS = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_memory_usage_threshold": "0.99",  # a busy machine isn't what is looked at
    "RAY_agent_register_timeout_ms": "240000",
    "RAY_worker_niceness": "0",  # else trials give way to all other work
}


class RayCluster:
    """Started by its constructor with a node for each of `nodes`, which say what they have: `{"num_cpus": 2}`.

    Workers import from where this process does. While it is there, this process's environment has its variables.
    """

    def __init__(self, *nodes: Mapping[str, Any]) -> None:
        self._before = dict(os.environ)
        self._mark = uuid.uuid4().hex
        self._folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # sockets need a short path
        path = os.pathsep.join(p for p in sys.path if p)
        os.environ.update(_QUIET, PYTHONPATH=path, RAY_TMPDIR=self._folder, **{MARK: self._mark})
        self._cluster = Cluster()
        self.nodes: list[Any] = []
        try:
            for resources in nodes:
                self.add(**resources)
        except BaseException:
            self.close()  # nobody else can: there is no cluster yet
            raise

    @property
    def address(self) -> str:
        """host:port of its head, the first node."""
        return str(self._cluster.address)

    def add(self, **resources: Any) -> Any:
        """One more node."""
        given = {"num_gpus": 0, "object_store_memory": _STORE_BYTES, "include_log_monitor": False, **_free_ports()}
        with _patience():
            self.nodes.append(self._cluster.add_node(include_dashboard=False, **{**given, **resources}))
        return self.nodes[-1]

    def remove(self, node: Any) -> None:
        """Takes a node out in an orderly way."""
        self.nodes.remove(node)
        self._cluster.remove_node(node)

    def cut(self, node: Any) -> int:
        """Ends all processes of a node at once, as a power cut would. Returns how many there were."""
        self.nodes.remove(node)
        doomed = self.processes(node)
        for process in doomed:
            process.suspend()  # so that none sees another one die
        for process in doomed:
            process.kill()
        return len(doomed)

    def processes(self, node: Any) -> list[psutil.Process]:
        """All processes of a node: its own, and what they have started."""
        own = [psutil.Process(info.process.pid) for infos in node.all_processes.values() for info in infos]
        return [*own, *(child for process in own for child in process.children(recursive=True))]

    def survivors(self) -> list[int]:
        """Processes of the cluster, and of what ran on it, that still run."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.pid != os.getpid() and process.environ().get(MARK) == self._mark:
                    found.append(process.pid)
        return found

    def close(self) -> None:
        """Ends it all."""
        ray.shutdown()
        self._cluster.shutdown()
        os.environ.clear()
        os.environ.update(self._before)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> RayCluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _free_ports() -> dict[str, int]:
    """Ports for a node's agents. A node that is to find them itself gives its agents 15 seconds to tell."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in _AGENT_PORTS]
        for each in sockets:
            each.bind(("", 0))
        return {name: each.getsockname()[1] for name, each in zip(_AGENT_PORTS, sockets, strict=True)}


@contextlib.contextmanager
def _patience() -> Any:
    """Ray gives a node 30 seconds to start, in which a machine with much else to do doesn't always get that far."""
    ask, deadline = services.get_node, time.monotonic() + _START_SECONDS

    def ask_patiently(*arguments: Any) -> Any:
        while True:
            try:
                return ask(*arguments)
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    services.get_node = ask_patiently
    try:
        yield
    finally:
        services.get_node = ask
