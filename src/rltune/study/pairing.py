"""Which configurations the transfer check pairs, on which proxy and at which step: a pure choice from the history.

And whether there is nothing to pair, since nothing that was tried on the proxy makes a difference.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rltune.analysis.matched import worths
from rltune.optimizers.base import Problem
from rltune.optimizers.runs import read_runs
from rltune.types import SAYS_NOTHING, Configuration, Fidelity, History, StopKind

LEAST = 3
"""Pairs below which nothing can be said."""
APART = 3.0
"""The best and the lowest of the pairs differ by so many standard errors of a score on the proxy, at least."""
MANY = 6
"""Configurations below which equal scores prove nothing."""
SLIGHT = 0.1
"""Scores further apart aren't called equal, however noisy: with few prompts a difference may hide in the noise."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """What is to be trained on the target, the proxy's best first and its lowest last."""

    proxy: Fidelity
    configurations: tuple[Configuration, ...]


@dataclass(frozen=True, slots=True)
class Blind:
    """A proxy that tells nothing: neither the configuration nor the training changes its score.

    Attributes:
        proxy: with the most steps that were scored. count: configurations. low, high: of their scores at all rungs.
        noise: standard error of a score.
    """

    proxy: Fidelity
    count: int
    low: float
    high: float
    noise: float

    @property
    def text(self) -> str:
        return (
            f"on {self.proxy.model} nothing makes a difference: {self.count} configurations, of up to "
            f"{self.proxy.steps} steps, are worth {self.low:.3f} to {self.high:.3f}, no further apart than noise "
            f"(standard error {self.noise:.3f})"
        )


def choose_pairing(problem: Problem, history: History, count: int, prompts: int) -> Pairing | str:
    """The pairing at the lowest rung where the proxy's scores differ by more than noise, or why there is none.

    Args:
        count: configurations, at most. prompts: of a validation, from which the noise of a score follows.
    """
    proxy = most_run_proxy(problem, history)
    if proxy is None:
        tried = {e.fidelity.model for e in history.evaluations} & {m.name for m in problem.proxies}
        return "no run on a proxy has told anything: all crashed" if tried else "no proxy has been trained"
    noise = None
    for rung in problem.rungs:
        living = living_scores(problem, history, Fidelity(proxy, rung))
        if len(living) < LEAST:
            continue
        noise = score_noise(living.values(), prompts)
        chosen = spread(living, count, problem.recipe)
        if living[chosen[0]] - living[chosen[-1]] > APART * noise:
            return Pairing(Fidelity(proxy, rung), chosen)
    if noise is None:
        return f"at no rung of {proxy} are there {LEAST} configurations that live"
    return f"at no rung do the scores of {proxy} differ by more than noise (standard error {noise:.3f})"


def find_blind(problem: Problem, history: History, prompts: int) -> Blind | None:
    """The proxy on which the search rests, if all that it has shown is noise; None if there may be a difference.

    Dead runs, and those worse than untrained, are worth the untrained model's score.
    All rungs count as one: where training alone moves the score, longer runs may yet show differences.
    """
    proxy = most_run_proxy(problem, history)
    if proxy is None or proxy not in history.base_scores:
        return None
    floor, seen = history.base_scores[proxy], [e for e in history.evaluations if e.seed == problem.training_seed]
    found = {rung: worths(seen, Fidelity(proxy, rung), history.base_scores) for rung in problem.rungs}
    configurations = {c for at_rung in found.values() for c in at_rung}
    if len(configurations) < MANY:
        return None
    values = [max(worth, floor) for at_rung in found.values() for worth in at_rung.values()]
    low, high, noise = min(values), max(values), score_noise(values, prompts)
    if high - low > min(APART * noise, SLIGHT):
        return None
    longest = max(rung for rung, at_rung in found.items() if at_rung)
    return Blind(Fidelity(proxy, longest), len(configurations), low, high, noise)


def most_run_proxy(problem: Problem, history: History) -> str | None:
    """The proxy with the most results, deaths among them, on which the search rests; of several such, the largest."""
    results = {m.name: 0 for m in problem.proxies}
    for e in history.evaluations:
        if e.fidelity.model in results and e.stop.kind not in SAYS_NOTHING and e.stop.kind is not StopKind.FAILED:
            results[e.fidelity.model] += 1
    best = max(problem.proxies, key=lambda m: (results[m.name], m.parameters), default=None)
    return best.name if best is not None and results[best.name] else None


def living_scores(problem: Problem, history: History, fidelity: Fidelity) -> dict[Configuration, float]:
    """Scores at a fidelity of the configurations that no run has killed and that are no worse than untrained."""
    dead = read_runs(history, problem.training_seed).dead
    floor = history.base_scores.get(fidelity.model, -math.inf)
    return {
        e.configuration: e.score
        for e in history.evaluations
        if e.fidelity == fidelity and e.seed == problem.training_seed and e.configuration not in dead
        if e.score is not None and math.isfinite(e.score) and e.score >= floor
    }


def spread(scores: Mapping[Configuration, float], count: int, recipe: Configuration) -> tuple[Configuration, ...]:
    """`count` configurations at even distances between the best score and the lowest, both included; best first.

    Even in score, not in rank: a search crowds near the best, where ranks are noise. The recipe takes the place of the
    middle one that is nearest to it, since it is confirmed on the target anyway.
    """
    ranked = sorted(scores, key=lambda c: (-scores[c], c.id))
    if len(ranked) <= count:
        return tuple(ranked)
    high, low = scores[ranked[0]], scores[ranked[-1]]
    chosen = [ranked[0], ranked[-1]]
    for step in range(1, count - 1):
        level = high - (high - low) * step / (count - 1)
        chosen.append(min((c for c in ranked if c not in chosen), key=lambda c: abs(scores[c] - level)))
    if recipe in scores and recipe not in chosen and count > 2:
        chosen.remove(min(chosen[2:], key=lambda c: abs(scores[c] - scores[recipe])))
        chosen.append(recipe)
    return tuple(sorted(chosen, key=ranked.index))


def score_noise(scores: Collection[float], prompts: int) -> float:
    """Standard error of one score: that of a share of `prompts`, at the scores' mean."""
    mean = min(max(math.fsum(scores) / len(scores), 0.05), 0.95) if scores else 0.5
    return math.sqrt(mean * (1 - mean) / prompts)
