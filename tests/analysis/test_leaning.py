"""Which hyperparameters the target prefers otherwise than the proxy does."""

from __future__ import annotations

import numpy as np
import pytest

from rltune.analysis.leaning import Transfers, leanings
from rltune.space.parameters import CategoricalParameter, FloatParameter
from rltune.space.space import Space

SPACE = Space(
    {
        "learning_rate": FloatParameter(low=1e-6, high=1e-2, log=True),
        "schedule": CategoricalParameter(choices=("constant", "cosine")),
        "clip": FloatParameter(low=0.1, high=0.4),
    }
)


def scores(count: int):
    rng = np.random.default_rng(4)
    drawn = [SPACE.sample(rng) for _ in range(count)]
    u = np.array([SPACE.units(c) for c in drawn])
    proxy = u[:, 0] + 0.5 * u[:, 2]
    target = -u[:, 0] + 0.5 * u[:, 2]
    return drawn, list(proxy + rng.normal(0, 0.05, count)), list(target + rng.normal(0, 0.05, count))


def test_the_one_that_is_preferred_otherwise_shifts_and_the_others_hold() -> None:
    found = {leaning.name: leaning for leaning in leanings(SPACE, *scores(80))}
    assert set(found) == {"learning_rate", "schedule: cosine over constant", "clip"}
    assert found["learning_rate"].transfers is Transfers.SHIFTS and found["learning_rate"].slope < 0
    assert "prefers less" in found["learning_rate"].text
    assert found["clip"].transfers is Transfers.HOLDS and "same preference" in found["clip"].text


def test_too_few_pairs_say_nothing_of_so_many_hyperparameters() -> None:
    assert leanings(SPACE, *scores(8)) == ()
    assert leanings(SPACE, [], [], []) == ()


def test_lengths_must_agree() -> None:
    drawn, proxy, target = scores(12)
    with pytest.raises(ValueError, match="equally many"):
        leanings(SPACE, drawn[1:], proxy, target)
