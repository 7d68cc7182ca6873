"""The world of the optimizer benchmark: recorded runs, answered in simulated time.

Configurations are written on the target's scale, as in a study: a proxy of another width trains with the learning rate
times target width / its width. A run has a seed's noise of its own, the same however it is asked for; it grows by
segments, and only missing steps are paid for. Costs are in units of one full run of the recipe on the target.

Notation:
    R  rungs; u  unit values of the recorded space
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from record_curves import WIDE
from recorded import DATA, Recorded, recorded_runs
from rltune.config.recipes import build_recipe
from rltune.models.embedded import SHAPES
from rltune.models.inspect import describe_model
from rltune.optimizers.base import ModelSpec, Problem
from rltune.space.parameters import FloatParameter
from rltune.space.quasi_random import sobol
from rltune.space.space import Space
from rltune.stopping.build import build_rules, describe_rules
from rltune.stopping.replay import replay
from rltune.types import (
    Configuration,
    Cost,
    Evaluation,
    Fidelity,
    History,
    Proposal,
    StopKind,
    StopReason,
)
from surrogate import CurveTable, Learned

START_SECONDS = 0.4
"""A segment's start in a warm worker (bench/warm_start.py: 0.36 s)."""
PARAMETERS = {size: describe_model(f"embedded/{size}").parameters or 0 for size in SHAPES}
NEAREST = 5
SEARCHED_BEST = 2**15


@dataclass
class World:
    """One task's models with the target among them. Everything is deterministic."""

    task: str
    target: str = "m"
    proxies: tuple[str, ...] = ("xs", "s")
    recorded: Sequence[Recorded] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.recorded = recorded_runs(self.task)
        self.tables = {size: CurveTable.of(self.recorded, self.task, size) for size in (*self.proxies, self.target)}
        self.noises = {size: table.noise(self.recorded) for size, table in self.tables.items()}
        self._curves: dict[tuple[Configuration, str], np.ndarray] = {}
        self._stopped: dict[str, list[int | None]] = {}

    @property
    def rungs(self) -> tuple[int, ...]:
        return self.tables[self.target].rungs

    @cached_property
    def space(self) -> Space:
        """The recorded one, its learning rates cut so that every proxy's lie in what was recorded of it."""
        parameters = dict(WIDE.parameters)
        rate = parameters["learning_rate"]
        assert isinstance(rate, FloatParameter)
        high = rate.high / max(self.factor(size) for size in self.tables)
        parameters["learning_rate"] = FloatParameter(low=rate.low, high=float(f"{high:.2g}"), log=True)
        return Space(parameters)

    @cached_property
    def recipe(self) -> Configuration:
        published = build_recipe("embedded-grpo", SHAPES[self.target].hidden_size).values
        return self.space.clip(published)

    def factor(self, size: str) -> float:
        """What a learning rate on the target's scale is multiplied by on a model of that size."""
        return SHAPES[self.target].hidden_size / SHAPES[size].hidden_size

    def problem(self, seed: int, proxies: Sequence[str] | None = None) -> Problem:
        """As a study gives it to an optimizer; no proxies: on the target alone."""
        specs = tuple(ModelSpec(size, PARAMETERS[size]) for size in (self.proxies if proxies is None else proxies))
        target = ModelSpec(self.target, PARAMETERS[self.target])
        return Problem(self.space, target, specs, specs or (target,), self.rungs, self.recipe, seed)

    # --- what a run gives ----------------------------------------------------------------------------------------
    def curve(self, configuration: Configuration, size: str) -> np.ndarray:
        """Expected score (R,) at each rung."""
        key = (configuration, size)
        if key not in self._curves:
            self._curves[key] = self._learned(size).predict(self.units([configuration], size))[0]
        return self._curves[key]

    def value(self, configuration: Configuration) -> float:
        """What a configuration is worth: its expected score on the target after a full run."""
        return float(self.curve(configuration, self.target)[-1])

    def score(self, configuration: Configuration, size: str, steps: int, seed: int) -> float:
        """A measured score: the run's own luck, and that of one validation (a third of its variance)."""
        expected = self.curve(configuration, size)[self.rungs.index(steps)]
        luck = _normal(configuration.json(), size, seed)
        chance = _normal(configuration.json(), size, seed, steps)
        noise = self.noises[size] * (math.sqrt(2 / 3) * luck + math.sqrt(1 / 3) * chance)
        return float(np.clip(expected + noise, 0.0, 1.0))

    def stop_step(self, configuration: Configuration, size: str) -> int | None:
        """The step at which the default rules end such a run: if it dies, that of the nearest recorded run that they
        ended; None if they let it go on."""
        table = self.tables[size]
        if self.curve(configuration, size)[-1] > table.alive_above:
            return None
        lengths = np.maximum(np.array(self._learned(size).gps[-1].kernel_.k1.k2.length_scale), 0.05)
        distance = np.linalg.norm((table.units - self.units([configuration], size)) / lengths, axis=1)
        for index in np.argsort(distance, kind="stable")[:NEAREST]:
            if table.scores[index, -1] <= table.alive_above:
                return self._stops(size)[index]
        return None

    def seconds(self, configuration: Configuration, size: str, start: int, end: int) -> Cost:
        """Of steps start + 1 to end, their validations, and one start."""
        rollouts, steps, validate = self.costs[size]
        per_step = math.exp(
            np.interp(math.log(float(configuration.values["rollouts"])), np.log(rollouts), np.log(steps))
        )
        passed = sum(start < rung <= end for rung in self.rungs)
        return Cost((end - start) * per_step, passed * validate, START_SECONDS)

    @cached_property
    def unit(self) -> float:
        """Seconds of one full run of the recipe on the target."""
        return self.seconds(self.recipe, self.target, 0, self.rungs[-1]).seconds

    @cached_property
    def best(self) -> float:
        """The highest value in the space that a wide search and a local one find."""
        points = list(sobol(self.space, SEARCHED_BEST, seed=1))
        values = self._learned(self.target).predict(self.units(points, self.target))[:, -1]
        rng = np.random.default_rng(0)
        leaders = [self.space.units(points[i]) for i in np.argsort(-values)[:16]]
        for scale in (0.1, 0.03, 0.01):
            near = [np.clip(u + scale * rng.standard_normal((200, len(u))), 0, 1) for u in leaders]
            moved = [self.space.from_units(u) for u in np.vstack([leaders, *near])]
            values = self._learned(self.target).predict(self.units(moved, self.target))[:, -1]
            leaders = [self.space.units(moved[i]) for i in np.argsort(-values)[:16]]
        return float(values.max())

    # --- inside --------------------------------------------------------------------------------------------------
    def _learned(self, size: str) -> Learned:
        return self.tables[size].learned

    def units(self, configurations: Sequence[Configuration], size: str) -> np.ndarray:
        """Unit values (q, p) of configurations in the space that a model was recorded in."""
        moved = []
        for configuration in configurations:
            values = dict(configuration.values)
            values["learning_rate"] = float(values["learning_rate"]) * self.factor(size)
            moved.append(WIDE.units(WIDE.clip(values)))
        return np.array(moved)

    def _stops(self, size: str) -> list[int | None]:
        if size not in self._stopped:
            self._stopped[size] = [stopped_at(run) for run in self.tables[size].runs]
        return self._stopped[size]

    @cached_property
    def costs(self) -> Mapping[str, tuple[list[float], list[float], float]]:
        """Rollouts, seconds a step, and seconds of a validation, by size."""
        rows = json.loads((DATA / self.task.replace("/", "-") / "costs.json").read_text())
        found = {}
        for size in self.tables:
            mine = [row for row in rows if row["size"] == size]
            validate = float(np.median([row["validate_seconds"] for row in mine]))
            found[size] = ([row["rollouts"] for row in mine], [row["wall_seconds"] for row in mine], validate)
        return found


@dataclass
class Studied:
    """A study in the world, as the loop of rltune would run it: one trial at a time, an evaluation per rung passed.

    `stopping`: whether the rules end dying runs. `reuse`: whether a continued run keeps its steps.
    """

    world: World
    stopping: bool = True
    reuse: bool = True
    history: History = field(default_factory=History)
    spent: float = 0.0

    def __post_init__(self) -> None:
        base = {size: table.base for size, table in self.world.tables.items()}
        self.history = replace(self.history, base_scores=base)

    def run(self, proposal: Proposal) -> None:
        """Trains what is missing, and adds what it gave to the history."""
        world, configuration, goal = self.world, proposal.configuration, proposal.fidelity.steps
        size = proposal.fidelity.model
        mine = [
            e
            for e in self.history.evaluations
            if (e.configuration, e.fidelity.model, e.seed) == (configuration, size, proposal.seed)
        ]
        done = max((e.steps_trained for e in mine), default=0)
        before = max((e.cost for e in mine), key=lambda cost: cost.seconds, default=Cost())
        stop = world.stop_step(configuration, size) if self.stopping else None
        end = goal if stop is None or stop >= goal else max(stop, done)
        start = done if self.reuse else 0
        self.spent += world.seconds(configuration, size, start, end).seconds / world.unit
        for rung in world.rungs:
            if done < rung <= end:
                score = world.score(configuration, size, rung, proposal.seed)
                cost = before + world.seconds(configuration, size, start, rung)
                self._add(proposal, rung, score, cost, StopReason(StopKind.REACHED, rung, ""), rung)
        if end < goal:
            cost = before + world.seconds(configuration, size, start, end)
            self._add(proposal, goal, None, cost, StopReason(StopKind.RULE, end, "a rule of the default preset"), end)

    def _add(
        self, proposal: Proposal, step: int, score: float | None, cost: Cost, stop: StopReason, trained: int
    ) -> None:
        fidelity = Fidelity(proposal.fidelity.model, step)
        found = Evaluation(proposal.configuration, fidelity, proposal.seed, proposal.phase, score, cost, stop, trained)
        self.history = self.history.with_evaluation(found)


def stopped_at(run: Recorded) -> int | None:
    """The step at which the default rules end a recorded run; None if they don't."""
    rules = build_rules([rule for rule in describe_rules("default") if rule["rule"] != "futility"])
    stop = replay(rules, run.curve).stop
    return stop.step if stop is not None else None


def _normal(*key: object) -> float:
    """One standard normal number, always the same for the same key."""
    digest = hashlib.sha256(" ".join(map(str, key)).encode()).digest()
    return float(np.random.default_rng(int.from_bytes(digest[:8])).standard_normal())
