"""Whether training that is asked for can be granted: a configuration to try next, a run to be trained further. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from rltune.analysis.written_space import written_space
from rltune.errors import SpaceError, StudyError, suggest
from rltune.space.conditions import is_present
from rltune.space.space import Space
from rltune.store.base import RunRecord, SegmentState
from rltune.study.asked import Enqueue, ExtendRun
from rltune.study.errands import ASKED, Errand, errands_of
from rltune.study.granting import Grant, Seen
from rltune.types import Configuration, Phase, Scalar

REOPEN = "raise its budget (`rltune budget STUDY +12h`): then the search goes on"


def grant_enqueue(asked: Enqueue, seen: Seen) -> Grant:
    """Raises StudyError or SpaceError if the configuration can't be tried, was tried, or comes too late."""
    where = "request enqueue"
    if seen.closing:
        raise StudyError("the winner is chosen already: nothing more is tried", where=where, hint=REOPEN)
    facts = seen.study.facts
    space = written_space(facts)
    if space is None:  # a study that has never run: whoever runs it first looks at the values
        return Grant("taken down; it is looked at when the study runs")
    configuration = _filled(asked.configuration, space, facts)
    model, steps = _model(asked.model, facts, where), _rung(asked.steps, facts, where)
    run = next((r for r in seen.runs if (r.configuration, r.model, r.seed) == (configuration, model, seen.seed)), None)
    reason = f"enqueued by {seen.who}"
    count = len(seen.of(run.id)) if run is not None else 0
    errand = Errand(configuration, model, steps, seen.seed, Phase.SEARCH, reason, count)
    _refuse_doubles(errand, run, seen, where)
    answer = f"configuration {configuration.id} is next, on {model} to step {steps}"
    # It may be better than those that were chosen to be confirmed.
    return Grant(answer, configuration.id, {ASKED: _with(errand, seen)}, ("confirm",))


def grant_extension(asked: ExtendRun, seen: Seen) -> Grant:
    """Raises StudyError if the run can't be trained to there, or was."""
    where = "request extend_run"
    run = seen.run(asked.run)
    segments, steps = seen.of(run.id), _rung(asked.steps, seen.study.facts, where)
    newest = segments[-1] if segments else None
    if newest is None:
        raise StudyError(f"run {run.id} was never begun", where=where)
    errand = Errand(
        run.configuration, run.model, steps, run.seed, newest.phase, f"extended by {seen.who}", len(segments), True
    )
    _refuse_doubles(errand, run, seen, where)
    end = f"from step {run.last_step}" if run.last_step else "from the start, since it has no checkpoint any more,"
    answer = f"run {run.id} is trained on {end} to step {steps}"
    if newest.phase is Phase.SEARCH and seen.closing:
        answer += "; the winner stays what it is, unless the search is reopened by a larger budget"
    searched = newest.phase is Phase.SEARCH and not seen.closing
    return Grant(answer, run.id, {ASKED: _with(errand, seen)}, ("confirm",) if searched else ())


def _with(errand: Errand, seen: Seen) -> list[dict[str, object]]:
    return [e.to_json() for e in (*errands_of(seen.study.facts), errand)]


def _refuse_doubles(errand: Errand, run: RunRecord | None, seen: Seen, where: str) -> None:
    """Raises StudyError if that was done, is being done, or was asked for before."""
    evaluations = seen.evaluated(run.id) if run is not None else {}
    found = evaluations.get(errand.steps)
    if run is not None and found is not None and found.succeeded:
        raise StudyError(
            f"run {run.id} has been there: its score at step {errand.steps} is {found.score:.4g}", where=where
        )
    segments = seen.of(run.id) if run is not None else []
    if run is not None and segments and segments[-1].state is SegmentState.RUNNING:
        if segments[-1].to_step >= errand.steps:
            raise StudyError(f"run {run.id} is on its way to step {segments[-1].to_step}", where=where)
    elif run is not None and found is not None and not errand.extends:
        hint = f"`rltune extend STUDY {run.id}` trains it further all the same"
        raise StudyError(f"run {run.id} was on its way there: {found.stop.reason}", where=where, hint=hint)
    last = max((s.stop.step for s in segments if s.stop is not None), default=0)
    if run is not None and errand.steps <= last:
        raise StudyError(f"run {run.id} has been trained to step {last} already", where=where)
    for other in errands_of(seen.study.facts):
        same = (other.configuration, other.model, other.seed) == (errand.configuration, errand.model, errand.seed)
        if same and other.steps >= errand.steps and not other.is_done(segments, evaluations, False):
            raise StudyError(f"that is to be done already ({other.reason})", where=where)


def _rung(steps: int | None, facts: Mapping[str, object], where: str) -> int:
    """The step to train to: one that is validated."""
    rungs = facts.get("rungs")
    known = [int(rung) for rung in rungs] if isinstance(rungs, (list, tuple)) else []
    if steps is None and known:
        return known[-1]
    if known and steps is not None and steps > known[-1]:
        raise StudyError(
            f"a run of this study has {known[-1]} steps, not {steps}: its schedules are made for that length",
            where=where,
            hint="longer runs take a new study, with more `steps`",
        )
    if steps not in known:
        raise StudyError(
            f"scores are measured at steps {', '.join(map(str, known))}, not at {steps}",
            where=where,
            hint="name one of these",
        )
    assert steps is not None
    return steps


def _model(name: str | None, facts: Mapping[str, object], where: str) -> str:
    """The model to train: the one that is named, or the smallest of the study."""
    models = facts.get("models")
    known: Mapping[str, Mapping[str, object]] = models if isinstance(models, Mapping) else {}
    if name is None:
        return min(known, key=lambda model: _size(known[model]))
    if name not in known:
        raise StudyError(f"{name!r} is none of the study's models", where=where, hint=suggest(name, known))
    return name


def _size(model: Mapping[str, object]) -> float:
    """Number of parameters; of a model that can't be measured here, more than of any other."""
    parameters = model.get("parameters")
    return float(parameters) if isinstance(parameters, (int, float)) else float("inf")


def _filled(given: Mapping[str, Scalar], space: Space, facts: Mapping[str, object]) -> Configuration:
    """The configuration with the recipe's values where none are given.

    Raises:
        StudyError: for a hyperparameter that the study fixes. SpaceError: as `Space.configuration`.
    """
    fixed = facts.get("fixed")
    for name in given:
        if name not in space.parameters and isinstance(fixed, Mapping) and name in fixed:
            raise StudyError(
                f"{name} is fixed in this study, at {fixed[name]!r}",
                where="request enqueue",
                hint="only searched hyperparameters differ between runs",
            )
    recipe = facts.get("recipe")
    published = recipe.get("configuration") if isinstance(recipe, Mapping) else None
    nearest = space.clip(published, hold=tuple(given)).values if isinstance(published, Mapping) else {}
    values: dict[str, Scalar] = {}
    for name in space.order:
        parameter = space.parameters[name]
        if name in given:
            values[name] = given[name]
        elif is_present(parameter, values) and name in nearest:
            values[name] = nearest[name]
    unknown = {name: value for name, value in given.items() if name not in space.parameters}
    try:
        return space.configuration({**values, **unknown})
    except SpaceError as error:
        raise SpaceError(error.message, where=f"request enqueue, {error.where}", hint=error.hint) from None
