"""From results under a tool's names to prior evaluations, and what became of each of them in words.

What counts: a finished run with its score; a pruned one and one whose score is no number as a bad result (`score`
None); a failed run only if it had a score, or if failures are wanted: a crash may be the machine's fault.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from rltune.errors import PriorError, suggest
from rltune.importers.base import End, Result, Table
from rltune.importers.columns import MODELS, SEEDS, Columns, columns_of
from rltune.priors.evaluation import Prior, PriorEvaluation
from rltune.trainers.logs.names import STEP_NAMES, lookup
from rltune.trainers.logs.numbers import step_of
from rltune.types import Scalar
from rltune.words import listed, several

SHOWN = 12
"""Names that one line of the summary lists."""
_STEPS = ("steps", *STEP_NAMES)
_UPDATES = "train/global_step"
"""transformers' counter: it counts updates, of which a rollout step may make several."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user says of a source.

    Attributes:
        metric: the score; None: what the source optimized, or its one validation score.
        negate: less of it is better. mapping: name there -> name here.
        steps: rollout steps of all runs, or the name that holds them. model: of all runs. model_from, seed_from: names
            that hold them. parameters: of the model.
        reported: whether the values that a run reported on its way are evaluations too, at the steps that it told.
        failures: whether failed runs without a score count as bad results.
        horizon, task, source: of the prior file's header.
    """

    metric: str | None = None
    negate: bool = False
    mapping: Mapping[str, str] = field(default_factory=dict)
    steps: int | str | None = None
    model: str | None = None
    model_from: str | None = None
    seed_from: str | None = None
    parameters: float | None = None
    reported: bool = False
    failures: bool = False
    horizon: int | None = None
    task: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """The prior, and a summary: a line each."""

    prior: Prior
    lines: tuple[str, ...]


def convert(table: Table, wishes: Wishes) -> Imported:
    """All results of a table that can be used.

    Raises:
        PriorError: if a wish names nothing that is there, less of the metric is better and nobody said so, or nothing
            is left.
    """
    metric = _metric(table, wishes)
    if metric in table.minimized and not wishes.negate:
        raise PriorError(
            f"less of {metric} is better there, and a study wants more of its score",
            where=table.source,
            hint="--negate takes its negative; better is a metric of which more is better, such as an accuracy",
        )
    if wishes.negate and table.metric == metric and metric not in table.minimized:
        raise PriorError(f"more of {metric} is better there already", where=table.source, hint="leave out --negate")
    names = [name for name in (wishes.steps, wishes.model_from, wishes.seed_from) if isinstance(name, str)]
    _check_names(table, names)
    columns = columns_of(table, wishes.mapping, (*names, metric, *_STEPS, *MODELS, *SEEDS))
    taken: list[PriorEvaluation] = []
    lost: Counter[str] = Counter()
    for result in table.results:
        found = list(_evaluations(result, metric, columns, wishes))
        taken += [each for each in found if isinstance(each, PriorEvaluation)]
        lost.update(each for each in found if isinstance(each, str))
    if not taken:
        why = "; ".join(f"{several(count, 'run')}: {reason}" for reason, count in lost.items()) or "there are no runs"
        raise PriorError(f"nothing can be taken over ({why})", where=table.source, hint="--metric, --map")
    numbered, repeats = _numbered(taken)
    varied, fixed = _fixed(numbered) if table.searched is None else (numbered, {})
    prior = Prior(
        source=wishes.source or table.source,
        evaluations=tuple(varied),
        metric=f"-{metric}" if wishes.negate else metric,
        horizon=wishes.horizon,
        task=wishes.task,
        fixed=fixed,
    )
    return Imported(prior, tuple(_lines(table, prior, columns, lost, repeats)))


def _evaluations(result: Result, metric: str, columns: Columns, wishes: Wishes) -> Iterator[PriorEvaluation | str]:
    """What a run becomes: evaluations, or the reason why there are none."""
    if result.end is End.OPEN:
        yield "not finished"
        return
    configuration = columns.configuration(result.values, result.where)
    if not configuration:
        yield "no hyperparameter that is known"
        return
    sign = -1.0 if wishes.negate else 1.0
    base = PriorEvaluation(
        configuration,
        _model(result, wishes),
        wishes.parameters,
        _steps(result, wishes, configuration),
        None,
        _seed(result, wishes),
    )
    points = [(step, value) for step, value in result.points.get(metric, ()) if step > 0] if wishes.reported else []
    for step, value in points:
        yield replace(base, steps=step, score=sign * value if math.isfinite(value) else None)
    last = points[-1][0] if points else None
    if last is not None and (result.end is not End.FINISHED or base.steps is None or base.steps <= last):
        return  # what the end says was reported too
    number = result.numbers.get(metric)
    if result.end is End.STOPPED or (result.end is End.FAILED and number is None and wishes.failures):
        yield base
    elif number is None:
        yield "failed without a score" if result.end is End.FAILED else f"no value of {metric}"
    else:
        yield replace(base, score=sign * number if math.isfinite(number) else None)


def _metric(table: Table, wishes: Wishes) -> str:
    there = Counter(name for result in table.results for name in (*result.numbers, *result.points))
    if wishes.metric is not None:
        if wishes.metric not in there:
            raise PriorError(
                f"no run has a metric {wishes.metric!r}", where="--metric", hint=suggest(wishes.metric, there)
            )
        return wishes.metric
    if table.metric is not None:
        return table.metric
    scores = [name for name in there if (known := lookup(name)) and known.name.startswith("score/")]
    if len(scores) == 1:
        return scores[0]
    offered = scores or [name for name in there if lookup(name)] or sorted(there)
    more = f" and {len(offered) - SHOWN} more" if len(offered) > SHOWN else ""
    raise PriorError(
        "it has several metrics that may be the score" if scores else "it doesn't say which metric is the score",
        where=table.source,
        hint=f"name it with --metric; there are: {', '.join(offered[:SHOWN])}{more}",
    )


def _check_names(table: Table, names: list[str]) -> None:
    there = {name for result in table.results for name in (*result.values, *result.numbers)}
    for name in names:
        if name not in there:
            raise PriorError(f"no run has a value {name!r}", where=table.source, hint=suggest(name, there))


def _steps(result: Result, wishes: Wishes, configuration: Mapping[str, Scalar]) -> int | None:
    if isinstance(wishes.steps, int):
        return wishes.steps
    for name in _STEPS if wishes.steps is None else (wishes.steps,):
        step = step_of(result.values.get(name, result.numbers.get(name)))
        if step and name == _UPDATES:
            made = step_of(configuration.get("updates_per_step", 1)), step_of(result.values.get("num_iterations", 1))
            updates = (made[0] or 1) * (made[1] or 1)
            return step // updates if step % updates == 0 else step
        if step:
            return step
    return None


def _model(result: Result, wishes: Wishes) -> str | None:
    if wishes.model is not None:
        return wishes.model
    names = MODELS if wishes.model_from is None else (wishes.model_from,)
    found = next((result.values[name] for name in names if name in result.values), None)
    return str(found) if found is not None and str(found) else None


def _seed(result: Result, wishes: Wishes) -> int:
    names = SEEDS if wishes.seed_from is None else (wishes.seed_from,)
    found = next((step_of(result.values[name]) for name in names if name in result.values), None)
    return found or 0


def _numbered(taken: list[PriorEvaluation]) -> tuple[list[PriorEvaluation], int]:
    """Results of the same configuration, model, steps and seed get seeds of their own; and how many there were."""
    seen: set[tuple[object, ...]] = set()
    found: list[PriorEvaluation] = []
    for each in taken:
        other = each
        while other.key in seen:
            other = replace(other, seed=other.seed + 1)
        seen.add(other.key)
        found.append(other)
    return found, sum(a.seed != b.seed for a, b in zip(taken, found, strict=True))


def _fixed(taken: list[PriorEvaluation]) -> tuple[list[PriorEvaluation], dict[str, Scalar]]:
    """What is the same in all runs isn't searched; unless nothing differs."""
    first = dict(taken[0].configuration)
    same = {
        name: value
        for name, value in first.items()
        if all(name in each.configuration and each.configuration[name] == value for each in taken)
    }
    if len(same) == len({name for each in taken for name in each.configuration}):
        return taken, {}
    return [
        replace(each, configuration={n: v for n, v in each.configuration.items() if n not in same}) for each in taken
    ], same


def _lines(table: Table, prior: Prior, columns: Columns, lost: Mapping[str, int], repeats: int) -> Iterator[str]:
    used = prior.evaluations
    bad = sum(each.score is None for each in used)
    also = f", {several(bad, 'bad result')} without a score among them" if bad else ""
    yield f"{several(len(used), 'evaluation')} of {several(len(table.results), 'run')} from {prior.source}{also}"
    yield f"the score is {prior.metric}, and more of it is better"
    for reason, count in lost.items():
        yield f"left out: {several(count, 'run')}, {reason}"
    if repeats:
        yield f"{several(repeats, 'repeated configuration')} got a seed of their own"
    renamed = [f"{a} as {b}" for a, b in columns.taken.items() if a != b]
    searched = sorted({name for each in used for name in each.configuration})
    yield f"hyperparameters: {listed(searched)}"
    if prior.fixed:
        yield f"the same in all runs: {listed([f'{name} {value}' for name, value in prior.fixed.items()])}"
    if renamed:
        yield f"read {listed(renamed)}"
    if columns.kept:
        yield f"kept under names that no trainer here has: {listed(columns.kept)} (--map OLD=NEW renames)"
    if columns.passed:
        more = f" and {len(columns.passed) - SHOWN} more" if len(columns.passed) > SHOWN else ""
        yield f"not taken for hyperparameters: {', '.join(columns.passed[:SHOWN])}{more} (--map NAME=NAME takes one)"
    steps = sorted({each.steps for each in used if each.steps is not None})
    if len(steps) < 1:
        yield "steps aren't known, so each counts as a whole run (--steps)"
    else:
        yield f"steps: {steps[0]}" if len(steps) == 1 else f"steps: {len(steps)} amounts from {steps[0]} to {steps[-1]}"
    models = sorted({each.model for each in used if each.model})
    yield f"models: {listed(models)}" if models else "the model isn't known (--model)"
