"""Fills a store with trials that were never run, at the speed of the database: to measure at ten thousand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sqlalchemy import create_engine

from arena import World
from rltune.store import schema as t
from rltune.store.base import SegmentState
from rltune.store.engine import DATABASE_FILE
from rltune.types import Phase, StopKind


def fill(folder: Path, world: World, trials: int, scale: float, seed: int) -> None:
    """Adds so many finished search trials to the only study in a folder: random configurations on random proxies, each
    with the scores of a recorded run of that model at all rungs up to a random one."""
    rng = np.random.default_rng(seed)
    configurations, runs, segments, evaluations = [], [], [], []
    for key in range(1, trials + 1):
        configuration = world.space.sample(rng)
        size = world.proxies[int(rng.integers(len(world.proxies)))]
        table = world.tables[size]
        scores = table.scores[int(rng.integers(len(table.runs)))]
        last = int(rng.integers(len(world.rungs)))
        to_step = world.rungs[last]
        cost = world.seconds(configuration, size, 0, to_step)
        end = _ended(to_step, cost.train_seconds * scale, cost.validate_seconds * scale)
        configurations.append({"pk": key, "study": 1, "id": configuration.id, "content": configuration.json()})
        runs.append({"pk": key, "study": 1, "number": key, "id": f"r{key:04d}", "configuration": key} | _run(size))
        segments.append(
            {"run": key, "number": 1, "id": f"r{key:04d}-s1", "from_step": 0, "to_step": to_step}
            | {"phase": Phase.SEARCH.value, "reason": "filled", "proposal_values": {}, "folder": "none"}
            | {"state": SegmentState.ENDED.value, "started": 0.0, "ended": 1.0, "retrained": 0, "log_tail": ""}
            | end
        )
        for index in range(last + 1):
            evaluations.append(
                {"run": key, "step": world.rungs[index], "phase": Phase.SEARCH.value, "score": float(scores[index])}
                | {"last_score": None, "steps_trained": world.rungs[index]}
                | end
            )
    engine = create_engine(f"sqlite:///{folder / DATABASE_FILE}")
    with engine.begin() as connection:
        for table, rows in (
            (t.configuration, configurations), (t.run, runs), (t.segment, segments), (t.evaluation, evaluations),
        ):  # fmt: skip
            connection.execute(table.insert(), rows)
    engine.dispose()


def _run(size: str) -> dict[str, object]:
    return {"model": size, "seed": 0}


def _ended(step: int, train: float, validate: float) -> dict[str, object]:
    stop = {"stop_kind": StopKind.REACHED.value, "stop_step": step, "stop_reason": "filled", "stop_rule": None}
    cost = {"train_seconds": train, "validate_seconds": validate, "start_seconds": 60.0}
    return {**stop, "stop_values": {}, **cost}
