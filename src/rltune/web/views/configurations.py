"""What was tried: every configuration with its best scores, the space, and which hyperparameters matter."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from rltune.analysis.written_space import written_space
from rltune.errors import RltuneError
from rltune.space.parameters import CategoricalParameter, Parameter
from rltune.types import Configuration, Phase
from rltune.web.importance import Importance
from rltune.web.live import Live

MOST_ROWS = 1000
"""Configurations that are sent: the better half of them the best, the others spread evenly over the study."""


def configurations(importance: Importance) -> Callable[[Live, Mapping[str, str]], object]:
    """`GET /api/configurations`."""

    def answer(live: Live, query: Mapping[str, str]) -> object:
        found = importance.of(live)
        rows = _rows(live)
        return {
            "models": live.models(),
            "total": len(rows),
            "table": _fewer(rows, live.models()),
            "space": space_of(live),
            "importance_state": found.state,
            "verdict": found.figures.get("verdict"),
            "basis": found.figures.get("basis"),
            "figures": {
                "importance": found.figures.get("importance"),
                "marginals": found.figures.get("marginals") or [],
            },
            "none": {"importance": found.why, "marginals": found.why},
        }

    return answer


def space_of(live: Live) -> list[dict[str, Any]]:
    """The searched hyperparameters, as far as the study has written them down."""
    try:
        space = written_space(live.study().facts)
    except (ValidationError, RltuneError):
        return []
    recipe = live.study().fact("recipe").get("configuration")
    values = recipe if isinstance(recipe, Mapping) else {}
    parameters = {} if space is None else space.parameters
    return [{**_parameter(name, p), "recipe": values.get(name)} for name, p in parameters.items()]


def _parameter(name: str, parameter: Parameter) -> dict[str, Any]:
    choices = isinstance(parameter, CategoricalParameter)
    return {
        "name": name,
        "kind": parameter.type,
        "low": None if choices else parameter.low,
        "high": None if choices else parameter.high,
        "step": None if choices else parameter.step,
        "log": False if choices else parameter.log,
        "choices": list(parameter.choices) if choices else None,
        "when": {key: list(allowed) for key, allowed in parameter.when.items()},
        "allowed": parameter.allowed(),
    }


def _rows(live: Live) -> list[dict[str, Any]]:
    """A row for each configuration, in the order of their first runs."""
    facts = live.study()
    roles = {str(facts.fact(role).get("id")): role for role in ("recipe", "winner")}
    found: dict[Configuration, dict[str, Any]] = {}
    for entry in live.board.entries.values():
        configuration = entry.run.configuration
        row = found.get(configuration)
        if row is None:
            name = configuration.id
            row = {"configuration": name, "values": dict(configuration.values), "best": {}, "runs": 0}
            row["role"] = roles.get(name)
            found[configuration] = row
        row["runs"] += 1
        best = row["best"]
        for line in entry.evaluations.values():
            if line.score is None or not math.isfinite(line.score) or line.phase == Phase.FINAL.value:
                continue
            best[entry.run.model] = max(line.score, best.get(entry.run.model, -math.inf))
    return list(found.values())


def _fewer(rows: list[dict[str, Any]], models: list[str]) -> list[dict[str, Any]]:
    """All, or the best on the largest models and an even choice of the rest, in the same order."""
    if len(rows) <= MOST_ROWS:
        return rows

    def rank(row: dict[str, Any]) -> tuple[bool, list[float]]:
        return row["role"] is not None, [row["best"].get(model, -math.inf) for model in reversed(models)]

    order = sorted(range(len(rows)), key=lambda place: rank(rows[place]), reverse=True)
    half = MOST_ROWS // 2
    rest = sorted(order[half:])
    kept = {*order[:half], *rest[:: math.ceil(len(rest) / half)]}
    return [row for place, row in enumerate(rows) if place in kept]
