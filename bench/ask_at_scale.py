"""What one choice costs with many evaluations and many trials in flight: processor seconds, on one thread.

    python bench/ask_at_scale.py [evaluations ...] [--pending 512]

The history is filled_history's: random configurations on recorded models. `one` is the choice after a new evaluation,
then as many at once as a study with that many trials in flight asks for.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

from arena import World
from rltune.optimizers.base import AsksMany
from rltune.optimizers.build import build_optimizer
from rltune.study.guide import PLACES_AHEAD
from rltune.types import Cost, Evaluation, Fidelity, History, Phase, Proposal, StopKind, StopReason


def filled_history(world: World, evaluations: int, pending: int, seed: int) -> History:
    """Each run to a random rung, with the scores of a random recorded run of its model, and new runs in flight."""
    rng = np.random.default_rng(seed)
    found: list[Evaluation] = []
    while len(found) < evaluations:
        configuration, size = world.space.sample(rng), world.proxies[int(rng.integers(len(world.proxies)))]
        last = 1 + int(rng.integers(len(world.rungs)))
        if not found:  # the initial design, of the recipe alone
            configuration, size, last = world.recipe, world.proxies[0], len(world.rungs)
        scores = world.tables[size].scores[int(rng.integers(len(world.tables[size].runs)))]
        for rung, score in list(zip(world.rungs, scores, strict=True))[:last]:
            cost, stop = world.seconds(configuration, size, 0, rung), StopReason(StopKind.REACHED, rung, "")
            total = Cost(cost.train_seconds, cost.validate_seconds, cost.start_seconds)
            fidelity = Fidelity(size, rung)
            found.append(Evaluation(configuration, fidelity, 0, Phase.SEARCH, float(score), total, stop, rung))
    flying = [
        Proposal(world.space.sample(rng), Fidelity(world.proxies[0], world.rungs[-1]), 0, Phase.SEARCH, "in flight")
        for _ in range(pending)
    ]
    base = {size: table.base for size, table in world.tables.items()}
    return History(tuple(found[:evaluations]), tuple(flying), base)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evaluations", type=int, nargs="*", default=[100, 1_000, 10_000])
    parser.add_argument("--pending", type=int, default=512)
    told = parser.parse_args()
    world = World("arithmetic/easy")
    optimizer = build_optimizer("joint_fidelity", world.problem(0), {"initial": 1})
    assert isinstance(optimizer, AsksMany)
    optimizer.ask(filled_history(world, 40, 0, 1))  # what is loaded and compiled once
    for evaluations in told.evaluations:
        history = filled_history(world, evaluations + 2, told.pending, 0)
        at_once = max(1, told.pending // PLACES_AHEAD)
        took = []
        for new, count in ((1, 1), (2, 1), (1, at_once)):  # the second one finds the encodings that the first has made
            known = replace(history, evaluations=history.evaluations[: evaluations + new])
            began = time.process_time()
            assert len(optimizer.ask_many(known, count)) == count
            took.append(time.process_time() - began)
        load = os.getloadavg()[0]
        print(
            f"{evaluations:6,} evaluations, {told.pending} in flight: one {took[1]:.2f} s, {at_once} at once "
            f"{took[2]:.2f} s, {took[2] / at_once:.2f} s each, of processor time (load {load:.0f} on {os.cpu_count()} "
            "cores)",
            flush=True,
        )


if __name__ == "__main__":
    main()
