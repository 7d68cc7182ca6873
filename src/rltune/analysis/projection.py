"""What is known of the configurations at one fidelity: the history, projected on (model, step).

Notation:
    n  configurations that were evaluated at the fidelity, or died on that model before
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rltune.bayes.data import floor_scores, score_of, worth_of
from rltune.errors import SpaceError
from rltune.space.space import Space
from rltune.types import SAYS_NOTHING, Configuration, Evaluation, Fidelity, History


@dataclass(frozen=True, slots=True)
class Projection:
    """Configurations of the space and what each is worth at a fidelity.

    Attributes:
        configurations: (n,), each once, as the space has them: one from outside is moved into it.
        worth: (n,) mean over seeds; a dead run is worth the model's score before any training.
        dead: (n,) whether all its runs here died, here or at an earlier step.
        evaluations: how many evaluations this rests on.
    """

    fidelity: Fidelity
    configurations: tuple[Configuration, ...]
    worth: np.ndarray
    dead: np.ndarray
    evaluations: int

    def __len__(self) -> int:
        return len(self.configurations)


def project(history: History, space: Space, models: Sequence[str] = ()) -> tuple[Projection, ...]:
    """One projection for each fidelity of the history: models in the order of `models` (others after them), then steps.

    A run that died on the way to a step is dead at all later steps of that model too: whoever leaves it out there sees
    only what was good enough to be continued.
    """
    floors = floor_scores(history)
    inside = {c: _inside(space, c) for c in dict.fromkeys(e.configuration for e in history.evaluations)}
    told = [
        e
        for e in history.evaluations
        if inside[e.configuration] is not None and not (score_of(e) is None and e.stop.kind in SAYS_NOTHING)
    ]
    order = {name: place for place, name in enumerate(models)}
    fidelities = sorted({e.fidelity for e in told}, key=lambda f: (order.get(f.model, len(order)), f.model, f.steps))
    return tuple(_project(told, fidelity, floors.get(fidelity.model, floors[""]), inside) for fidelity in fidelities)


def _project(
    told: Sequence[Evaluation], fidelity: Fidelity, floor: float, inside: dict[Configuration, Configuration | None]
) -> Projection:
    found: dict[Configuration, dict[int, float | None]] = {}
    for e in told:
        earlier = e.fidelity.model == fidelity.model and e.fidelity.steps < fidelity.steps
        configuration = inside[e.configuration]
        if configuration is None or not (e.fidelity == fidelity or (earlier and worth_of(e) is None)):
            continue
        seeds = found.setdefault(configuration, {})
        # a death is final, whatever order the evaluations come in
        seeds[e.seed] = None if e.seed in seeds and seeds[e.seed] is None else worth_of(e)
    worth = [np.mean([floor if w is None else max(w, floor) for w in seeds.values()]) for seeds in found.values()]
    dead = [all(w is None for w in seeds.values()) for seeds in found.values()]
    count = sum(len(seeds) for seeds in found.values())
    return Projection(fidelity, tuple(found), np.array(worth, dtype=float), np.array(dead, dtype=bool), count)


def _inside(space: Space, configuration: Configuration) -> Configuration | None:
    try:
        return space.clip(configuration.values)
    except SpaceError:
        return None
