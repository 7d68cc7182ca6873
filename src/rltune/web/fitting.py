"""The process beside the live page that fits the model of a study's scores (see `rltune.web.importance`)."""

from __future__ import annotations

import json
import os
import random
import sys

from rltune.analysis.finalists import finalist_configurations
from rltune.analysis.records import Records
from rltune.report.figures.base import model_colors
from rltune.report.figures.marginals import marginal_pictures
from rltune.report.figures.sensitivity import importance_picture
from rltune.report.sections.sensitivity import basis, verdict
from rltune.report.sensitivity import study_sensitivity
from rltune.study.looking import look_at
from rltune.types import Configuration, Evaluation
from rltune.web.figures.wire import wire, wire_picture
from rltune.web.plain import plain

NICE = 15


def fit(place: str, most: int) -> dict[str, object]:
    """The figures of a study, as the page gets them, or `why` there are none.

    Args:
        most: evaluations that the model is fitted to; of more, those of the finalists and of the target, and of others
            as many as there is room for, drawn by chance.
    """
    look = look_at(place)
    try:
        study = look.store.study()
        evaluations, scores = look.store.evaluations(), tuple(look.store.scores())
    finally:
        look.store.close()
    finalists = finalist_configurations(study)
    chosen = _chosen(evaluations, most, study.target, set(finalists))
    records = Records(study=study, evaluations=tuple(chosen), scores=scores)
    by_role = {role: _configuration(records, role) for role in ("winner", "recipe")}
    found = study_sensitivity(records, by_role["winner"], by_role["recipe"])
    if isinstance(found, str):
        return {"why": f"Nothing can be told: {found}."}
    if found.goal is None:
        return {"why": f"Nothing can be told yet: {found.refused}."}
    colors = model_colors(records.models(), records.target)
    order = sorted(found.goal.shares, key=lambda share: -share.value)
    names = [share.name for share in order]
    drawn = f" Of {len(evaluations):,} evaluations {len(chosen):,} were drawn."
    return {
        "verdict": verdict(found),
        "basis": basis(found) + (drawn if len(chosen) < len(evaluations) else ""),
        "importance": wire_picture(importance_picture(found, found.goal, colors)),
        "marginals": [
            {**wire(picture.figure), "name": name, "height": picture.height}
            for name, picture in zip(names, marginal_pictures(found, colors), strict=True)
        ],
    }


def _configuration(records: Records, role: str) -> Configuration | None:
    values = records.fact(role).get("configuration")
    if not isinstance(values, dict):
        return None
    return Configuration({str(k): v for k, v in values.items() if isinstance(v, (bool, int, float, str))})


def _chosen(
    evaluations: list[tuple[str, Evaluation]], most: int, target: str | None, finalists: set[Configuration]
) -> list[tuple[str, Evaluation]]:
    """Whole configurations, so that none is cut in two; in the order of their commit."""
    if len(evaluations) <= most:
        return evaluations
    counts: dict[Configuration, int] = {}
    on_target: set[Configuration] = set()
    for _, e in evaluations:
        counts[e.configuration] = counts.get(e.configuration, 0) + 1
        if e.fidelity.model == target:
            on_target.add(e.configuration)
    order = sorted(counts, key=lambda c: c.id)
    random.Random(0).shuffle(order)
    order.sort(key=lambda c: (c not in finalists, c not in on_target))
    kept: set[Configuration] = set()
    room, of_target = most, most // 2
    for configuration in order:
        count = counts[configuration]
        limit = room - (most - of_target) if configuration in on_target and configuration not in finalists else room
        if count <= limit:
            kept.add(configuration)
            room -= count
    return [pair for pair in evaluations if pair[1].configuration in kept]


def main() -> None:
    """A study's place and the most evaluations from standard input, figures to standard output."""
    os.nice(NICE)
    place, most = json.loads(sys.stdin.buffer.read())
    json.dump(plain(fit(place, most)), sys.stdout)


if __name__ == "__main__":
    main()
