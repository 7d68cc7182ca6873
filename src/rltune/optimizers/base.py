"""The contract of optimizers: from a history to the next proposal.

An optimizer decides and does nothing else. `ask` is a pure function of the history and of what the optimizer was
built with (space, models, rungs, seed): asked twice with the same history it proposes the same. So a study that was
killed goes on from its store alone, and an optimizer can be used without a study (see `Session`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Protocol, runtime_checkable

from rltune.errors import OptimizerError, SpaceError
from rltune.optimizers.telling import WHERE, Told, checked, ends, evaluation_of
from rltune.priors.task import PriorTask
from rltune.space.space import Space
from rltune.types import Configuration, Cost, Evaluation, Fidelity, History, Proposal, StopKind


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model as an optimizer sees it: its name and size (number of parameters).

    Raises:
        OptimizerError: if the size isn't a finite number above 0.
    """

    name: str
    parameters: float

    def __post_init__(self) -> None:
        if not isinstance(self.parameters, Real) or not 0 < self.parameters < math.inf:
            raise OptimizerError(
                f"{self.name} must have more than 0 parameters, got {self.parameters!r}",
                where="ModelSpec",
                hint="its size as a number: 0.5e9 for half a billion",
            )


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be optimized: maximize the score of a configuration on (target, r_max).

    Attributes:
        space: the searched hyperparameters.
        target: the model to tune. proxies: smaller ones, may be empty.
        search_models: the models that the search may train on, of the target and its proxies: usually the proxies, or
            the target if there are none. `joint_fidelity` adds the target itself, unless its `acquisition` is
            `ei_per_cost`.
        rungs: allowed step budgets, increasing; the last is r_max.
        recipe: the configuration to beat, in the space; always part of the initial design.
        seed: of everything random, 0 or more. training_seed: the seed that search runs are trained with.
        priors: what earlier studies measured, mapped into the space (see `rltune.priors.mapping`).

    Raises:
        OptimizerError: if the rungs don't increase, the recipe lies outside of the space, two models have one name, or
            a search model is neither the target nor a proxy.
    """

    space: Space
    target: ModelSpec
    proxies: tuple[ModelSpec, ...]
    search_models: tuple[ModelSpec, ...]
    rungs: tuple[int, ...]
    recipe: Configuration
    seed: int
    training_seed: int = 0
    priors: tuple[PriorTask, ...] = ()

    def __post_init__(self) -> None:
        for name in ("proxies", "search_models", "rungs", "priors"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        self._check_models()
        self._check_rungs()
        if isinstance(self.seed, bool) or not isinstance(self.seed, Integral) or self.seed < 0:
            raise OptimizerError(f"seed must be a whole number from 0 on, got {self.seed!r}", where="Problem.seed")
        object.__setattr__(self, "recipe", self._recipe_in_space())

    @property
    def models(self) -> tuple[ModelSpec, ...]:
        """All models of the study, smallest first, the target last."""
        return (*sorted(self.proxies, key=lambda m: m.parameters), self.target)

    @property
    def horizon(self) -> int:
        """r_max, the rollout steps of a full run."""
        return self.rungs[-1]

    @property
    def goal(self) -> Fidelity:
        """What a configuration is wanted for: the target, trained to r_max."""
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
        """The target or the proxy of that name."""
        return next(m for m in (self.target, *self.proxies) if m.name == name)

    def _check_models(self) -> None:
        known = (self.target, *self.proxies)
        names = [m.name for m in known]
        if len(set(names)) < len(names):
            raise OptimizerError(
                f"target and proxies must have different names, got {', '.join(names)}", where="Problem.proxies"
            )
        if not self.search_models:
            raise OptimizerError(
                "the search needs at least one model, got none",
                where="Problem.search_models",
                hint="the proxies, or the target if there are none",
            )
        for model in self.search_models:
            if model not in known:
                raise OptimizerError(
                    f"a search model must be the target or one of the proxies, got {model!r}",
                    where="Problem.search_models",
                    hint=f"known: {', '.join(map(repr, known))}",
                )

    def _check_rungs(self) -> None:
        whole = all(isinstance(steps, Integral) and not isinstance(steps, bool) for steps in self.rungs)
        rising = all(a < b for a, b in zip((0, *self.rungs), self.rungs, strict=False)) if whole else False
        if not self.rungs or not rising:
            raise OptimizerError(
                f"rungs must be whole numbers of steps above 0 that increase, got {self.rungs!r}",
                where="Problem.rungs",
                hint="such as (50, 100, 200): the last is the length of a full run",
            )

    def _recipe_in_space(self) -> Configuration:
        """The recipe in canonical types."""
        if not isinstance(self.recipe, Configuration):
            raise OptimizerError(
                f"the recipe must be a Configuration, got {self.recipe!r}",
                where="Problem.recipe",
                hint="Configuration({'learning_rate': 1e-6, ...})",
            )
        try:
            return self.space.configuration(self.recipe.values)
        except SpaceError as error:
            raise OptimizerError(
                f"the recipe must lie in the space, but {error.message}", where="Problem.recipe", hint=error.hint
            ) from None


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


@runtime_checkable
class AsksMany(Optimizer, Protocol):
    """An optimizer for which several proposals at once cost much less than one after the other."""

    def ask_many(self, history: History, count: int) -> Sequence[Proposal]:
        """Up to `count` things to run, all different runs, of which none knows the others' results; the first is that
        of `ask`. Fewer if there aren't so many worth running. A pure function, as `ask`."""
        ...


class Session:
    """Ask and tell for an optimizer that is used on its own, without a study.

    Scores are better the higher they are. Any scale does, as long as it is the same for all models; a dead run is worth
    the base model's score (`base_scores` of `history`), or else the lowest that was told.

    Example:
        session = Session(build_optimizer("joint_fidelity", problem))
        while (proposal := session.ask()) is not None:
            session.tell(proposal, score, seconds=60.0)
        session.best

    Args:
        history: what is known already. Raises OptimizerError if a score in it isn't a number.
    """

    def __init__(self, optimizer: Optimizer, history: History | None = None) -> None:
        self.optimizer = optimizer
        self.history = history or History()
        for evaluation in self.history.evaluations:
            checked(evaluation)

    @property
    def best(self) -> Configuration | None:
        """The configuration that is most promising for (target, r_max) by what was told so far, which an optimizer with
        a model may never have run; None while nothing has a score."""
        return next(iter(self.optimizer.rank(self.history, 1)), None)

    def ask(self) -> Proposal | None:
        """The next proposal; it counts as pending until its end is told. None if there is nothing worth running, or
        nothing before a pending one has ended."""
        proposal = self.optimizer.ask(self.history)
        if proposal is not None:
            self.history = replace(self.history, pending=(*self.history.pending, proposal))
        return proposal

    def tell(
        self,
        told: Proposal | Evaluation,
        score: float | None = None,
        *,
        steps: int | None = None,
        seconds: float | Cost = 0.0,
        stopped: str | None = None,
        failed: str | None = None,
        interrupted: str | None = None,
    ) -> Evaluation:
        """Adds a result, asked for or not, and gives it back in full.

        Args:
            told: a proposal, with exactly one of `score`, `stopped`, `failed` and `interrupted`; or a full evaluation,
                with nothing else.
            score: at `steps`. NaN or infinity: the run diverged, and its configuration counts as dead.
            steps: where the score was measured, if that is before the end: the run goes on and stays pending. With the
                other ends: the last step trained; left out, it is unknown.
            seconds: what the run took since it was told of last (a full evaluation's cost is that of the whole run).
                0: not measured.
            stopped: why it was ended early for the worse; the configuration counts as dead.
            failed: why it crashed; the configuration counts as dead.
            interrupted: why it ended through no fault of its own; it may be proposed again.

        Raises:
            OptimizerError: if that contradicts itself, the proposal or what was told before.
        """
        given = {StopKind.RULE: stopped, StopKind.FAILED: failed, StopKind.INTERRUPTED: interrupted}
        short = Told(score, {kind: why for kind, why in given.items() if why is not None}, steps, seconds)
        if isinstance(told, Proposal):
            evaluation = evaluation_of(told, short, self.history)
        elif isinstance(told, Evaluation) and short == Told(None, {}, None, 0.0):
            evaluation = checked(told)
        else:
            raise OptimizerError(
                f"tell takes a proposal and how it went, or an evaluation and nothing else, got {told!r}",
                where=WHERE,
                hint="session.tell(proposal, 0.7, seconds=60.0)",
            )
        pending = tuple(p for p in self.history.pending if not ends(evaluation, p))
        self.history = replace(self.history.with_evaluation(evaluation), pending=pending)
        return evaluation
