"""The store's tests run on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rltune.store.open import create_study
from rltune.store.sql import SqlStudyStore


@pytest.fixture(params=["sqlite", "postgres"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a study can be made: a folder that doesn't exist yet, or a server."""
    return request.getfixturevalue("server") if request.param == "postgres" else str(tmp_path / "studies" / "a")


@pytest.fixture
def store(location: str, name: str) -> Iterator[SqlStudyStore]:
    """A new study."""
    made = create_study(location, name, {"budget": 300})
    yield made
    made.close()
