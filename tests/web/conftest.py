"""Studies to look at, and the live page's server: in this process, and as a real one."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from report.factory import CONFIG, Study, fill_finished, fill_half
from rltune.store.open import create_study
from rltune.store.sql import SqlStudyStore
from rltune.web.app import make_app
from rltune.web.guard import LOOPBACK, Terms
from rltune.web.live import Live

PATIENCE = 60.0
HERE = "http://127.0.0.1"


def make_study(folder: Path, fill: Callable[[SqlStudyStore], Study | None], name: str = "demo") -> SqlStudyStore:
    """A study in a folder of its own, as `rltune run` makes it."""
    store = create_study(folder, name, {**CONFIG, "name": name})
    fill(store)
    (folder / "study.yaml").write_text(f"name: {name}\n")
    return store


@pytest.fixture(scope="session")
def finished_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished study; not to be written to."""
    folder = tmp_path_factory.mktemp("finished") / "demo"
    make_study(folder, fill_finished).close()
    return folder


@pytest.fixture
def half(tmp_path: Path) -> Iterator[SqlStudyStore]:
    """A study in its search, in `tmp_path / "half"`."""
    store = make_study(tmp_path / "half", fill_half, "half")
    yield store
    store.close()


@contextmanager
def client_of(place: str | Path, **terms: object) -> Iterator[TestClient]:
    """The page of a study, in this process."""
    live = Live(place)
    try:
        with TestClient(make_app(live, Terms(LOOPBACK, **terms)), base_url=HERE) as client:  # type: ignore[arg-type]
            yield client
    finally:
        live.close()


@pytest.fixture
def finished(finished_place: Path) -> Iterator[TestClient]:
    with client_of(finished_place) as client:
        yield client


@dataclass
class Served:
    """A real server. `address`: with its token, if it has one; `url`: without."""

    process: subprocess.Popen[str]
    address: str

    @property
    def url(self) -> str:
        return self.address.partition("/?")[0].rstrip("/")

    @property
    def token(self) -> str:
        return self.address.partition("token=")[2]


@contextmanager
def served(place: str | Path, *options: str) -> Iterator[Served]:
    """`rltune dashboard` as a process, on a free port."""
    command = [sys.executable, "-m", "rltune", "dashboard", str(place), "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stderr is not None
    try:
        line = process.stdout.readline()
        assert "http://" in line, line + process.stderr.read()
        yield Served(process, line.split()[-1])
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def wait_for(found: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Waits until it is so."""
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)


def ask(client: httpx.Client, kind: str, values: dict[str, object]) -> httpx.Response:
    """A request as the page makes it."""
    secret = client.get("/api/session").json()["csrf"]
    return client.post("/api/requests", json={"kind": kind, "values": values}, headers={"X-Rltune": secret})
