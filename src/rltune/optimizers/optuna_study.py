"""Optuna studies in memory, rebuilt from trials: one to be sampled from, one for the pruner to judge in.

How a run becomes an Optuna trial, as its users would have written their objective:
    reached r_max                              COMPLETE, with the score; scores at the rungs are intermediate values
    ended on its plateau                       COMPLETE, with the forecast at r_max
    in flight                                  RUNNING
    rests below r_max, stopped by a rule, NaN  PRUNED: the sampler learns that it was poor
    crashed                                    FAIL: samplers ignore it, since a crash may be the machine's fault
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState, create_trial
from optuna.trial import Trial as OptunaTrial

from rltune.optimizers.distributions import distribution_of
from rltune.optimizers.optuna_parts import IDENTITY, StableHyperband, compares_rungs
from rltune.optimizers.trials import Trial
from rltune.space.conditions import is_present
from rltune.space.space import Space
from rltune.types import Configuration, Scalar

NAME = "rltune"


def suggest(trial: OptunaTrial, space: Space) -> Configuration:
    """The configuration nearest to the trial's; a conditional parameter is asked for only when it is present."""
    values: dict[str, Scalar] = {}
    for name in space.order:
        parameter = space.parameters[name]
        if is_present(parameter, values):
            values[name] = parameter.nearest(_suggested(trial, name, distribution_of(parameter)))
    return space.tidy(space.clip(values))


def study_of(space: Space, trials: Sequence[Trial], horizon: int, sampler: BaseSampler, pruner: BasePruner) -> Study:
    """A study that holds the trials as they are: enough for samplers that look at nothing but trials."""
    study = _empty(sampler, pruner)
    distributions = {name: distribution_of(parameter) for name, parameter in space.parameters.items()}
    for trial in trials:
        state, value = _end(trial, horizon)
        study.add_trial(_frozen(trial, distributions, state, value))
    return study


def replayed_study(
    space: Space, trials: Sequence[Trial], horizon: int, sampler: BaseSampler, pruner: BasePruner
) -> Study:
    """A study in which the sampler was asked for each trial in turn, and overruled: for samplers that keep notes of
    what they asked (the generation, the place in a sequence).

    The trials go from the worst to the best, as a search would have found them: the history has no order.
    """
    study = _empty(sampler, pruner)
    ends = [(trial, *_end(trial, horizon)) for trial in trials]
    ends.sort(key=lambda end: (end[2] is not None, end[2] or 0.0, max(end[0].scores.values(), default=0.0)))
    for trial, state, value in ends:
        study.enqueue_trial(dict(trial.configuration.values), user_attrs={IDENTITY: trial.configuration.id})
        asked = study.ask()
        _ = asked.relative_params  # the sampler is asked only when this is read, which given values prevent
        suggest(asked, space)
        for steps in sorted(trial.scores):
            asked.report(trial.scores[steps], steps)
        if state is not TrialState.RUNNING:
            study.tell(asked, value, state)
    return study


class Judge:
    """Whether resting runs go on, by an Optuna pruner that knows all runs.

    Optuna's pruners judge a run once, as it passes, and don't know of pausing. Here a run rests, and is judged with all
    that is known by then; so one that was judged too early may go on later, from its checkpoint.
    """

    def __init__(self, space: Space, trials: Sequence[Trial], rungs: Sequence[int], pruner: BasePruner) -> None:
        self.pruner = pruner
        self.notes = compares_rungs(pruner)
        self.study = _empty(optuna.samplers.RandomSampler(seed=0), pruner)
        self.number = {trial.configuration: number for number, trial in enumerate(trials)}
        distributions = {name: distribution_of(parameter) for name, parameter in space.parameters.items()}
        for trial in trials:
            # notes can be taken of running trials only
            end = (TrialState.RUNNING, None) if self.notes else _end(trial, rungs[-1], rests=TrialState.RUNNING)
            self.study.add_trial(_frozen(trial, distributions, *end))
        if self.notes:
            self._take_notes(trials, rungs)

    def chosen(self, resting: Sequence[Trial], below: int) -> Trial | None:
        """The best run at step `below` that may go on; `resting` are all that could, best first."""
        verdicts: list[tuple[int, Trial, bool]] = []
        # The worst are judged first: so the best one, of its bracket, is compared with all others. Where it must stop,
        # those below it must as well.
        for trial in reversed(resting):
            frozen = self._at(trial, below)
            bracket = self.pruner.group(self.study, frozen) if isinstance(self.pruner, StableHyperband) else 0
            verdicts.append((bracket, trial, not self.pruner.prune(self.study, frozen)))
        best: dict[int, tuple[Trial, bool]] = {bracket: (trial, goes_on) for bracket, trial, goes_on in verdicts}
        judged = list(best.values()) if self.notes else [(trial, goes_on) for _, trial, goes_on in verdicts]
        going_on = [trial for trial, goes_on in judged if goes_on]
        return next((trial for trial in resting if trial in going_on), None)

    def _take_notes(self, trials: Sequence[Trial], rungs: Sequence[int]) -> None:
        for below, steps in zip(rungs, rungs[1:], strict=False):
            for trial in trials:
                if below in trial.scores and not trial.rests_at(steps, below):
                    self.pruner.prune(self.study, self._at(trial, below))

    def _at(self, trial: Trial, step: int) -> FrozenTrial:
        """The trial as it was at a step."""
        frozen = copy.copy(self.study.get_trials(deepcopy=False)[self.number[trial.configuration]])
        frozen.intermediate_values = {s: v for s, v in trial.scores.items() if s <= step}
        return frozen


def _empty(sampler: BaseSampler, pruner: BasePruner) -> Study:
    return optuna.create_study(direction="maximize", study_name=NAME, sampler=sampler, pruner=pruner)


def _frozen(
    trial: Trial, distributions: dict[str, BaseDistribution], state: TrialState, value: float | None
) -> FrozenTrial:
    values = dict(trial.configuration.values)
    return create_trial(
        state=state,
        value=value,
        params=values,
        distributions={name: distributions[name] for name in values},
        user_attrs={IDENTITY: trial.configuration.id},
        intermediate_values=dict(trial.scores),
    )


def _end(trial: Trial, horizon: int, rests: TrialState = TrialState.PRUNED) -> tuple[TrialState, float | None]:
    """State and value of a trial."""
    if trial.busy:
        return TrialState.RUNNING, None
    if trial.dead:
        return (TrialState.FAIL if trial.crashed else TrialState.PRUNED), None
    value = trial.scores.get(horizon, trial.forecast)
    if trial.closed and value is None:
        return TrialState.FAIL, None  # samplers pass over it, as over a crash
    return (rests, None) if value is None else (TrialState.COMPLETE, value)


def _suggested(trial: OptunaTrial, name: str, distribution: BaseDistribution) -> Scalar:
    if isinstance(distribution, FloatDistribution):
        return trial.suggest_float(
            name, distribution.low, distribution.high, step=distribution.step, log=distribution.log
        )
    if isinstance(distribution, IntDistribution):
        return trial.suggest_int(
            name, distribution.low, distribution.high, step=distribution.step, log=distribution.log
        )
    assert isinstance(distribution, CategoricalDistribution)
    return trial.suggest_categorical(name, distribution.choices)  # type: ignore[return-value]
