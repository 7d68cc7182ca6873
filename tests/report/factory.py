"""A small study as a real one leaves it in its store: plausible curves, stops, failures, promotions.

Everything is written through the store's own methods, so that reports are tested on what they will read.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rltune.store.base import ScoreRecord, StudyState, StudyStore
from rltune.tasks.ood import split_of
from rltune.types import (
    Configuration,
    Cost,
    Evaluation,
    Fidelity,
    Phase,
    Proposal,
    Scalar,
    StepMetrics,
    StopKind,
    StopReason,
)

RUNGS = (15, 30, 60)
SIZES = {"embedded/xs": 130_000, "embedded/s": 790_000, "embedded/m": 2_000_000}
TARGET = "embedded/m"
BASE_SCORES = {"embedded/xs": 0.37, "embedded/s": 0.41, "embedded/m": 0.43}
STEP_SECONDS = {"embedded/xs": 0.15, "embedded/s": 0.45, "embedded/m": 1.0}
BEST_RATE = {"embedded/xs": 1.6e-3, "embedded/s": 1.1e-3, "embedded/m": 8e-4}
RECIPE: dict[str, Scalar] = {
    "learning_rate": 3e-5,
    "lr_scheduler": "constant",
    "clip_ratio": 0.2,
    "grad_clip": 1.0,
    "kl_coef": 0.001,
    "rollouts": 5,
}
FIXED: dict[str, Scalar] = {
    "prompts_per_step": 32,
    "updates_per_step": 2,
    "warmup_steps": 3,
    "temperature": 1.0,
}
CONFIG: Mapping[str, object] = {
    "name": "demo",
    "seed": 7,
    "output": "./studies",
    "models": {"target": TARGET, "proxies": ["embedded/xs", "embedded/s"]},
    "task": {"name": "arithmetic"},
    "trainer": {"name": "trl"},
    "recipe": "verl-grpo",
    "space": {
        "learning_rate": {"type": "float", "low": 1e-5, "high": 3e-3, "log": True},
        "lr_scheduler": {"type": "categorical", "choices": ["constant", "cosine"]},
        "clip_ratio": {"type": "float", "low": 0.1, "high": 0.4},
        "grad_clip": {"type": "float", "low": 0.3, "high": 3.0, "log": True},
        "kl_coef": {"type": "float", "low": 1e-4, "high": 0.1, "log": True},
        "rollouts": {"type": "int", "low": 4, "high": 12},
    },
    "budget": {"time": 900.0, "search": 0.5, "trials": None},
}


@dataclass(frozen=True)
class Study:
    """A filled store and what a test may want to know of it."""

    store: StudyStore
    winner: Configuration
    recipe: Configuration
    configurations: tuple[Configuration, ...]


class Filler:
    """Writes runs into a store as the loop would; scores follow a smooth landscape over the rate."""

    def __init__(self, store: StudyStore, seed: int = 3) -> None:
        self.store = store
        self.noise = random.Random(seed)
        self._steps: dict[str, int] = {}
        self._costs: dict[str, Cost] = {}

    def level(self, configuration: Configuration, model: str, step: int) -> float:
        """Accuracy after `step` steps: a saturating exponential; the learning rate decides its height."""
        rate = float(configuration.values["learning_rate"])
        off = math.log(rate / BEST_RATE[model])
        height = 0.93 - (0.06 if model != TARGET else 0.0) - 0.05 * min(off * off, 8.0)
        speed = 0.07 * (rate / BEST_RATE[model]) ** 0.3
        return BASE_SCORES[model] + max(height - BASE_SCORES[model], -0.3) * (1 - math.exp(-speed * step))

    def metrics(self, configuration: Configuration, model: str, step: int) -> StepMetrics:
        reward = min(1.0, max(0.0, self.level(configuration, model, step) + self.noise.gauss(0, 0.03)))
        rate = float(configuration.values["learning_rate"])
        kl = 40 * rate * (step**0.8) * math.exp(self.noise.gauss(0, 0.12)) * 0.02
        return StepMetrics(
            step,
            {
                "reward": reward,
                "reward_std": 0.3,
                "kl": kl if configuration.values.get("kl_coef") else 0.0,
                "tokens": 1280.0,
                "step_seconds": STEP_SECONDS[model],
                "learning_rate": rate,
            },
        )

    def segment(
        self,
        configuration: Configuration,
        model: str,
        to_step: int,
        *,
        seed: int = 0,
        phase: Phase = Phase.SEARCH,
        stop: StopReason | None = None,
        log_tail: str = "",
        finish: bool = True,
    ) -> float | None:
        """One segment from where the run stands; returns the score, or None if `stop` ended it."""
        run = self.store.run(configuration, model, seed)
        start = self._steps.get(run.id, 0)
        proposal = Proposal(configuration, Fidelity(model, to_step), seed, phase, "largest gain per second")
        record = self.store.begin_segment(proposal, run.id, start, Path("runs") / run.id)
        end = to_step if stop is None else stop.step
        steps = [self.metrics(configuration, model, s) for s in range(start + 1, end + 1)]
        if not finish:
            self.store.add_steps(record.id, steps[: max(1, len(steps) // 2)])
            return None
        cost = Cost(STEP_SECONDS[model] * (end - start), 0.8, 0.2)
        total = self._costs.get(run.id, Cost()) + cost
        self._costs[run.id] = total
        score = self.level(configuration, model, end) + self.noise.gauss(0, 0.01) if stop is None else None
        reason = stop or StopReason(StopKind.REACHED, end, f"step {end} reached")
        evaluation = Evaluation(configuration, Fidelity(model, to_step), seed, phase, score, total, reason, end)
        neutral = reason.kind in (StopKind.INTERRUPTED, StopKind.LOST)
        checkpoints = [(end, Path("runs") / run.id / f"step-{end}", 4096)] if stop is None else []
        self.store.finish_segment(
            record.id, reason, cost, steps, checkpoints, [] if neutral else [evaluation], log_tail
        )
        if stop is None:
            self._steps[run.id] = end
        return score

    def final(self, configuration: Configuration, seed: int, value: float | None) -> None:
        """A final run and its test score; None: it diverged."""
        stop = None if value is not None else StopReason(StopKind.DIVERGED, 20, "the loss isn't finite")
        self.segment(configuration, TARGET, RUNGS[-1], seed=seed, phase=Phase.FINAL, stop=stop)
        if value is not None:
            self.test(configuration, seed, value)

    def test(self, configuration: Configuration, seed: int, value: float) -> None:
        run = self.store.run(configuration, TARGET, seed)
        values = {"mean": value, "greedy": min(1.0, value + 0.06), "mean_stderr": 0.006}
        self.store.add_score(ScoreRecord(TARGET, run.id, RUNGS[-1], "test", values, 2.0))

    def test_parts(
        self, configuration: Configuration, seed: int, groups: Mapping[str, float], others: Mapping[str, float]
    ) -> None:
        """Scores of a tested run again, with those of groups; and on other tasks."""
        run = self.store.run(configuration, TARGET, seed)
        record = next(s for s in self.store.scores() if s.run_id == run.id and s.split == "test")
        self.store.add_score(replace(record, values={**record.values, **groups}))
        for other, value in others.items():
            values = {"mean": value, "greedy": 1.0, "mean_stderr": 0.1, "hard": value / 2}
            self.store.add_score(replace(record, split=split_of(other), values=values))


def begin(store: StudyStore, base_scores: Mapping[str, float] = BASE_SCORES) -> None:
    """What the loop writes down before it spends anything."""
    store.set_state(StudyState.RUNNING, "search")
    store.set_fact("target", TARGET)
    store.set_fact("rungs", list(RUNGS))
    store.set_fact("models", {n: {"parameters": p, "hidden_size": 64} for n, p in SIZES.items()})
    store.set_fact("recipe", {"configuration": RECIPE, "id": Configuration(RECIPE).id, "name": "verl-grpo"})
    store.set_fact("space", CONFIG["space"])
    store.set_fact("fixed", FIXED)
    store.set_fact("max_response_length", 8)
    store.set_fact("versions", {"rltune": "0.1.0", "torch": "2.13.0", "trl": "1.16.0", "python": "3.12.1"})
    for model, score in base_scores.items():
        store.add_score(ScoreRecord(model, None, 0, "validation", {"mean": score, "greedy": 0.99}, 0.7))


def propose(count: int, seed: int = 11) -> tuple[Configuration, ...]:
    """The recipe and `count` - 1 others, spread over the space."""
    draw = random.Random(seed)
    found = [Configuration(RECIPE)]
    for _ in range(count - 1):
        values: dict[str, Scalar] = {
            "learning_rate": float(f"{10 ** draw.uniform(-4.6, -2.5):.3g}"),
            "lr_scheduler": draw.choice(["constant", "cosine"]),
            "clip_ratio": round(draw.uniform(0.1, 0.4), 3),
            "grad_clip": float(f"{10 ** draw.uniform(-0.5, 0.5):.3g}"),
            "kl_coef": float(f"{10 ** draw.uniform(-4, -1):.3g}"),
            "rollouts": draw.randint(4, 12),
        }
        found.append(Configuration(values))
    if count > 8:  # two beyond the cliff, for the stopping rules
        found[3] = Configuration({**found[3].values, "learning_rate": 2.4e-3})
        found[8] = Configuration({**found[8].values, "learning_rate": 2.9e-3})
    return tuple(found)


def search(filler: Filler, configurations: tuple[Configuration, ...]) -> list[Configuration]:
    """Searches as a halving would: all on the smallest, the better half on, a few on the next; best first."""
    scores: dict[Configuration, float] = {}
    tiny, small, _ = SIZES
    for n, configuration in enumerate(configurations):
        rate = float(configuration.values["learning_rate"])
        if rate > 1.7e-3:
            stop = StopReason(
                StopKind.RULE,
                9,
                "KL grew by 31 % a step for 5 steps (limit 15 %), from 0.021 to 0.081",
                "kl_growth",
                {"growth": 0.31},
            )
            filler.segment(configuration, tiny, RUNGS[0], stop=stop)
        elif n == 5:
            crash = StopReason(StopKind.FAILED, 4, "the trial's process ended with status 137 (out of memory)")
            filler.segment(configuration, tiny, RUNGS[0], stop=crash, log_tail="RuntimeError: out of memory\n")
        else:
            scores[configuration] = filler.segment(configuration, tiny, RUNGS[0]) or 0.0
    order = sorted(scores, key=lambda c: -scores[c])
    for configuration in order[: max(3, len(order) // 2)]:
        scores[configuration] = filler.segment(configuration, tiny, RUNGS[1]) or 0.0
    order.sort(key=lambda c: -scores[c])
    for configuration in order[:4]:
        scores[configuration] = filler.segment(configuration, small, RUNGS[1]) or 0.0
    order = sorted(order[:4], key=lambda c: -scores[c])
    for configuration in order[:2]:
        filler.segment(configuration, small, RUNGS[2])
    return order


def fill_finished(store: StudyStore, count: int = 16, *, test_gain: float = 0.28) -> Study:
    """A whole study: search, confirm, three final seeds, test."""
    begin(store)
    filler = Filler(store)
    configurations = propose(count)
    recipe = configurations[0]
    best = search(filler, configurations)
    store.set_state(StudyState.RUNNING, "confirm")
    confirmed = {c: filler.segment(c, TARGET, RUNGS[-1], phase=Phase.CONFIRM) for c in [*best[:3], recipe]}
    winner = max(confirmed, key=lambda c: confirmed[c] or 0.0)
    reason = "best posterior mean at (embedded/m, 60), confirmed on the target"
    store.set_fact("winner", {"configuration": dict(winner.values), "id": winner.id, "reason": reason})
    store.set_state(StudyState.RUNNING, "final")
    for configuration in (winner, recipe):
        for seed in (1, 2):
            filler.segment(configuration, TARGET, RUNGS[-1], seed=seed, phase=Phase.FINAL)
    store.set_state(StudyState.RUNNING, "test")
    for seed, noise in enumerate((0.0, 0.012, -0.009)):
        filler.test(recipe, seed, 0.597 - noise)
        filler.test(winner, seed, 0.597 + test_gain + noise)
    store.set_fact("seconds_by_phase", {"search": 172.0, "confirm": 249.0, "final": 249.0, "test": 12.0})
    store.set_fact("ask_seconds", 14.0)
    store.add_seconds(682.0)
    store.set_state(StudyState.FINISHED, "done")
    return Study(store, winner, recipe, configurations)


def fill_failing(store: StudyStore, *, failing: int, base: bool = True) -> Study:
    """Final runs of seeds 1 to 4, of which the winner's last `failing` ones diverged; `base`: the target's score
    before any training is known."""
    begin(store, base_scores=BASE_SCORES if base else {})
    filler = Filler(store)
    recipe, winner = Configuration(RECIPE), Configuration({**RECIPE, "learning_rate": 8e-4})
    store.set_fact("winner", {"configuration": dict(winner.values), "id": winner.id, "reason": "it scored best"})
    for seed in (1, 2, 3, 4):
        filler.final(recipe, seed, 0.6 + 0.01 * seed)
        filler.final(winner, seed, None if seed > 4 - failing else 0.9 + 0.01 * seed)
    store.set_state(StudyState.FINISHED, "done")
    return Study(store, winner, recipe, (recipe, winner))


def fill_half(store: StudyStore) -> Study:
    """A study in its search: some results, one run in flight, no winner."""
    begin(store)
    filler = Filler(store)
    configurations = propose(6)
    for configuration in configurations[:4]:
        filler.segment(configuration, "embedded/xs", RUNGS[0])
    filler.segment(configurations[0], "embedded/xs", RUNGS[1])
    filler.segment(configurations[4], "embedded/xs", RUNGS[0], finish=False)
    store.add_seconds(31.0)
    return Study(store, configurations[0], configurations[0], configurations)
