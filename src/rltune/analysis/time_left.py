"""How long a study will still take, and how sure that is: from its budget, its plan and what its trials have taken.

The time left is simulated, DRAWS times with chances that are the same each time:

    search   until its share of the budget is gone, by the clock or in GPU-hours at the rate so far, or its last trial
             is done, whichever comes first; its last trial ends up to its own length later
    confirm  the recipe and each candidate, on the target to r_max
    final    winner and recipe with each seed, likewise; then their tests

A run on the target takes the steps and validations that it still has, as timed on the recipe, times what its
configuration's steps cost against the timed ones on whichever model it ran (more rollouts, more seconds), times the
spread between trials of one configuration, once for itself and once for all runs together: what else the machines do
slows down all of them. While the candidates aren't chosen, a configuration's cost is drawn from
those of the search. Runs go to the places for trials in turn. What is told is the median, with the range that holds
80 % of the draws. A tenth of what comes
after the search is added as error, for what no measurement here tells: faults, machines that come and go, places that
are empty while a phase ends, a winner that is the recipe.

Notation
    c  cost of a configuration's steps against the timed ones         e  spread of a single trial around that
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rltune.store.lines import RunLine, SegmentLine
from rltune.store.records import StudyRecord
from rltune.types import Configuration, Phase, StopKind

DRAWS = 200
_TAIL = 0.1
_UNKNOWN = 0.1
"""Standard deviation of what no measurement here tells, as a share: places left empty between phases, faults."""
_FEW = 4
_GUESSED_COSTS = (0.7, 0.85, 1.0, 1.2, 1.5)
"""c before anything of the search was measured."""
_GUESSED_SPREAD = (0.9, 1.0, 1.1)
_GOES_ON = (StopKind.INTERRUPTED.value, StopKind.LOST.value)
"""How segments end whose runs go on later by themselves."""
NEWEST = 1000
"""Segments of the search that costs are learned from."""
SEARCH, CONFIRM, FINAL, TEST = "search", "confirm", "final", "test"
_ORDER = (SEARCH, CONFIRM, FINAL, TEST)

Work = tuple[RunLine, SegmentLine]


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """Seconds of the study's own clock until its end: the median, and where 80 % of the draws lie. `why`: from what."""

    seconds: float
    low: float
    high: float
    why: str


@dataclass(frozen=True, slots=True)
class Budget:
    """What a study may use and has used; None: no limit. `trials`: of the search."""

    seconds: float
    limit_seconds: float | None
    gpu_hours: float
    limit_gpu_hours: float | None
    trials: int
    limit_trials: float | None
    search_share: float


def time_left(
    study: StudyRecord, budget: Budget, work: Sequence[Work], flying: Mapping[int, int], tested: int = 0
) -> TimeLeft | None:
    """None before the study has a plan, and of one that has ended.

    Args:
        work: segments with their runs, in the order of their begin: the NEWEST of the search, and all others.
        flying: newest step of each run that is being trained, by its key. tested: tests that are done.
    """
    plan, place = study.fact("plan"), _place(study.phase)
    timing = _timing(study, study.target)
    if not plan or place is None or timing is None or not study.horizon:
        return None
    costs = _Costs(study, work)
    rng = random.Random(0)
    stages = _stages(study, plan, place, timing, costs, work, flying, tested)
    slots = max(1, _whole(plan.get("slots")))
    search = _search(budget, costs, slots) if place == 0 else 0.0
    draws = sorted(_draw(search, costs.trial, stages, slots, rng) for _ in range(DRAWS))
    tail = int(_TAIL * DRAWS)
    return TimeLeft(statistics.median(draws), draws[tail], draws[-1 - tail], _why(search, stages, costs))


class _Costs:
    """What was measured of c and e."""

    def __init__(self, study: StudyRecord, work: Sequence[Work]) -> None:
        ratios: dict[Configuration, list[float]] = {}
        taken: list[float] = []
        for run, segment in work:
            timing = _timing(study, run.model)
            steps = (segment.stop_step or 0) - segment.from_step
            if segment.ended is None or timing is None or steps <= 0 or segment.train_seconds <= 0:
                continue
            ratios.setdefault(run.configuration, []).append(segment.train_seconds / steps / timing["step_seconds"])
            if segment.phase == Phase.SEARCH.value:
                taken.append(segment.seconds)
        self.known = {c: statistics.fmean(found) for c, found in ratios.items()}
        self.pool = tuple(self.known.values()) if len(self.known) >= _FEW else _GUESSED_COSTS
        spread = [r / statistics.fmean(found) for found in ratios.values() if len(found) > 1 for r in found]
        self.spread = tuple(spread) if len(spread) >= _FEW else _GUESSED_SPREAD
        self.trial = statistics.fmean(taken) if taken else 0.0
        self.measured = len(self.known)

    def draw(self, configuration: Configuration | None, rng: random.Random) -> float:
        """A configuration's c times e; None: one that isn't chosen yet."""
        known = self.known.get(configuration) if configuration is not None else None
        return (rng.choice(self.pool) if known is None else known) * rng.choice(self.spread)


@dataclass(frozen=True, slots=True)
class _Stage:
    """Work that goes on at the same time: (seconds at c = 1, fixed seconds, configuration) of each run."""

    runs: tuple[tuple[float, float, Configuration | None], ...]
    costs: _Costs


def _draw(search: float, trial: float, stages: Sequence[_Stage], slots: int, rng: random.Random) -> float:
    after, common = 0.0, 1.0
    for stage in stages:
        free = [0.0] * slots
        for training, fixed, configuration in stage.runs:
            place = free.index(min(free))
            free[place] += fixed + (training * stage.costs.draw(configuration, rng) if training else 0.0)
        after += max(free)
        common = rng.choice(stage.costs.spread)
    common *= max(0.0, rng.gauss(1.0, _UNKNOWN))
    return search + (rng.uniform(0.0, trial) if search > 0 else 0.0) + common * after


def _stages(
    study: StudyRecord,
    plan: Mapping[str, Any],
    place: int,
    timing: Mapping[str, float],
    costs: _Costs,
    work: Sequence[Work],
    flying: Mapping[int, int],
    tested: int,
) -> list[_Stage]:
    """What comes after the search, as far as it isn't done."""
    horizon, target = study.horizon or 1, study.target
    rungs = study.facts.get("rungs")
    validations = len(rungs) if isinstance(rungs, list) else 1
    full = horizon * timing["step_seconds"], validations * timing["validate_seconds"] + timing["start_seconds"]
    recipe = _configuration(study.fact("recipe").get("configuration"))
    after = plan.get("after")
    planned = after if isinstance(after, Mapping) else {}
    stages: list[_Stage] = []
    for name in _ORDER[max(1, place) :]:
        if name == TEST:
            runs = _tests(study, planned, timing)[tested:]
        else:
            wanted = _wanted(name, study, planned, recipe)
            done = [(run, segment) for run, segment in work if run.model == target and segment.phase == name]
            runs = _missing(wanted, full, done, horizon, flying)
        stages.append(_Stage(tuple(runs), costs))
    return stages


def _wanted(
    name: str, study: StudyRecord, planned: Mapping[str, Any], recipe: Configuration | None
) -> list[Configuration | None]:
    """The configurations of a phase, None for each that isn't chosen yet."""
    chosen = study.facts.get("confirm")
    candidates: list[Configuration | None] | None = None
    if isinstance(chosen, list):
        candidates = [_configuration(values) for values in chosen]
    if name == CONFIRM:
        others = candidates if candidates is not None else [None] * max(1, _whole(planned.get("confirm")))
        return [*others, recipe]
    seeds = study.facts.get("final_seeds")
    count = seeds if isinstance(seeds, int) else max(1, _whole(planned.get("seeds")))
    winner = _configuration(study.fact("winner").get("configuration"))
    each: list[Configuration | None] = [winner] if winner is not None and winner == recipe else [winner, recipe]
    return each * count


def _missing(
    wanted: Sequence[Configuration | None],
    full: tuple[float, float],
    done: Iterable[Work],
    horizon: int,
    flying: Mapping[int, int],
) -> list[tuple[float, float, Configuration | None]]:
    """Those of the wanted runs that haven't ended, with the share of the steps that they have left: being trained, or
    cut short (by a pause, say) and to be gone on with."""
    ended: list[Configuration] = []
    left: list[tuple[float, float, Configuration | None]] = []
    for run, segment in {run.key: (run, segment) for run, segment in done}.values():  # the newest of each run
        if segment.ended is not None and segment.stop_kind not in _GOES_ON:
            ended.append(run.configuration)
            continue
        steps = segment.to_step - max(flying.get(run.key, 0), segment.from_step, segment.stop_step or 0)
        left.append((full[0] * max(steps, 0) / horizon, full[1] / 2, run.configuration))
    missing = list(wanted)
    for configuration in [*ended, *(c for _, _, c in left)]:
        if configuration in missing:
            missing.remove(configuration)
        elif None in missing:
            missing.remove(None)
    return [*left, *((*full, configuration) for configuration in missing)]


def _tests(
    study: StudyRecord, planned: Mapping[str, Any], timing: Mapping[str, float]
) -> list[tuple[float, float, None]]:
    seeds = study.facts.get("final_seeds")
    count = seeds if isinstance(seeds, int) else max(1, _whole(planned.get("seeds")))
    others = study.facts.get("other_tests")
    tests = 1 + (len(others) if isinstance(others, list) else 0)
    return [(0.0, timing["start_seconds"] + timing["validate_seconds"], None)] * (2 * count * tests)


def _search(budget: Budget, costs: _Costs, slots: int) -> float:
    """Seconds of the search still to come."""
    ends = []
    if budget.limit_seconds:
        ends.append(budget.search_share * budget.limit_seconds - budget.seconds)
    if budget.limit_gpu_hours and budget.gpu_hours > 0:
        left = budget.search_share * budget.limit_gpu_hours - budget.gpu_hours
        ends.append(left * budget.seconds / budget.gpu_hours)
    if budget.limit_trials is not None:
        ends.append((budget.limit_trials - budget.trials) * costs.trial / slots)
    return max(0.0, min(ends, default=0.0))


def _why(search: float, stages: Sequence[_Stage], costs: _Costs) -> str:
    runs = sum(1 for stage in stages for training, _, _ in stage.runs if training)
    parts = ["the rest of the search's share of the budget"] if search > 0 else []
    if runs:
        parts.append(f"{runs} run{'s' if runs > 1 else ''} on the target with their tests")
    what = " and ".join(parts) or "what is left of the last phase"
    return f"{what}, at the cost and spread measured on {costs.measured} configurations; 80 % of the simulated ends"


def _whole(value: object) -> int:
    return int(value) if isinstance(value, (int, float)) else 0


def _place(phase: str) -> int | None:
    return _ORDER.index(phase) if phase in _ORDER else None


def _timing(study: StudyRecord, model: str | None) -> dict[str, float] | None:
    found = study.fact("timings").get(model or "")
    if not isinstance(found, Mapping):
        return None
    numbers = {k: float(v) for k, v in found.items() if isinstance(v, (int, float)) and math.isfinite(v)}
    needed = ("step_seconds", "validate_seconds", "start_seconds")
    return numbers if all(name in numbers for name in needed) and numbers["step_seconds"] > 0 else None


def _configuration(values: object) -> Configuration | None:
    if not isinstance(values, Mapping):
        return None
    return Configuration({str(k): v for k, v in values.items() if isinstance(v, (bool, int, float, str))})
