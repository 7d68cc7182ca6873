"""A database server that ends a study's sessions: the study's next call has a new one, and nothing is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
import yaml
from sqlalchemy import URL, create_engine, make_url, text

from rltune.store.open import create_study
from rltune.testing.faults.base import NothingToHit, Scene
from rltune.testing.faults.build import find_fault


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """URL of a new PostgreSQL database: the fault ends all sessions in it."""
    server = os.environ.get("RLTUNE_TEST_POSTGRES")
    if not server:
        pytest.skip("RLTUNE_TEST_POSTGRES names no PostgreSQL server (try `.ci/postgres with pytest tests/testing`)")
    url, name = make_url(server), f"faults_{uuid4().hex[:12]}"
    monkeypatch.setenv("PGPASSWORD", str(url.password or ""))  # a study file holds none
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield URL.create(url.drivername, url.username, None, url.host, url.port, name, url.query).render_as_string()
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def test_a_study_outlives_its_sessions(database: str, tmp_path: Path) -> None:
    study = {"name": "s", "models": {"target": "embedded/s"}, "task": "arithmetic/easy", "budget": "1h"}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump({**study, "store": database}))
    fault = find_fault("database_connection")
    store = create_study(database, "s", {})
    store.set_fact("before", 1)

    assert "ended by the server" in fault.inject(Scene(tmp_path), Random(0)).what
    store.set_fact("after", 2)
    assert store.study().facts == {"before": 1, "after": 2}
    store.close()
    with pytest.raises(NothingToHit):
        fault.inject(Scene(tmp_path), Random(0))
