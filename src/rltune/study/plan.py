"""What a budget buys, from a few timed steps: a pure function, printed before anything is spent.

Notation
    s_m   seconds a training step takes on model m        v_m   seconds a validation takes on model m
    b_m   seconds until a trial on m begins its first step
    w_m   trials of model m in flight at once
A trial on m to step r that validates at n rungs takes about b_m + r s_m + n v_m.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from rltune.study.budget import Budget, Resources
from rltune.study.disk import Disk, forecast_disk
from rltune.study.hours import Hours, hours_by_phase
from rltune.study.spending import Left, Spending, TargetRuns, affordable
from rltune.types import Configuration, History
from rltune.words import duration

FEW_TRIALS = 5


@dataclass(frozen=True, slots=True)
class ModelTiming:
    """Measured on the recipe: seconds a step, a validation, a start; bytes of a checkpoint, None if there was none."""

    step_seconds: float
    validate_seconds: float
    start_seconds: float
    checkpoint_bytes: int | None = None

    def trial_seconds(self, from_step: int, to_step: int, rungs: Sequence[int]) -> float:
        """Seconds for a segment that trains steps from_step + 1 to to_step."""
        validations = sum(from_step < rung <= to_step for rung in rungs)
        return self.start_seconds + (to_step - from_step) * self.step_seconds + validations * self.validate_seconds


@dataclass(frozen=True, slots=True)
class Plan:
    """What a study will do with its budget. Times in seconds of wall clock.

    Attributes:
        search_models, search_steps: what the optimizer asks for. search_trials: how many of its runs fit, about.
        capped: the number of trials is the limit, not the time. slots: trials of the search at once.
        asked_runs, asked_design: as in the terms. needed: seconds of budget that they would take.
        hours: of GPUs (or, if trials use none, of trials) by phase and model; `unit` says which.
        disk: what checkpoints take; None if nothing is known of their size.
        guessed: nothing was timed: seconds are guesses from the models' sizes (`rltune.study.guess`).
    """

    budget: float
    search_seconds: float
    slots: int
    timings: Mapping[str, ModelTiming]
    trial_seconds: Mapping[str, Mapping[int, float]]
    full_target_seconds: float
    search_trials: int
    capped: bool
    after: Spending
    asked_confirm: int
    asked_seeds: int
    search_models: tuple[str, ...]
    search_steps: tuple[int, ...]
    asked_runs: int | None
    asked_design: int | None
    needed: float
    hours: Hours
    unit: str
    disk: Disk | None
    guessed: bool = False

    def least_budget(self, spent: float) -> float:
        """Seconds that would pay for preparation, five trials, and one confirmed and trained configuration."""
        trial = max(seconds for rungs in self.trial_seconds.values() for seconds in rungs.values())
        return 2 * (spent + 5 * trial / self.slots) + 4 * self.full_target_seconds / self.slots

    @property
    def warnings(self) -> list[str]:
        found = []
        if not self.after.fits:
            found.append(
                f"confirming and the final training need about {duration(self.after.seconds)}, the budget leaves "
                f"{duration(max(self.budget - self.search_seconds, 0))}: the study will overrun; raise the budget, or "
                "lower steps"
            )
        if (self.after.confirm, self.after.seeds) != (self.asked_confirm, self.asked_seeds):
            found.append(
                f"the budget pays for confirming {self.after.confirm} of {self.asked_confirm} configurations, and for "
                f"{self.after.seeds} of {self.asked_seeds} seeds of the final training"
            )
        fixed = self._cut_short()
        if fixed is not None:
            found.append(fixed)
        elif self.search_trials < FEW_TRIALS and not self.capped:
            found.append(
                f"the search can afford only about {self.search_trials} trials: raise the budget, lower steps, or "
                "name a smaller proxy"
            )
        return found + (self.disk.warnings if self.disk is not None else [])

    def _cut_short(self) -> str | None:
        """What the search won't get to, of an optimizer that needs a number of runs."""
        asked = self.asked_runs or self.asked_design
        if asked is None or asked <= self.search_trials:
            return None
        what = f"asks for {asked:,} runs" if self.asked_runs else f"begins with {asked:,} configurations"
        limit = "budget.trials allows" if self.capped else "the search can afford about"
        remedy = "raise budget.trials" if self.capped else f"raise the budget to about {duration(self.needed)}"
        return f"the optimizer {what}, {limit} {self.search_trials:,}: {remedy}, or lower the optimizer's options"

    def to_json(self) -> dict[str, object]:
        return {**asdict(self), "warnings": self.warnings}


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """What the study file says about spending.

    Attributes:
        budget: wall-clock seconds; infinite: only GPU-seconds count. gpu_seconds: the other way round.
        search_share: of them, for everything up to the end of the search.
        trials: most search trials, or None. slots: trials in flight at once, of models without a share of GPUs.
        search_models, target: names. rungs: validated steps, the last is r_max.
        confirm, seeds: configurations to confirm, seeds of the final training.
        search_steps: that the optimizer asks for; none: all rungs. runs: how many it asks for, after which it ends.
        design: configurations that it runs before results guide it.
        tests: test sets that each final run is scored on; each is guessed to take as long as a validation.
        gpus: by model, GPUs that a trial has to itself. there: GPUs in all; 0: trials use none.
        pairs: runs on the target for the transfer check.
        sizes: by model, bytes of a checkpoint as computed, where it can be. free: bytes free for them; None: unknown.
        limit: bytes that all checkpoints may take; None: any.
    """

    budget: float
    search_share: float
    trials: int | None
    slots: int
    search_models: tuple[str, ...]
    target: str
    rungs: tuple[int, ...]
    confirm: int
    seeds: int
    search_steps: tuple[int, ...] = ()
    runs: int | None = None
    design: int | None = None
    tests: int = 1
    gpus: Mapping[str, float] = field(default_factory=dict)
    there: int = 0
    pairs: int = 0
    sizes: Mapping[str, int] = field(default_factory=dict)
    free: int | None = None
    gpu_seconds: float = math.inf
    limit: int | None = None

    @property
    def resources(self) -> Resources:
        return Resources(self.slots, self.there, self.gpus)

    @property
    def limits(self) -> Budget:
        return Budget(self.budget, self.gpu_seconds, self.resources.capacity)

    @property
    def whole(self) -> float:
        """Seconds of the whole budget, in which phases plan (see `rltune.study.budget`)."""
        return self.limits.whole

    @property
    def search_seconds(self) -> float:
        return self.search_share * self.whole

    def at_once(self, model: str) -> int:
        """w_m: trials of a model in flight at once, as slots and GPUs allow."""
        share = self.gpus.get(model)
        if share is None or self.there == 0:
            return self.slots
        return max(1, min(self.slots, int(self.there // share)))


def timings_of(facts: Mapping[str, object]) -> dict[str, ModelTiming]:
    """The timings that the loop has recorded, by model."""
    timings = facts.get("timings")
    return {model: ModelTiming(**values) for model, values in timings.items()} if isinstance(timings, Mapping) else {}


def make_plan(
    terms: PlanTerms, timings: Mapping[str, ModelTiming], spent: float = 0.0, *, guessed: bool = False
) -> Plan:
    """Plans a study. `timings` must hold every model of the study; `spent` are seconds that are gone already.

    How an optimizer mixes models and steps isn't known before it has results. It is taken to spend as much time on each
    of them: successive halving does, and so about do choices by what a run is worth per second.
    """
    rungs, horizon = terms.rungs, terms.rungs[-1]
    steps = terms.search_steps or rungs
    trial_seconds = {m: {rung: t.trial_seconds(0, rung, rungs) for rung in rungs} for m, t in timings.items()}
    full_target = trial_seconds[terms.target][horizon]
    asked = [(model, trial_seconds[model][step]) for model in terms.search_models for step in steps]
    per_second = sum(terms.at_once(model) / seconds for model, seconds in asked) / len(asked)
    buys = int(max(terms.search_seconds - spent, 0.0) * per_second)
    limits = [limit for limit in (terms.trials, terms.runs) if limit is not None]
    trials = min([buys, *limits])
    on_each_model = trials / per_second / len(terms.search_models)  # seconds of wall clock
    # What the candidates will cost isn't known yet: as much as the recipe is a guess until the search has measured it.
    runs = TargetRuns(full_target, full_target, terms.tests * timings[terms.target].validate_seconds)
    left = Left(*terms.limits.beyond(terms.search_share), terms.resources.units(terms.target))
    after = affordable(left, runs, terms.confirm, terms.seeds, terms.at_once(terms.target))
    return Plan(
        budget=terms.whole,
        search_seconds=terms.search_seconds,
        slots=max(terms.at_once(model) for model in terms.search_models),
        timings=dict(timings),
        trial_seconds=trial_seconds,
        full_target_seconds=full_target,
        search_trials=trials,
        capped=any(limit <= buys for limit in limits),
        after=after,
        asked_confirm=terms.confirm,
        asked_seeds=terms.seeds,
        search_models=terms.search_models,
        search_steps=steps,
        asked_runs=terms.runs,
        asked_design=terms.design,
        needed=(spent + (terms.runs or terms.design or 1) / per_second) / terms.search_share,
        hours=hours_by_phase(
            models={m: (t.step_seconds, t.validate_seconds, t.start_seconds) for m, t in timings.items()},
            search={m: on_each_model * terms.at_once(m) for m in terms.search_models},
            target=terms.target,
            full=full_target,
            confirmed=after.confirm + 1,
            trained=2 * after.seeds,
            tests=terms.tests,
            gpus=terms.gpus,
        ),
        unit="GPU-hours" if terms.there or any(share > 1 for share in terms.gpus.values()) else "trial-hours",
        disk=_disk(terms, timings, trials, after),
        guessed=guessed,
    )


def _disk(terms: PlanTerms, timings: Mapping[str, ModelTiming], trials: int, after: Spending) -> Disk | None:
    """What checkpoints take at most: all search trials on the largest of the search models, and all of them alive."""
    measured = {m: t.checkpoint_bytes for m, t in timings.items() if t.checkpoint_bytes is not None}
    sizes = {**terms.sizes, **measured}
    if terms.target not in sizes:
        return None
    runs = {terms.target: after.confirm + 1 + 2 * after.seeds + terms.pairs}
    largest = max(terms.search_models, key=lambda model: sizes.get(model, 0))
    runs[largest] = runs.get(largest, 0) + trials
    at_once = {model: terms.at_once(model) for model in timings}
    return forecast_disk(sizes, runs, at_once, terms.free, tuple(measured), terms.limit)


def relative_cost(configuration: Configuration, recipe: Configuration, history: History) -> float:
    """Seconds a step of a configuration over those of the recipe, measured on a model that both ran on; 1 if none.

    More rollouts a prompt cost more on every model; the ratio measured on a proxy is the best guess for the target.
    """
    rates: dict[tuple[Configuration, str], float] = {}
    for e in history.evaluations:
        if e.steps_trained > 0 and e.cost.train_seconds > 0:
            rates[e.configuration, e.fidelity.model] = e.cost.train_seconds / e.steps_trained
    ratios = [rates[c, m] / rates[recipe, m] for c, m in rates if c == configuration and (recipe, m) in rates]
    return max(ratios, default=1.0)
