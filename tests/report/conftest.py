"""Filled stores, made once for all tests of the report; they are only read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from report.factory import CONFIG, Study, fill_finished, fill_half
from rltune.store.base import StudyStore
from rltune.store.open import create_study


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stores")


@pytest.fixture(scope="session")
def finished(folder: Path) -> Iterator[Study]:
    store = create_study(folder, "demo", CONFIG)
    yield fill_finished(store)
    store.close()


@pytest.fixture(scope="session")
def half(folder: Path) -> Iterator[Study]:
    store = create_study(folder, "half", CONFIG)
    yield fill_half(store)
    store.close()


@pytest.fixture(scope="session")
def empty(folder: Path) -> Iterator[StudyStore]:
    store = create_study(folder, "empty", CONFIG)
    yield store
    store.close()
