"""An evaluation as an Optuna trial.

    score                          COMPLETE where it can be compared with every other trial of its Optuna study, else
                                   PRUNED: what Optuna calls a trial that was given less than the whole
    stopped by a rule or somebody  PRUNED, with the newest score that it had before
    crashed, out of memory, NaN    FAIL: so Optuna ends a trial whose function raises or gives back NaN
Scores at the lower rungs of the run are intermediate values, by step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from rltune.optimizers.distributions import distribution_of
from rltune.trackers.base import TrackedEvaluation
from rltune.trackers.evaluations import holding
from rltune.types import FAILURES, Scalar, StopKind

KEY, DIGEST = "rltune:key", "rltune:digest"
"""System attributes of a trial: which evaluation it is, and its fingerprint."""
LAYOUT = 1
"""Goes up when evaluations become trials in another way: trials of an older one are then written anew."""


def fingerprint(digest: str) -> str:
    """What a trial has as its `DIGEST`."""
    return f"{digest}-{LAYOUT}"


def trial_of(evaluation: TrackedEvaluation, *, comparable: bool) -> FrozenTrial:
    """The trial; `comparable`: whether a score makes it COMPLETE."""
    distributions: dict[str, BaseDistribution] = {}
    params: dict[str, Scalar] = {}
    for name, value in evaluation.configuration.values.items():
        parameter = evaluation.parameters.get(name)
        fitting = parameter and holding(parameter, value)
        if fitting:
            distributions[name], params[name] = distribution_of(fitting), value
    earlier = {steps: score for steps, score in evaluation.earlier.items() if math.isfinite(score)}
    state, value = _end(evaluation, earlier, comparable)
    score = evaluation.score
    reported = {**earlier, evaluation.steps: score} if score is not None and math.isfinite(score) else earlier
    trial = create_trial(
        state=state,
        value=value,
        params=params,
        distributions=distributions,
        user_attrs=_attributes(evaluation),
        system_attrs={KEY: evaluation.key, DIGEST: fingerprint(evaluation.digest)},
        intermediate_values=reported,
    )
    trial.datetime_start = datetime.fromtimestamp(evaluation.started)
    trial.datetime_complete = datetime.fromtimestamp(evaluation.ended)
    return trial


def _end(
    evaluation: TrackedEvaluation, earlier: Mapping[int, float], comparable: bool
) -> tuple[TrialState, float | None]:
    """State and value."""
    score = evaluation.score
    if score is not None and math.isfinite(score):
        return (TrialState.COMPLETE if comparable else TrialState.PRUNED), score
    if score is not None or evaluation.stop.kind in (*FAILURES, StopKind.DIVERGED):
        return TrialState.FAIL, None
    last = evaluation.last_score
    if last is None or not math.isfinite(last):
        last = earlier[max(earlier)] if earlier else None
    return TrialState.PRUNED, last


def _attributes(evaluation: TrackedEvaluation) -> dict[str, Scalar]:
    """What a person sees of a trial in the dashboard, and what a table of trials has as columns."""
    stop = evaluation.stop
    known: dict[str, Scalar | None] = {
        "config_id": evaluation.configuration.id,
        "run": evaluation.run,
        "model": evaluation.model,
        "steps": evaluation.steps,
        "steps_trained": evaluation.steps_trained,
        "seed": evaluation.seed,
        "phase": evaluation.phase.value,
        "target_at_r_max": evaluation.full,
        "seconds": evaluation.seconds,
        "stop_kind": stop.kind.value,
        "stop_rule": stop.rule,
        "stop_reason": stop.reason,
        "last_score": evaluation.last_score,
    }
    # The dashboard's page can't read a NaN.
    return {n: v for n, v in known.items() if v is not None and not (isinstance(v, float) and not math.isfinite(v))}
