"""The store's tests run on SQLite and, where RLTUNE_TEST_POSTGRES names a server, on PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from rltune.store.open import create_study
from rltune.store.sql import SqlStudyStore


@pytest.fixture(scope="session")
def server() -> str:
    """URL of a PostgreSQL database for tests."""
    url = os.environ.get("RLTUNE_TEST_POSTGRES")
    if not url:
        pytest.skip("RLTUNE_TEST_POSTGRES names no PostgreSQL server (try `.ci/postgres with pytest tests/store`)")
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a study can be made: a folder that doesn't exist yet, or a server."""
    return request.getfixturevalue("server") if request.param == "postgres" else str(tmp_path / "studies" / "a")


@pytest.fixture
def name() -> str:
    """A study's name that no other test uses."""
    return f"study-{uuid4().hex[:12]}"


@pytest.fixture
def store(location: str, name: str) -> Iterator[SqlStudyStore]:
    """A new study."""
    made = create_study(location, name, {"budget": 300})
    yield made
    made.close()
