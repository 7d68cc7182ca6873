"""A Ray cluster of real processes on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """A `rltune.testing.ray_cluster.RayCluster`: a head node with two CPUs."""
    pytest.importorskip("ray", reason="Ray is an extra: pip install 'rltune[ray]'")
    module = pytest.importorskip("rltune.testing.ray_cluster")
    with module.RayCluster({"num_cpus": 2}) as made:
        yield made
