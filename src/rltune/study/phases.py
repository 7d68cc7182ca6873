"""The phases of a study, each a pure choice of the next piece of work from what is known.

    prepare   score the base models, time a few steps
    search    the optimizer's proposals, on proxies, within its share of the budget (see `rltune.study.search`)
    confirm   the few most promising configurations, and the recipe, on the target to r_max
    final     the winner and the recipe on the target, with fresh seeds
    test      the final runs on the test split, which nothing has seen before, and on those of other tasks

A phase keeps no state: asked again after a crash, with the same store, it goes on where it was. The final seeds
differ from the confirmation's, so that the luck that made a configuration win can't count for it twice.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from rltune.errors import StudyError
from rltune.optimizers.base import Problem
from rltune.study.check import distrusted_models
from rltune.study.guide import Guide
from rltune.study.plan import PlanTerms, TargetRuns, affordable, relative_cost, timings_of
from rltune.study.work import Note, Score, Timing, Train, View, Work
from rltune.types import FAILURES, Configuration, Phase, Proposal, Scalar
from rltune.words import duration, several

WIDENED = 4
"""After a weak transfer up to so many times as many configurations are confirmed, as far as the budget goes."""


class StudyPhase(Protocol):
    """One part of a study's life."""

    name: str

    def begin(self, view: View) -> Mapping[str, object]:
        """Facts to record before the first piece of work; called once in a study's life, also over crashes."""
        ...

    def next(self, view: View) -> Work | None:
        """The next piece of work to start now; None to wait for what is running."""
        ...

    def done(self, view: View) -> bool: ...


@runtime_checkable
class Noting(Protocol):
    """A phase that also decides something midway."""

    def notes(self, view: View) -> Sequence[Note]:
        """Decisions to write down now, before the next piece of work; none of them a second time."""
        ...


class Prepare:
    """Scores each base model on the validation split, and times a few steps of the recipe on it."""

    name = "prepare"

    def __init__(self, models: Sequence[str]) -> None:
        self.models = tuple(models)

    def begin(self, view: View) -> Mapping[str, object]:
        return {}

    def _missing(self, view: View) -> Sequence[Work]:
        scored = {s.model for s in view.scores if s.run_id is None and s.split == "validation"}
        timed = view.facts.get("timings") or {}
        assert isinstance(timed, Mapping)
        return [Timing(m) for m in self.models if m not in timed] + [
            Score(m, "validation") for m in self.models if m not in scored
        ]

    def next(self, view: View) -> Work | None:
        for work, reason in view.failed.items():
            raise StudyError(
                f"{work.model} can't be {'timed' if isinstance(work, Timing) else 'scored'}: {reason}",
                where="prepare",
                hint="nothing was spent yet; mend this, then `rltune resume`, or start afresh with --fresh",
            )
        return next((work for work in self._missing(view) if work not in view.running), None)

    def done(self, view: View) -> bool:
        return not self._missing(view)


class Confirm:
    """Runs the most promising configurations, and the recipe, on the target for the whole length."""

    name = "confirm"

    def __init__(self, problem: Problem, recipe: Configuration, guide: Guide, terms: PlanTerms) -> None:
        self.problem = problem
        self.recipe = recipe
        self.guide = guide
        self.terms = terms

    def begin(self, view: View) -> Mapping[str, object]:
        """Chooses whom to confirm, and how many seeds the rest of the budget pays for."""
        terms, target = self.terms, timings_of(view.facts)[self.problem.target.name]
        # A proxy that misled has ranked nothing: then the target itself has to choose, among more.
        wanted = terms.confirm * (WIDENED if distrusted_models(view.facts) else 1)
        ranked = [c for c in self.guide.rank(view, wanted + 1) if c != self.recipe][:wanted]
        full = target.trial_seconds(0, self.problem.horizon, self.problem.rungs)
        slower = max((relative_cost(c, self.recipe, view.history) for c in ranked), default=1.0)
        runs = TargetRuns(full, slower * full, terms.tests * target.validate_seconds)
        left = max(terms.budget - view.seconds, 0.0)
        at_once = terms.at_once(self.problem.target.name)
        spending = affordable(left, runs, max(len(ranked), terms.confirm), terms.seeds, at_once)
        cut = None
        if spending.confirm < terms.confirm or spending.seeds < terms.seeds:
            cut = (
                f"{duration(left)} are left and a full target run takes up to {duration(runs.candidate)}: confirming "
                f"{several(spending.confirm, 'configuration')} (asked: {terms.confirm}), final training with "
                f"{several(spending.seeds, 'seed')} (asked: {terms.seeds})"
            )
        return {
            "confirm": [dict(c.values) for c in ranked[: spending.confirm]],
            "final_seeds": spending.seeds,
            "cut": cut,
        }

    def _missing(self, view: View) -> list[Proposal]:
        chosen = [(Configuration(_scalars(v)), "among the best of the search") for v in _list(view.facts["confirm"])]
        chosen.append((self.recipe, "the recipe, for comparison"))
        goal, seed = self.problem.goal, self.problem.training_seed
        return [
            Proposal(configuration, goal, seed, Phase.CONFIRM, reason)
            for configuration, reason in chosen
            if not view.settled(configuration, goal, seed)
        ]

    def next(self, view: View) -> Work | None:
        return _not_running(self._missing(view), view)

    def done(self, view: View) -> bool:
        return not self._missing(view)


class Final:
    """Trains the winner and the recipe on the target with the same fresh seeds."""

    name = "final"

    def __init__(self, problem: Problem, recipe: Configuration) -> None:
        self.problem = problem
        self.recipe = recipe

    def begin(self, view: View) -> Mapping[str, object]:
        winner, reason = self._choose(view)
        return {"winner": {"configuration": dict(winner.values), "id": winner.id, "reason": reason}}

    def _choose(self, view: View) -> tuple[Configuration, str]:
        confirmed = [
            (e.score, e.configuration)
            for e in view.history.evaluations
            if e.fidelity == self.problem.goal and e.seed == self.problem.training_seed and e.score is not None
        ]
        if not confirmed:
            return self.recipe, "no configuration reached the end on the target, so the recipe stands"
        score, winner = max(confirmed, key=lambda pair: pair[0])
        candidates = sum(configuration != self.recipe for _, configuration in confirmed)
        who = "the recipe itself" if winner == self.recipe else "this one"
        return winner, f"of {candidates} candidates and the recipe, run on the target, {who} scored best: {score:.3f}"

    def _missing(self, view: View) -> list[Proposal]:
        winner = winner_of(view.facts)
        chosen = [(winner, "the winner")] + ([(self.recipe, "the recipe")] if winner != self.recipe else [])
        goal = self.problem.goal
        return [
            Proposal(configuration, goal, seed, Phase.FINAL, f"final training of {role}, seed {seed}")
            for seed in final_seeds(self.problem, view.facts)
            for configuration, role in chosen
            if not view.settled(configuration, goal, seed)
        ]

    def next(self, view: View) -> Work | None:
        return _not_running(self._missing(view), view)

    def done(self, view: View) -> bool:
        return not self._missing(view)


class Test:
    """Scores each final run that reached its end on the test split, and then on those of other tasks."""

    name = "test"

    def __init__(self, problem: Problem, recipe: Configuration, others: Sequence[str] = ()) -> None:
        self.problem = problem
        self.recipe = recipe
        self.others = tuple(others)

    def begin(self, view: View) -> Mapping[str, object]:
        """Refuses to end a study as if it had a result, when crashes left nothing to test."""
        for configuration, role in ((winner_of(view.facts), "winner"), (self.recipe, "recipe")):
            finals = [e for e in view.evaluations if e.phase is Phase.FINAL and e.configuration == configuration]
            ends = [e for e in finals if e.fidelity == self.problem.goal]
            if ends and all(e.stop.kind in FAILURES for e in ends):
                raise StudyError(
                    f"all final runs of the {role} crashed, the last one so: {ends[-1].stop.reason}",
                    where="final",
                    hint="mend the cause, then `rltune resume`: they are tried again",
                )
        return {}

    def _missing(self, view: View) -> list[Score]:
        return [
            Score(e.fidelity.model, "test", e.configuration, e.seed, other)
            for other in ("", *self.others)
            for e in view.evaluations
            if e.phase is Phase.FINAL
            and e.fidelity == self.problem.goal
            and e.succeeded
            and (e.configuration, e.seed, other) not in view.tested
        ]

    def next(self, view: View) -> Work | None:
        failed = {work.other: (work, reason) for work, reason in view.failed.items() if isinstance(work, Score)}
        missing = [work for work in self._missing(view) if work.other not in failed]
        # What another task's test lacks must not cost the study its own result, nor the other tests.
        if failed and ("" in failed or not (missing or view.running)):
            work, reason = failed.get("") or next(iter(failed.values()))
            raise StudyError(
                f"the test of seed {work.seed}{f' on {work.other}' if work.other else ''} failed: {reason}",
                where="test",
                hint="mend this and `rltune resume`: only the missing scores are computed",
            )
        # A run whose checkpoint was damaged is being trained again: its score has to wait.
        waiting = (w for w in missing if w not in view.running)
        return next((w for w in waiting if (w.configuration, w.model, w.seed) not in view.training), None)

    def done(self, view: View) -> bool:
        return not self._missing(view)


def winner_of(facts: Mapping[str, object]) -> Configuration:
    """The winner that the study has recorded."""
    winner = facts["winner"]
    assert isinstance(winner, Mapping)
    return Configuration(_scalars(winner["configuration"]))


def final_seeds(problem: Problem, facts: Mapping[str, object]) -> list[int]:
    """Seeds of the final training: distinct, fixed by the study's seed, none of them the search's."""
    count = facts["final_seeds"]
    assert isinstance(count, int)
    rng = random.Random(problem.seed)
    seeds: list[int] = []
    while len(seeds) < count:
        seed = rng.randrange(1, 10_000)
        if seed != problem.training_seed and seed not in seeds:
            seeds.append(seed)
    return seeds


def _not_running(missing: Sequence[Proposal], view: View) -> Work | None:
    busy = view.training
    for proposal in missing:
        if (proposal.configuration, proposal.fidelity.model, proposal.seed) not in busy:
            return Train(proposal)
    return None


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def _scalars(value: object) -> Mapping[str, Scalar]:
    assert isinstance(value, Mapping)
    return value
