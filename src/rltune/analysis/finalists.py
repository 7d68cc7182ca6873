"""The winner and the recipe: what each scored on the target, seed by seed."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field

from rltune.analysis.records import Records
from rltune.types import Configuration, Scalar


@dataclass(frozen=True, slots=True)
class Finalist:
    """One of the two configurations that the study trains to the end.

    Attributes:
        label: the recipe's name, or the reason why the winner was chosen.
        test: seed -> mean@k accuracy on the test split. greedy: the same with greedy answers.
        stderr: seed -> standard error of the test score from the finite number of questions and samples.
        validation: seed -> mean@k accuracy on the validation split at the largest step of the target.
        steps: the rollout steps that the tested runs were trained for.
    """

    configuration: Configuration
    label: str
    test: Mapping[int, float] = field(default_factory=dict)
    greedy: Mapping[int, float] = field(default_factory=dict)
    stderr: Mapping[int, float] = field(default_factory=dict)
    validation: Mapping[int, float] = field(default_factory=dict)
    steps: int | None = None

    @property
    def mean(self) -> float | None:
        """Mean test accuracy over the seeds."""
        return statistics.fmean(self.test.values()) if self.test else None

    @property
    def sd(self) -> float | None:
        """Sample standard deviation of the test accuracy over the seeds; None with fewer than two."""
        return statistics.stdev(self.test.values()) if len(self.test) > 1 else None


def winner(records: Records) -> Finalist | None:
    """The chosen configuration, once there is one."""
    return _finalist(records, records.fact("winner"), "reason")


def recipe(records: Records) -> Finalist | None:
    """The published defaults, once the loop has written them down."""
    return _finalist(records, records.fact("recipe"), "name")


def _finalist(records: Records, fact: Mapping[str, object], label: str) -> Finalist | None:
    values = fact.get("configuration")
    if not isinstance(values, Mapping):
        return None
    configuration = Configuration(_scalars(values))
    test = _tests(records, configuration, "mean")
    return Finalist(
        configuration=configuration,
        label=str(fact.get(label) or ""),
        test={seed: value for seed, (_, value) in test.items()},
        greedy={seed: value for seed, (_, value) in _tests(records, configuration, "greedy").items()},
        stderr={seed: value for seed, (_, value) in _tests(records, configuration, "mean_stderr").items()},
        validation=_validation(records, configuration),
        steps=max((step for step, _ in test.values()), default=None),
    )


def _scalars(values: Mapping[object, object]) -> dict[str, Scalar]:
    return {str(k): v for k, v in values.items() if isinstance(v, (bool, int, float, str))}


def _tests(records: Records, configuration: Configuration, name: str) -> dict[int, tuple[int, float]]:
    """seed -> (step, value) of the longest tested run of the configuration on the target."""
    found: dict[int, tuple[int, float]] = {}
    for score in records.scores:
        run = records.runs.get(score.run_id or "")
        if score.split != "test" or run is None or name not in score.values or run.model != records.target:
            continue
        if run.configuration == configuration and score.step >= found.get(run.seed, (0, 0.0))[0]:
            found[run.seed] = (score.step, score.values[name])
    return dict(sorted(found.items()))


def _validation(records: Records, configuration: Configuration) -> dict[int, float]:
    found: dict[int, tuple[int, float]] = {}
    for _, e in records.evaluations:
        if e.configuration != configuration or e.fidelity.model != records.target or e.score is None:
            continue
        if e.fidelity.steps >= found.get(e.seed, (0, 0.0))[0]:
            found[e.seed] = (e.fidelity.steps, e.score)
    return {seed: value for seed, (_, value) in sorted(found.items())}
