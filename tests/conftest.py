"""What all tests share: the checkout's folder, and PostgreSQL servers for those that need one."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

REPOSITORY = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with many slow tests come first, so that of several processes none begins one while the others are done."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder of the checkout."""
    return REPOSITORY


def postgres(*arguments: str, url: str | None = None) -> subprocess.CompletedProcess[str]:
    """Calls the script that starts, restarts (`url`) and stops throw-away servers."""
    environment = {**os.environ, **({"RLTUNE_TEST_POSTGRES": url} if url else {})}
    return subprocess.run(
        [REPOSITORY / ".ci" / "postgres", *arguments], capture_output=True, text=True, env=environment
    )


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """URL of a PostgreSQL database for tests: the one that RLTUNE_TEST_POSTGRES names, or one that is started for the
    session where a server is installed."""
    pytest.importorskip("psycopg")
    url = os.environ.get("RLTUNE_TEST_POSTGRES")
    if url:
        yield url
        return
    started = postgres("start", "--installed")
    if started.returncode:
        pytest.skip(f"no PostgreSQL server: {started.stderr.strip()}")
    url = started.stdout.strip()
    yield url
    postgres("stop", url=url)


@pytest.fixture
def own_server() -> Iterator[str]:
    """URL of a server that is the test's own: it may be killed and restarted."""
    pytest.importorskip("psycopg")
    started = postgres("start", "--installed")
    if started.returncode:
        pytest.skip(f"no PostgreSQL server: {started.stderr.strip()}")
    url = started.stdout.strip()
    yield url
    postgres("stop", url=url)


@pytest.fixture
def empty_database(server: str) -> Iterator[str]:
    """URL of a database of its own, without tables."""
    name = f"empty_{uuid4().hex[:12]}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def name() -> str:
    """A study's name that no other test uses."""
    return f"study-{uuid4().hex[:12]}"
