"""The sensitivity of a study, from its records: the only place where a report fits a model."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from pydantic import ValidationError

from rltune.analysis.effects import Predict
from rltune.analysis.records import Records
from rltune.analysis.sensitivity import LEAST, Sensitivity, sensitivity
from rltune.analysis.written_space import written_space
from rltune.bayes.data import NO_RUN, FidelityScale, training_data
from rltune.bayes.score_model import ScoreModel, fit_hyperparameters, one_thread
from rltune.errors import SpaceError
from rltune.space.space import Space
from rltune.types import Configuration, Evaluation, Fidelity, History

RESAMPLES, FEWER_RESAMPLES = 30, 10
MANY = 300
"""Beyond this many evaluations fewer resamples do, since each takes longer and their ranges are narrower."""


def study_sensitivity(
    records: Records, winner: Configuration | None = None, recipe: Configuration | None = None
) -> Sensitivity | str:
    """Which hyperparameters of a study matter; or, in words, what it hasn't written down yet."""
    space, rungs = _space(records), records.study.facts.get("rungs")
    sizes = {name: records.parameters(name) for name in records.models()}
    if space is None or records.target is None or not isinstance(rungs, (list, tuple)):
        return "the study hasn't written down its space, target and rungs yet"
    if not all(0 < size < math.inf for size in sizes.values()):
        return "the sizes of its models aren't known"
    if not records.evaluations:
        return "nothing was evaluated yet"
    goal = Fidelity(records.target, int(rungs[-1]))
    scale = FidelityScale(int(rungs[0]), goal.steps, sizes, goal.model)
    history = _history(records)
    enough = len({e.configuration for e in history.evaluations}) >= LEAST
    with one_thread():
        predict, resampled = fitted(history, space, scale) if enough else (None, ())
        return sensitivity(
            history, space, goal, predict, resampled, models=records.models(), recipe=recipe, winner=winner
        )


def fitted(history: History, space: Space, scale: FidelityScale) -> tuple[Predict, tuple[Predict, ...]]:
    """The model of a history's scores, and the same (with the same hyperparameters: fitting takes long) after
    resampled configurations."""
    data = training_data(history, space, scale)
    model = ScoreModel(data, fit_hyperparameters(data))
    by_configuration: dict[Configuration, list[Evaluation]] = {}
    for evaluation in history.evaluations:
        by_configuration.setdefault(evaluation.configuration, []).append(evaluation)
    groups, rng = list(by_configuration.values()), np.random.default_rng(0)

    def resample() -> Predict:
        chosen = [groups[i] for i in rng.integers(0, len(groups), len(groups))]
        drawn = replace(history, evaluations=tuple(e for group in chosen for e in group))
        return _predict(ScoreModel(training_data(drawn, space, scale), model.hyperparameters, model.scale), scale)

    count = RESAMPLES if len(data) <= MANY else FEWER_RESAMPLES
    return _predict(model, scale), tuple(resample() for _ in range(count))


def _predict(model: ScoreModel, scale: FidelityScale) -> Predict:
    def predict(x: np.ndarray, fidelity: Fidelity) -> tuple[np.ndarray, np.ndarray]:
        where = np.array([*scale.coordinates(fidelity.model, fidelity.steps), NO_RUN])
        return model.scores(np.hstack([x, np.tile(where, (len(x), 1))]))

    return predict


def _history(records: Records) -> History:
    """All evaluations, those of the final runs too: nothing is chosen with them here."""
    base = {
        score.model: score.values["mean"]
        for score in records.scores
        if score.run_id is None and score.split == "validation" and "mean" in score.values
    }
    return History(tuple(e for _, e in records.evaluations), base_scores=base)


def _space(records: Records) -> Space | None:
    try:
        return written_space(records.study.facts)
    except (ValidationError, SpaceError):
        return None
