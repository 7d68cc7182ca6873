"""The model that a report fits, on a surface whose true sensitivities are known."""

from __future__ import annotations

import numpy as np
import pytest

from report.factory import CONFIG, TARGET
from rltune.analysis.records import Records
from rltune.analysis.sensitivity import Sensitivity, sensitivity
from rltune.bayes.data import FidelityScale
from rltune.bayes.score_model import one_thread
from rltune.report.sensitivity import fitted, study_sensitivity
from rltune.store.base import StudyRecord, StudyState
from rltune.testing.surfaces import BASE_SCORE, MIDDLE, SMALL, GrpoSurface, grpo_recipe, grpo_space
from rltune.types import Fidelity, History, Phase, Proposal

SPACE, SURFACE, GOAL = grpo_space(), GrpoSurface(), Fidelity("middle", 40)


def random_history(seed: int, count: int) -> History:
    """Random configurations, on the small model only, at every rung."""
    rng = np.random.default_rng(seed)
    history = History(base_scores={"small": BASE_SCORE, "middle": BASE_SCORE})
    for _ in range(count):
        configuration = SPACE.sample(rng)
        for steps in (10, 20, 40):
            proposal = Proposal(configuration, Fidelity("small", steps), 0, Phase.SEARCH, "")
            history = history.with_evaluation(SURFACE.evaluate(proposal, History()))
    return history


def told(seed: int, count: int = 24) -> Sensitivity:
    history = random_history(seed, count)
    scale = FidelityScale(10, 40, {"small": SMALL.parameters, "middle": MIDDLE.parameters}, "middle")
    with one_thread():
        predict, resampled = fitted(history, SPACE, scale)
        return sensitivity(history, SPACE, GOAL, predict, resampled, recipe=grpo_recipe(), winner=grpo_recipe())


@pytest.mark.slow
def test_the_learning_rate_is_found_to_matter_and_nothing_else() -> None:
    """By itself it makes 94 % of the differences; the next, `kl_coef`, 2 %. Right for at least two of three seeds."""
    right = 0
    for seed in range(3):
        found = told(seed)
        at_rungs = [max(f.shares, key=lambda s: s.value).name for f in found.by_fidelity]
        right += [s.name for s in found.matters] == ["learning_rate"] and set(at_rungs) == {"learning_rate"}
    assert right >= 2


def recorded(**facts: object) -> Records:
    return Records(StudyRecord("x", StudyState.CREATED, {}, 0.0, 0.0, "", facts))


def test_what_a_study_has_not_written_down_yet_is_named() -> None:
    facts = {"space": CONFIG["space"], "target": TARGET, "rungs": [15, 30]}
    assert "hasn't written down its space" in str(study_sensitivity(recorded()))
    assert study_sensitivity(recorded(**facts)) == "nothing was evaluated yet"
    unmeasured = {TARGET: {"parameters": None}}
    assert "sizes" in str(study_sensitivity(recorded(**facts, models=unmeasured)))
