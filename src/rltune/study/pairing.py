"""Which configurations the transfer check pairs, on which proxy and at which step: a pure choice from the history."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rltune.optimizers.base import Problem
from rltune.optimizers.runs import read_runs
from rltune.types import Configuration, Fidelity, History

LEAST = 3
"""Pairs below which nothing can be said."""
APART = 3.0
"""The best and the lowest of the pairs differ by so many standard errors of a score on the proxy, at least."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """What is to be trained on the target, the proxy's best first and its lowest last."""

    proxy: Fidelity
    configurations: tuple[Configuration, ...]


def choose_pairing(problem: Problem, history: History, count: int, prompts: int) -> Pairing | str:
    """The pairing at the lowest rung where the proxy's scores differ by more than noise, or why there is none.

    Args:
        count: configurations, at most. prompts: of a validation, from which the noise of a score follows.
    """
    proxy = most_scored_proxy(problem, history)
    if proxy is None:
        return "no proxy has been scored"
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


def most_scored_proxy(problem: Problem, history: History) -> str | None:
    """The proxy with the most scores, on which the search rests; of several such, the largest."""
    scored = {m.name: 0 for m in problem.proxies}
    for e in history.evaluations:
        if e.fidelity.model in scored and e.score is not None:
            scored[e.fidelity.model] += 1
    best = max(problem.proxies, key=lambda m: (scored[m.name], m.parameters), default=None)
    return best.name if best is not None and scored[best.name] else None


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
