"""The winner and the recipe: what each scored on the target, seed by seed.

A final run that a rule stopped, that diverged or that crashed has no test score. Leaving it out would reward what
fails, so it counts as the model that nobody trained: with the target's base score, which is known on the validation
split only. Runs that simply aren't finished yet are left out.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rltune.analysis.records import Records
from rltune.store.base import StudyRecord
from rltune.tasks.base import RESERVED_GROUPS
from rltune.tasks.ood import other_of
from rltune.types import FAILURES, SAYS_NOTHING, Configuration, Evaluation, Phase, Scalar


@dataclass(frozen=True, slots=True)
class Finalist:
    """One of the two configurations that the study trains to the end.

    Attributes:
        label: the recipe's name, or the reason why the winner was chosen.
        test: seed -> mean@k accuracy on the test split. greedy: the same with greedy answers.
        validation: seed -> mean@k accuracy on the validation split at the largest step of the target.
            In all three, a seed that failed has the base model's score, if that is known.
        groups: group of the test split -> the same as `test` for its questions.
        others: other task -> seed -> mean@k accuracy on its test split, and `task/group` for the groups of that. Not
            measured on the base model: a seed that failed is missing.
        steps: the rollout steps that the tested runs were trained for.
        failed_seeds: the seeds whose final run was stopped, diverged or crashed.
        counted: the seeds that means are taken over: those that both finalists have a test score of. Empty: all.
    """

    configuration: Configuration
    label: str
    test: Mapping[int, float] = field(default_factory=dict)
    greedy: Mapping[int, float] = field(default_factory=dict)
    validation: Mapping[int, float] = field(default_factory=dict)
    groups: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    others: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    steps: int | None = None
    failed_seeds: tuple[int, ...] = ()
    counted: tuple[int, ...] = ()

    @property
    def mean(self) -> float | None:
        """Mean test accuracy over the counted seeds."""
        return self._mean(self.test)

    @property
    def sd(self) -> float | None:
        """Sample standard deviation of the test accuracy over the counted seeds; None with fewer than two."""
        values = [self.test[seed] for seed in self.counted or self.test]
        return statistics.stdev(values) if len(values) > 1 else None

    @property
    def greedy_mean(self) -> float | None:
        """Mean greedy test accuracy over the counted seeds; None if one of them has none."""
        return self._mean(self.greedy)

    @property
    def validation_mean(self) -> float | None:
        """Mean validation accuracy over the counted seeds; None if one of them has none."""
        return self._mean(self.validation)

    @property
    def failed_without_score(self) -> bool:
        """True if a run failed and what it counts as isn't known."""
        return not set(self.failed_seeds) <= set(self.test)

    def _mean(self, values: Mapping[int, float]) -> float | None:
        seeds = self.counted or tuple(values)
        return statistics.fmean(values[s] for s in seeds) if seeds and set(seeds) <= set(values) else None


def finalists(records: Records) -> tuple[Finalist | None, Finalist | None]:
    """(winner, recipe), each None until the loop has written it down; their means are over the same seeds."""
    winner = _finalist(records, records.fact("winner"), "reason")
    recipe = _finalist(records, records.fact("recipe"), "name")
    if winner is None or recipe is None:
        return winner, recipe
    common = tuple(sorted(set(winner.test) & set(recipe.test)))
    return replace(winner, counted=common), replace(recipe, counted=common)


def finalist_configurations(study: StudyRecord) -> tuple[Configuration, ...]:
    """The winner's and the recipe's, as far as the loop has written them down."""
    found = (_configuration(study.fact(role)) for role in ("winner", "recipe"))
    return tuple(configuration for configuration in found if configuration is not None)


def _configuration(fact: Mapping[str, object]) -> Configuration | None:
    values = fact.get("configuration")
    return Configuration(_scalars(values)) if isinstance(values, Mapping) else None


def _finalist(records: Records, fact: Mapping[str, object], label: str) -> Finalist | None:
    configuration = _configuration(fact)
    if configuration is None:
        return None
    tested, base = _tests(records, configuration, "mean"), _base(records)
    failed = tuple(seed for seed in _failed(records, configuration) if seed not in tested)

    def filled(scores: Mapping[int, float], name: str) -> dict[int, float]:
        known = dict.fromkeys(failed, base[name]) if name in base else {}
        return dict(sorted({**scores, **known}.items()))

    def by_seed(name: str, split: str = "test") -> dict[int, float]:
        return {seed: value for seed, (_, value) in _tests(records, configuration, name, split).items()}

    return Finalist(
        configuration=configuration,
        label=str(fact.get(label) or ""),
        test=filled(by_seed("mean"), "mean"),
        greedy=filled(by_seed("greedy"), "greedy"),
        validation=filled(_validation(records, configuration), "mean"),
        groups={name: filled(by_seed(name), name) for name in _groups(records, "test")},
        others={
            f"{other}/{name}".removesuffix("/mean"): by_seed(name, split)
            for split, other in _others(records).items()
            for name in ("mean", *_groups(records, split))
        },
        steps=max((step for step, _ in tested.values()), default=None),
        failed_seeds=failed,
    )


def _scalars(values: Mapping[object, object]) -> dict[str, Scalar]:
    return {str(k): v for k, v in values.items() if isinstance(v, (bool, int, float, str))}


def _groups(records: Records, split: str) -> list[str]:
    """The groups of a split that any score names, sorted."""
    named = {name for score in records.scores if score.split == split for name in score.values}
    return sorted(named - RESERVED_GROUPS)


def _others(records: Records) -> dict[str, str]:
    """Split name -> other task, in the order of their first scores."""
    found = {score.split: other_of(score.split) for score in records.scores}
    return {split: other for split, other in found.items() if other is not None}


def _tests(
    records: Records, configuration: Configuration, name: str, split: str = "test"
) -> dict[int, tuple[int, float]]:
    """seed -> (step, value) of the longest tested run of the configuration on the target."""
    found: dict[int, tuple[int, float]] = {}
    for score in records.scores:
        run = records.runs.get(score.run_id or "")
        if score.split != split or run is None or name not in score.values or run.model != records.target:
            continue
        if run.configuration == configuration and score.step >= found.get(run.seed, (0, 0.0))[0]:
            found[run.seed] = (score.step, score.values[name])
    return found


def _base(records: Records) -> dict[str, float]:
    """The finite scores of the target before any training, by name; empty if they weren't measured."""
    for score in reversed(records.scores):
        if score.run_id is None and score.model == records.target and score.split == "validation":
            return {name: value for name, value in score.values.items() if math.isfinite(value)}
    return {}


def _failed(records: Records, configuration: Configuration) -> list[int]:
    """Seeds whose final run ended without a score; one that was tried again counts as it ended last."""
    ends: dict[int, Evaluation] = {}
    for e in _on_target(records, configuration):
        if e.phase is Phase.FINAL and (e.seed not in ends or e.fidelity.steps >= ends[e.seed].fidelity.steps):
            ends[e.seed] = e
    gave_up = {seed: e.stop.kind for seed, e in ends.items() if e.score is None}
    return sorted(seed for seed, kind in gave_up.items() if kind not in SAYS_NOTHING or kind in FAILURES)


def _validation(records: Records, configuration: Configuration) -> dict[int, float]:
    found: dict[int, tuple[int, float]] = {}
    for e in _on_target(records, configuration):
        if e.score is not None and e.fidelity.steps >= found.get(e.seed, (0, 0.0))[0]:
            found[e.seed] = (e.fidelity.steps, e.score)
    return {seed: value for seed, (_, value) in found.items()}


def _on_target(records: Records, configuration: Configuration) -> list[Evaluation]:
    return [
        e for _, e in records.evaluations if e.configuration == configuration and e.fidelity.model == records.target
    ]
