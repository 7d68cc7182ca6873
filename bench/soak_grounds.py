"""What some of the soak's studies stand on beside their folder: a PostgreSQL server, a Ray cluster of this machine.

Each is started when the first study needs it and ended with the soak. Both have the machine's own clock, as another
machine would; of a study with a shifted one, they see the controller.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url, text

from rltune.testing.faults.base import Fault, Moment, NothingToHit
from rltune.testing.faults.clock import CLOCK_FILE

SERVER_SCRIPT = Path(__file__).parents[1] / ".ci" / "postgres"
CLUSTER_PROGRAM = Path(__file__).with_name("soak_cluster.py")
_SERVER_VARIABLE = "RLTUNE_TEST_POSTGRES"
_END_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What one study stands on.

    Attributes:
        settings: what its file says of it. cluster: environment entry (`NAME=value`) of all processes of its Ray
            cluster; empty: it has none.
    """

    settings: Mapping[str, object] = field(default_factory=dict)
    cluster: str = ""


def possible_faults(kind: str, faults: Sequence[Fault]) -> list[Fault]:
    """Those that such a study can be struck by. Who takes a controller down to damage SQLite's files, where the store
    is a server, would have done so for nothing."""
    return [fault for fault in faults if kind != "server" or fault.moment is not Moment.DOWN]


class Grounds:
    """Starts what is asked for; a context manager that ends it. `folder`: of the logs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = contextlib.ExitStack()
        self._server: URL | None = None
        self._cluster: subprocess.Popen[str] | None = None

    def __enter__(self) -> Grounds:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def prepare(self, kind: str) -> None:
        """Starts what studies of that kind need.

        Raises:
            NothingToHit: if this machine doesn't have it.
        """
        if kind == "server" and self._server is None:
            self._server = self._start_server()
        if kind == "ray" and self._cluster is None:
            self._cluster = self._start_cluster()

    @contextlib.contextmanager
    def stand(self, kind: str) -> Iterator[Ground]:
        """The ground for one study of a kind: a new database, or the cluster with all of its nodes."""
        self.prepare(kind)
        if kind == "server" and self._server is not None:
            with _database(self._server) as url:
                yield Ground({"store": url})
        elif kind == "ray" and self._cluster is not None:
            facts = _ask(self._cluster)
            executor = {"name": "ray", "address": facts["address"], "slots": 2, "device": "cpu"}
            yield Ground({"executor": {**executor, "grace_time": 5, "stall_time": 120}}, facts["entry"])
        else:
            yield Ground()

    def _start_server(self) -> URL:
        if importlib.util.find_spec("psycopg") is None:
            raise NothingToHit("psycopg isn't installed", where="PostgreSQL", hint="pip install 'rltune[postgres]'")
        command = [str(SERVER_SCRIPT), "start", "--installed"]
        started = subprocess.run(command, env=_own_clock(), capture_output=True, text=True)
        if started.returncode != 0:
            raise NothingToHit((started.stderr.strip().splitlines() or ["no server"])[-1], where="PostgreSQL")
        address = started.stdout.strip()
        environment = {**_own_clock(), _SERVER_VARIABLE: address}
        self._stack.callback(subprocess.run, [str(SERVER_SCRIPT), "stop"], env=environment, check=True)
        return make_url(address)

    def _start_cluster(self) -> subprocess.Popen[str]:
        if importlib.util.find_spec("ray") is None:
            raise NothingToHit("Ray isn't installed", where="Ray", hint="pip install 'rltune[ray]'")
        log = self._stack.enter_context((self._folder / "cluster.log").open("w"))
        cluster = subprocess.Popen(
            [sys.executable, str(CLUSTER_PROGRAM)],
            env=_own_clock(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,  # who interrupts the soak doesn't interrupt it: it ends with its standard input
        )
        self._stack.callback(_end, cluster)
        return cluster


def _own_clock() -> dict[str, str]:
    """This process's environment without the shifted clock."""
    return {name: value for name, value in os.environ.items() if name not in ("LD_PRELOAD", CLOCK_FILE)}


@contextlib.contextmanager
def _database(server: URL) -> Iterator[str]:
    """URL of a new database, which is gone at the end: the fault ends all sessions in it. The throw-away server asks
    for no password, and a study file holds none."""
    name = f"soak_{uuid.uuid4().hex[:12]}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        address = URL.create(server.drivername, server.username, None, server.host, server.port, name, server.query)
        yield address.render_as_string()
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        engine.dispose()


def _ask(cluster: subprocess.Popen[str]) -> dict[str, str]:
    """The cluster's facts, once no node is missing."""
    assert cluster.stdin is not None and cluster.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        print(file=cluster.stdin, flush=True)
    answer = cluster.stdout.readline()
    if not answer:
        sys.exit("the Ray cluster has ended; see cluster.log")
    return json.loads(answer)


def _end(cluster: subprocess.Popen[str]) -> None:
    assert cluster.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        cluster.stdin.close()
    try:
        cluster.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        cluster.kill()
