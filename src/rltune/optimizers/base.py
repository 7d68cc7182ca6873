"""The contract of optimizers: from a history to the next proposal.

An optimizer decides and does nothing else. `ask` is a pure function of the history and of what the optimizer was
built with (space, models, rungs, seed): asked twice with the same history it proposes the same. So a study that was
killed goes on from its store alone, and an optimizer can be used without a study (see `Session`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rltune.space.space import Space
from rltune.types import Configuration, Evaluation, Fidelity, History, Proposal


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model as an optimizer sees it: its name and size (number of parameters)."""

    name: str
    parameters: float


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be optimized: maximize the score of a configuration on (target, r_max).

    Attributes:
        space: the searched hyperparameters.
        target: the model to tune. proxies: smaller ones, may be empty.
        search_models: the models that the search may train on (proxies, or the target if there are none).
        rungs: allowed step budgets, increasing; the last is r_max.
        recipe: the configuration to beat; always part of the initial design.
        seed: of everything random. training_seed: the seed that search runs are trained with.
    """

    space: Space
    target: ModelSpec
    proxies: tuple[ModelSpec, ...]
    search_models: tuple[ModelSpec, ...]
    rungs: tuple[int, ...]
    recipe: Configuration
    seed: int
    training_seed: int = 0

    @property
    def models(self) -> tuple[ModelSpec, ...]:
        """All models of the study, smallest first, the target last."""
        return (*sorted(self.proxies, key=lambda m: m.parameters), self.target)

    @property
    def horizon(self) -> int:
        return self.rungs[-1]

    @property
    def goal(self) -> Fidelity:
        return Fidelity(self.target.name, self.horizon)

    @property
    def sizes(self) -> Mapping[str, float]:
        """Number of parameters of each model, by name."""
        return {m.name: m.parameters for m in (self.target, *self.proxies, *self.search_models)}

    @property
    def full_search_run(self) -> Fidelity:
        """(largest search model, r_max): what a search without cheaper fidelities trains."""
        return Fidelity(max(self.search_models, key=lambda m: m.parameters).name, self.horizon)

    def model(self, name: str) -> ModelSpec:
        return next(m for m in (self.target, *self.proxies) if m.name == name)


class Optimizer(Protocol):
    """One way to choose what to run next."""

    name: str

    def ask(self, history: History) -> Proposal | None:
        """The next thing to run (phase SEARCH), never one that is pending or done; None if there is nothing left
        worth running. Failed, stopped and NaN evaluations are information, never an exception."""
        ...

    def rank(self, history: History, count: int) -> Sequence[Configuration]:
        """The `count` (or fewer) configurations most promising for (target, r_max), best first: what the study
        confirms on the target. None that failed; an optimizer with a model may name some that were never run."""
        ...


class Session:
    """Ask and tell for an optimizer that is used on its own, without a study.

    Example:
        session = Session(build_optimizer("joint_fidelity", problem, {}))
        proposal = session.ask()
        session.tell(evaluation)
    """

    def __init__(self, optimizer: Optimizer, history: History | None = None) -> None:
        self.optimizer = optimizer
        self.history = history or History()

    def ask(self) -> Proposal | None:
        """The next proposal; it counts as pending until an evaluation of it is told."""
        proposal = self.optimizer.ask(self.history)
        if proposal is not None:
            self.history = History(
                self.history.evaluations, (*self.history.pending, proposal), self.history.base_scores
            )
        return proposal

    def tell(self, evaluation: Evaluation) -> None:
        """Adds a result, asked for or not."""
        done = (evaluation.configuration, evaluation.fidelity, evaluation.seed)
        pending = tuple(p for p in self.history.pending if (p.configuration, p.fidelity, p.seed) != done)
        self.history = History((*self.history.evaluations, evaluation), pending, self.history.base_scores)
