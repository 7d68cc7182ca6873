"""The transfer check inside the search: does the proxy's ranking hold on the target? Decides, and says what follows.

Part of the way through the search, a few configurations spread over the proxy's ranking are trained on the target up
to a short rung, and paired with the proxy at the same step. They are proposals of the search like all others: the
optimizer learns from them, and a confirmation continues from their checkpoints. What is to be paired, and the verdict,
are facts of the study: written once, so that a study that was killed goes on as it would have. A proxy on which nothing
makes a difference needs no pairs: it can't rank, and its verdict is weak.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rltune.analysis.matched import Matched, matched_pairs
from rltune.analysis.verdict import Standing, Verdict, judge
from rltune.optimizers.base import Problem
from rltune.study.pairing import LEAST, Blind, Pairing, choose_pairing, find_blind, score_noise
from rltune.study.plan import PlanTerms, relative_cost, timings_of
from rltune.study.work import Note, Train, View
from rltune.types import Configuration, Fidelity, Phase, Proposal
from rltune.words import duration

PAIRING = "transfer_pairing"
VERDICT = "transfer_verdict"
MOST_OF_SEARCH = 0.5
"""Of what is left of the search the check takes no more than this: proxies are still the cheap way to learn."""


@dataclass(frozen=True, slots=True)
class CheckTerms:
    """What the study file says about the check.

    Attributes:
        pairs: configurations to pair. at: share of the search after which it begins. share: of what is then left of
            the study's time, that it may take. prompts: of a validation, from which the noise of a score follows.
    """

    pairs: int = 4
    at: float = 0.6
    share: float = 0.25
    prompts: int = 256


class TransferCheck:
    """One study's check. Pure: all that it knows is in the view.

    Args:
        recipe: whose measured cost the costs of others are relative to.
    """

    def __init__(self, problem: Problem, recipe: Configuration, plan: PlanTerms, terms: CheckTerms) -> None:
        self.problem = problem
        self.recipe = recipe
        self.plan = plan
        self.terms = terms

    def notes(self, view: View) -> Sequence[Note]:
        """What has to be written down now: the pairing when it is due, the verdict when its runs have ended."""
        if VERDICT in view.facts:
            return ()
        if PAIRING not in view.facts:
            return self._begin(view)
        pairing = read_pairing(view.facts)
        if pairing is None or self._is_open(pairing, view):
            return ()
        return (self._judge(pairing, view),)

    def next(self, view: View) -> Train | None:
        """A run of the check that has not begun."""
        pairing = read_pairing(view.facts)
        if pairing is None or VERDICT in view.facts:
            return None
        fidelity, seed = self._on_target(pairing), self.problem.training_seed
        for configuration in self._missing(pairing, view):
            reason = f"transfer check: does the ranking of {pairing.proxy.model} hold here?"
            work = Train(Proposal(configuration, fidelity, seed, Phase.SEARCH, reason))
            if (configuration, fidelity.model, seed) not in view.training and not view.rests(work):
                return work
        return None

    def includes(self, proposal: Proposal, view: View) -> bool:
        """Whether a proposal is a run of the check."""
        pairing = read_pairing(view.facts)
        return (
            pairing is not None
            and proposal.fidelity == self._on_target(pairing)
            and proposal.configuration in pairing.configurations
        )

    # --- what is due ---------------------------------------------------------------------------------------------
    def _progress(self, view: View) -> float:
        """Share of the search that is over, by time or by trials."""
        by_trials = 0.0 if self.plan.trials is None else view.trials / self.plan.trials
        return max(view.seconds / self.plan.search_seconds, by_trials)

    def _on_target(self, pairing: Pairing) -> Fidelity:
        return Fidelity(self.problem.target.name, pairing.proxy.steps)

    def _missing(self, pairing: Pairing, view: View) -> list[Configuration]:
        goal, seed = self._on_target(pairing), self.problem.training_seed
        return [c for c in pairing.configurations if not view.settled(c, goal, seed)]

    def _is_open(self, pairing: Pairing, view: View) -> bool:
        """Whether a run of the check is in flight, or will yet be started. With the search over, none will."""
        missing = self._missing(pairing, view)
        flying = {(c, self.problem.target.name, self.problem.training_seed) for c in missing} & view.training
        return bool(flying) or (bool(missing) and self._progress(view) < 1)

    # --- the pairing ---------------------------------------------------------------------------------------------
    def _begin(self, view: View) -> Sequence[Note]:
        """Nothing until it is due, nor while the proxy may yet show what can be paired."""
        progress = self._progress(view)
        if progress < self.terms.at:
            return ()
        found = choose_pairing(self.problem, view.history, self.terms.pairs, self.terms.prompts)
        over = progress >= 1
        if isinstance(found, Pairing):
            return (_skipped("the search was over before it could begin") if over else self._pair(found, view),)
        blind = find_blind(self.problem, view.history, self.terms.prompts)
        if over:
            return (_skipped(found if blind is None else blind.text),)
        return () if blind is None else (self._nothing(blind),)

    def _pair(self, pairing: Pairing, view: View) -> Note:
        steps = pairing.proxy.steps
        once = timings_of(view.facts)[self.problem.target.name].trial_seconds(0, steps, self.problem.rungs)
        seconds_left, trials_left = self._may_take(view)
        at_once = self.plan.at_once(self.problem.target.name)
        chosen = pairing.configurations
        while len(chosen) >= LEAST:
            seconds = sum(once * relative_cost(c, self.recipe, view.history) for c in chosen) / at_once
            if seconds <= seconds_left and len(chosen) <= trials_left:
                return _paired(Pairing(pairing.proxy, chosen), seconds)
            chosen = (*chosen[:-2], chosen[-1])  # the best and the lowest say the most
        limit = duration(seconds_left) + ("" if math.isinf(trials_left) else f" and {int(trials_left)} trials")
        return _skipped(
            f"{LEAST} runs on the target to step {steps}, of about {duration(once)} for the recipe, are more than "
            f"it may take ({limit})"
        )

    def _may_take(self, view: View) -> tuple[float, float]:
        """Seconds and trials: its share of what is left of the study, and no more than half of the search's rest."""
        rest = self.plan.search_seconds - view.seconds
        seconds = min(self.terms.share * (self.plan.whole - view.seconds), MOST_OF_SEARCH * rest)
        trials = math.inf if self.plan.trials is None else MOST_OF_SEARCH * (self.plan.trials - view.trials)
        return seconds, trials

    def _nothing(self, blind: Blind) -> Note:
        """The verdict on a proxy that can't rank: no pair is needed for it."""
        proxy = blind.proxy
        distrusted = self._distrusted(proxy.model)
        text = f"transfer check: {blind.text}. {self._elsewhere(distrusted, ', without its results')}"
        fact = _fact_of(Verdict(Standing.WEAK, blind.text, 0), proxy, (), distrusted, text)
        return Note(VERDICT, {**fact, "blind": [proxy.model]}, "warning", text)

    # --- the verdict ---------------------------------------------------------------------------------------------
    def _judge(self, pairing: Pairing, view: View) -> Note:
        found = matched_pairs(
            view.history.evaluations, pairing.proxy, self._on_target(pairing), view.history.base_scores
        )
        pairs = [pair for pair in found if pair.configuration in pairing.configurations]
        # Below untrained is as bad as dead: else noise among the hopeless passes for an order.
        floor = view.history.base_scores.get(self.problem.target.name, -math.inf)
        proxy, target = [p.proxy for p in pairs], [max(p.target, floor) for p in pairs]
        verdict = judge(proxy, target, score_noise(target, self.terms.prompts), [p.died for p in pairs])
        distrusted = self._distrusted(pairing.proxy.model) if verdict.standing is Standing.WEAK else ()
        text = self._said(verdict, pairing.proxy, distrusted)
        level = "warning" if distrusted else "info"
        return Note(VERDICT, _fact_of(verdict, pairing.proxy, pairs, distrusted, text), level, text)

    def _distrusted(self, proxy: str) -> tuple[str, ...]:
        """The proxy and all smaller ones: what doesn't hold from this size is no better from below."""
        limit = self.problem.model(proxy).parameters
        return tuple(m.name for m in self.problem.proxies if m.parameters <= limit)

    def _said(self, verdict: Verdict, proxy: Fidelity, distrusted: Sequence[str]) -> str:
        where = f"the ranking of {proxy.model} at step {proxy.steps}"
        if verdict.standing is Standing.STRONG:
            return f"transfer check: {where} holds on the target. {verdict.reason} The search goes on as it was."
        if verdict.standing is Standing.UNKNOWN:
            doubtful = verdict.pick is not None and verdict.pick.costly
            open_ = f"it is open whether {where} holds" if doubtful else f"nothing speaks against {where}"
            return f"transfer check: {open_}. {verdict.reason} The search goes on as it was."
        return f"transfer check: {where} did not hold on the target. {verdict.reason} {self._elsewhere(distrusted)}"

    def _elsewhere(self, distrusted: Sequence[str], how: str = "") -> str:
        larger = [m.name for m in self.problem.proxies if m.name not in distrusted]
        on = " and ".join([*larger, f"{self.problem.target.name}, the target itself"])
        return f"So the rest of the search runs on {on}{how}, and more candidates are confirmed if the budget allows."


def read_pairing(facts: Mapping[str, object]) -> Pairing | None:
    """The pairing that the study has recorded; None if there is none yet, or the check was skipped."""
    fact = facts.get(PAIRING)
    if not isinstance(fact, Mapping) or "configurations" not in fact:
        return None
    chosen = tuple(Configuration(values) for values in fact["configurations"])
    return Pairing(Fidelity(str(fact["proxy"]), int(fact["step"])), chosen)


def distrusted_models(facts: Mapping[str, object]) -> frozenset[str]:
    """Proxies whose ranking did not hold; none before the verdict."""
    fact = facts.get(VERDICT)
    return frozenset(fact["distrusted"]) if isinstance(fact, Mapping) else frozenset()


def blind_models(facts: Mapping[str, object]) -> frozenset[str]:
    """Proxies on which nothing makes a difference, so that what died there says nothing either."""
    fact = facts.get(VERDICT)
    return frozenset(fact.get("blind", ())) if isinstance(fact, Mapping) else frozenset()


def beaten_in_check(facts: Mapping[str, object]) -> frozenset[str]:
    """Ids of the paired configurations that another one beats on both models."""
    fact = facts.get(VERDICT)
    pairs = fact["pairs"] if isinstance(fact, Mapping) else []
    return frozenset(
        str(p["configuration"])
        for p in pairs
        if any(o["proxy"] > p["proxy"] and o["target"] > p["target"] for o in pairs)
    )


def _paired(pairing: Pairing, seconds: float) -> Note:
    proxy, count = pairing.proxy, len(pairing.configurations)
    text = (
        f"transfer check: {count} configurations from the best to a low one of {proxy.model} go to step {proxy.steps} "
        f"of the target, about {duration(seconds)}"
    )
    chosen = [dict(c.values) for c in pairing.configurations]
    return Note(
        PAIRING, {"proxy": proxy.model, "step": proxy.steps, "configurations": chosen, "reason": text}, "info", text
    )


def _skipped(why: str) -> Note:
    text = f"transfer check skipped: {why}"
    return Note(PAIRING, {"skipped": why, "reason": text}, "info", text)


def _fact_of(
    verdict: Verdict, proxy: Fidelity, pairs: Sequence[Matched], distrusted: Sequence[str], text: str
) -> dict[str, object]:
    correlations = {
        e.kind: {"value": e.value, "low": e.low, "high": e.high, "level": e.level, "method": e.method}
        for e in (verdict.spearman, verdict.kendall)
        if e is not None
    }
    return {
        "standing": verdict.standing.value,
        "proxy": proxy.model,
        "step": proxy.steps,
        "pairs": [{"configuration": p.configuration.id, "proxy": p.proxy, "target": p.target} for p in pairs],
        **correlations,
        "lost": None if verdict.pick is None else verdict.pick.lost,
        "needed": verdict.needed,
        "distrusted": list(distrusted),
        "reason": text,
    }
