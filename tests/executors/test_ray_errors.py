"""What is told before any cluster is there."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from rltune.errors import ExecutorError
from rltune.executors.build import build_executor, executor_names
from rltune.executors.ray.place import detach


def test_ray_is_a_known_executor() -> None:
    assert executor_names() == ("local", "ray")


def test_without_the_package_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name == "ray" or name.startswith("rltune.executors.ray.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ray", None)  # what `import ray` finds where it isn't installed
    with pytest.raises(ExecutorError, match=r"needs the package ray.*rltune\[ray\]"):
        build_executor("ray")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"slots": 0}, "slots"),
        ({"gpus": 0}, "gpus above 0"),
        ({"waiting": -1}, "waiting"),
        ({"device": "tpu"}, "expected a device of auto, cpu, cuda, got 'tpu'"),
        ({"trial_ray": "any"}, "expected a trial_ray of own, cluster"),
    ],
)
def test_impossible_terms(options: dict[str, object], words: str) -> None:
    pytest.importorskip("ray")
    with pytest.raises(ExecutorError, match=words):
        build_executor("ray", options)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ray://head:10001", "client protocol"),
        ("head", "expected auto or host:port"),
        ("127.0.0.1:none", "expected auto or host:port"),
    ],
)
def test_an_address_that_is_none(address: str, words: str) -> None:
    pytest.importorskip("ray")
    with pytest.raises(ExecutorError, match=words):
        build_executor("ray", {"address": address}).open()


def test_nobody_at_the_address() -> None:
    pytest.importorskip("ray")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        with pytest.raises(ExecutorError, match="no Ray cluster at 127.0.0.1") as caught:
            build_executor("ray", {"address": f"127.0.0.1:{taken.getsockname()[1]}"}).open()
    assert "ray start --head" in str(caught.value)


def test_no_cluster_to_be_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = pytest.importorskip("ray._private.services")
    monkeypatch.setattr(services, "find_gcs_addresses", set)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(ExecutorError, match="no Ray cluster at auto"):
        build_executor("ray", {"address": "auto"}).open()


@pytest.mark.parametrize("left", ["variable", "file"])
def test_an_address_that_a_cluster_has_left_behind(left: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With auto, Ray would believe it, try for a minute and end this process."""
    services = pytest.importorskip("ray._private.services")
    monkeypatch.setattr(services, "find_gcs_addresses", set)  # none of another's clusters on this machine
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
        monkeypatch.delenv("RAY_ADDRESS", raising=False)
        if left == "variable":
            monkeypatch.setenv("RAY_ADDRESS", address)
        else:
            (tmp_path / "ray").mkdir()
            (tmp_path / "ray" / "ray_current_cluster").write_text(address)
        with pytest.raises(ExecutorError, match=f"no Ray cluster at {address}"):
            build_executor("ray", {"address": "auto"}).open()


def test_a_trial_that_starts_ray_finds_one_of_its_own() -> None:
    inherited = {"RAY_JOB_ID": "01", "RAY_RAYLET_PID": "7", "PATH": "/bin", "CUDA_VISIBLE_DEVICES": "3"}
    detach(inherited, "")
    assert inherited == {"PATH": "/bin", "CUDA_VISIBLE_DEVICES": "3", "RAY_ADDRESS": "local"}
    detach(inherited, "10.0.0.1:6379")
    assert inherited["RAY_ADDRESS"] == "10.0.0.1:6379"
