"""The last phases: the winner and the recipe trained with fresh seeds, and their tests."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from rltune.errors import StudyError
from rltune.optimizers.base import Problem
from rltune.study.phases import not_running, scalars, settled
from rltune.study.work import Score, View, Work
from rltune.types import FAILURES, Configuration, Phase, Proposal, StopKind
from rltune.words import several


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
        return (
            winner,
            f"of {several(candidates, 'candidate')} and the recipe, run on the target, {who} scored best: {score:.3f}",
        )

    def _missing(self, view: View) -> list[Proposal]:
        winner = winner_of(view.facts)
        chosen = [(winner, "the winner")] + ([(self.recipe, "the recipe")] if winner != self.recipe else [])
        return self._unsettled(chosen, view)

    def _unsettled(self, chosen: Sequence[tuple[Configuration, str]], view: View) -> list[Proposal]:
        wanted = [
            Proposal(configuration, self.problem.goal, seed, Phase.FINAL, f"final training of {role}, seed {seed}")
            for seed in final_seeds(self.problem, view.facts)
            for configuration, role in chosen
        ]
        return [proposal for proposal in wanted if not settled(proposal, view)]

    def next(self, view: View) -> Work | None:
        return not_running(self._missing(view), view)

    def ahead(self, view: View) -> Work | None:
        """The recipe's runs, once their number is known: they stand beside the winner's, or are the winner's."""
        if "final_seeds" not in view.facts:
            return None
        return not_running(self._unsettled([(self.recipe, "the recipe")], view), view)

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
            ends = [e for e in finals if e.fidelity == self.problem.goal and e.stop.kind is not StopKind.STOPPED]
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
        return self._ready(missing, view)

    def ahead(self, view: View) -> Work | None:
        """Scores of the final runs that have ended, while others are being trained."""
        return self._ready([work for work in self._missing(view) if work not in view.failed], view)

    def _ready(self, missing: Sequence[Score], view: View) -> Score | None:
        # A run whose checkpoint was damaged is being trained again: its score has to wait.
        waiting = (w for w in missing if w not in view.running and not view.rests(w))
        return next((w for w in waiting if (w.configuration, w.model, w.seed) not in view.training), None)

    def done(self, view: View) -> bool:
        return not self._missing(view)


def winner_of(facts: Mapping[str, object]) -> Configuration:
    """The winner that the study has recorded."""
    winner = facts["winner"]
    assert isinstance(winner, Mapping)
    return Configuration(scalars(winner["configuration"]))


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
