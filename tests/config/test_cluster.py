"""The executor's section: local without being named, Ray with keys of its own."""

from __future__ import annotations

import pytest

from rltune.config.cluster import RayConfig
from rltune.config.load import parse_study
from rltune.errors import ConfigError


def _parse(executor: object):
    base = {"name": "a", "models": {"target": "embedded/s"}, "task": "arithmetic/easy", "budget": "5m"}
    return parse_study({**base, "executor": executor})


@pytest.mark.parametrize("given", ["local", {"slots": 2}, {"name": "local"}])
def test_local_needs_no_name(given: object) -> None:
    assert _parse(given).executor.name == "local"


def test_ray_in_short_and_in_full_and_as_written_again() -> None:
    assert _parse("ray").executor == RayConfig(name="ray")
    full = {
        "name": "ray",
        "address": "10.0.0.1:6379",
        "gpus": {"target": 8, "proxy": 0.25},
        "cpus": 0.5,
        "resources": {"highmem": 1},
        "runtime_env": {"env_vars": {"A": "b"}},
        "waiting": 3,
        "trial_ray": "cluster",
        "grace_time": "2m",
    }
    config = _parse(full)
    assert isinstance(config.executor, RayConfig)
    assert config.executor.gpus == {"target": 8, "proxy": 0.25} and config.executor.grace_time == 120.0
    assert parse_study(config.model_dump(mode="json", by_alias=True)) == config


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "rai"}, "name must be one of local, ray, got 'rai'"),
        ({"name": "ray", "adress": "auto"}, "did you mean 'address'"),
        ({"address": "auto"}, "unknown key 'address'"),
        ({"name": "ray", "gpus": 1.5}, "whole GPUs or a fraction of one, got 1.5"),
        ({"name": "ray", "gpus": {"proxy": 2.5}}, "got 2.5 for proxy"),
        ({"name": "ray", "gpus": 0}, "gpus"),
        ({"name": "ray", "trial_ray": "none"}, "expected own or cluster"),
        ({"name": "ray", "waiting": -1}, "waiting"),
    ],
)
def test_what_cannot_be_is_told(given: object, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        _parse(given)
