"""A study's own search, transfer check and confirmation on a surface, in simulated time: one trial at a time.

What decides is the code of real studies; only the training is replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass

from rltune.optimizers.base import Optimizer, Problem
from rltune.study.budget import Spent
from rltune.study.check import CheckTerms, TransferCheck
from rltune.study.closing import Final as Choice
from rltune.study.closing import winner_of
from rltune.study.estimates import Estimates
from rltune.study.guide import Guide
from rltune.study.phases import Confirm, StudyPhase
from rltune.study.plan import ModelTiming, PlanTerms
from rltune.study.search import Search
from rltune.study.work import Train, View
from rltune.testing.surfaces import BASE_SCORE, GrpoSurface, spent_seconds
from rltune.types import Configuration, Evaluation, Fidelity, History, Phase, Proposal, StopKind


@dataclass(frozen=True, slots=True)
class SimulatedStudy:
    """What came out: the configuration that the study would train, its facts, all evaluations, the seconds spent."""

    winner: Configuration
    facts: Mapping[str, object]
    history: History


def simulate_study(
    surface: GrpoSurface,
    problem: Problem,
    build: Callable[[Problem], Optimizer],
    budget: float,
    check: CheckTerms | None,
    confirm: int = 3,
    after: Callable[[History], bool] = lambda history: False,
) -> SimulatedStudy:
    """Searches for half of `budget` (simulated seconds) and confirms with the rest.

    Args:
        check: terms of the transfer check; None: none. after: True ends the sitting there, to go on with new phases
            from the recorded facts and history alone, as a study does that was killed.
    """
    terms = PlanTerms(
        budget,
        0.5,
        None,
        1,
        tuple(m.name for m in problem.search_models),
        problem.target.name,
        problem.rungs,
        confirm,
        1,
    )
    facts: dict[str, object] = {
        "timings": {name: asdict(_timing(surface, problem.recipe, name)) for name in problem.sizes}
    }
    history = History(base_scores=dict.fromkeys(surface.sizes, BASE_SCORE))
    for phase in _phases(problem, build, terms, check):
        facts |= phase.begin(_view(history, facts))
        while not phase.done(_view(history, facts)):
            if after(history):
                phase = next(p for p in _phases(problem, build, terms, check) if p.name == phase.name)
            if isinstance(phase, Search):
                while notes := phase.notes(_view(history, facts)):
                    facts |= {note.name: note.value for note in notes}
            work = phase.next(_view(history, facts))
            if isinstance(work, Train):
                history = _trained(surface, problem, history, work.proposal)
    facts |= Choice(problem, problem.recipe).begin(_view(history, facts))
    return SimulatedStudy(winner_of(facts), facts, history)


def _phases(
    problem: Problem, build: Callable[[Problem], Optimizer], terms: PlanTerms, check: CheckTerms | None
) -> Iterator[StudyPhase]:
    guide = Guide(problem, build)
    checking = TransferCheck(problem, problem.recipe, terms, check) if check is not None else None
    return iter(
        (
            Search(guide, terms, Estimates(problem, problem.recipe), checking),
            Confirm(problem, problem.recipe, guide, terms),
        )
    )


def _view(history: History, facts: Mapping[str, object]) -> View:
    tried = frozenset((e.configuration, e.fidelity.model, e.seed) for e in history.evaluations)
    trials = len({(e.configuration, e.fidelity) for e in history.evaluations if e.phase is Phase.SEARCH})
    seconds = spent_seconds(history)
    spent = Spent(seconds)
    return View(history, history.evaluations, (), (), facts, (), seconds, trials, tried, spent=spent)


def _trained(surface: GrpoSurface, problem: Problem, history: History, proposal: Proposal) -> History:
    """The history with the proposal's result, and with those of the rungs that it passed."""
    run = (proposal.configuration, proposal.fidelity.model, proposal.seed)
    known = {e.fidelity.steps for e in history.evaluations if (e.configuration, e.fidelity.model, e.seed) == run}
    end = surface.evaluate(proposal, history)
    for rung in problem.rungs:
        if rung < proposal.fidelity.steps and rung not in known and end.stop.kind is StopKind.REACHED:
            passed = Proposal(*run[:1], Fidelity(run[1], rung), run[2], proposal.phase, proposal.reason)
            history = history.with_evaluation(surface.evaluate(passed, history))
    return history.with_evaluation(end)


def _timing(surface: GrpoSurface, recipe: Configuration, model: str) -> ModelTiming:
    """As a study would measure it on the recipe: a step's seconds from two lengths of a run."""
    first, second = (_seconds(surface, recipe, model, steps) for steps in (1, 2))
    return ModelTiming(
        second.cost.train_seconds - first.cost.train_seconds, first.cost.validate_seconds, first.cost.start_seconds
    )


def _seconds(surface: GrpoSurface, recipe: Configuration, model: str, steps: int) -> Evaluation:
    return surface.evaluate(Proposal(recipe, Fidelity(model, steps), 0, Phase.SEARCH, "timing"), History())
