"""One line of verl's file logger -> canonical metrics and the validation score."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rltune.trainers.logs.names import canonical
from rltune.types import StepMetrics

_SCORE = re.compile(r"val-core/(?P<source>.+)/(?P<variable>[^/]+)/mean@(?P<samples>\d+)")
TRAINED = "training/global_step"
"""Only the line of a trained step has it; validation before the training is logged without."""


def step_metrics(step: int, raw: Mapping[str, float]) -> StepMetrics:
    """Canonical metrics of a trained step. `score/mean` is there if the step was validated, and `score/<data source>`
    where there are several sources."""
    values = {name: value for name, value in canonical(raw).items() if not name.startswith("score/")}
    if "validate_seconds" in values and not scores(raw):
        del values["validate_seconds"]
    return StepMetrics(step, {**values, **{f"score/{name}": value for name, value in scores(raw).items()}})


def scores(raw: Mapping[str, float]) -> dict[str, float]:
    """mean@k of each data source, and `mean`, their plain mean; empty if the line has no validation.

    A source's score is the accuracy that the reward function returns (`acc`), else the reward; of several k the
    largest.
    """
    best: dict[str, tuple[tuple[bool, int], float]] = {}
    for name, value in raw.items():
        found = _SCORE.fullmatch(name)
        if found is not None:
            rank = (found["variable"] == "acc", int(found["samples"]))
            if found["source"] not in best or rank > best[found["source"]][0]:
                best[found["source"]] = (rank, value)
    if not best:
        return {}
    each = {source: value for source, (_, value) in best.items()}
    mean = sum(each.values()) / len(each)
    return {"mean": mean, **(each if len(each) > 1 else {})}
