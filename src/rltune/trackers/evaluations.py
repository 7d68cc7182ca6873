"""From a study's records to tracked evaluations: pure, so that a mirror made later is the same mirror."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rltune.analysis.records import ReadableStore
from rltune.analysis.written_space import written_space
from rltune.space.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter
from rltune.store.base import SegmentRecord, StudyRecord
from rltune.trackers.base import TrackedEvaluation
from rltune.types import Evaluation, Scalar


def tracked_evaluations(store: ReadableStore) -> list[TrackedEvaluation]:
    """Every evaluation of all phases, in the order of their commit.

    Raises:
        StoreError: if the store can't be read.
    """
    found = store.evaluations()
    # Read after them, so that each evaluation's own segment is among these.
    study = store.study()
    parameters = shown_parameters(study)
    segments: dict[str, list[SegmentRecord]] = {}
    for segment in store.segments():
        segments.setdefault(segment.run_id, []).append(segment)
    rungs: dict[str, dict[int, Evaluation]] = {}
    for run_id, evaluation in found:
        rungs.setdefault(run_id, {})[evaluation.fidelity.steps] = evaluation
    return [
        _tracked(study, run_id, evaluation, rungs[run_id], segments.get(run_id, ()), parameters)
        for run_id, evaluation in found
    ]


def about_study(study: StudyRecord) -> dict[str, object]:
    """What a study's evaluations have in common, as JSON values."""
    about: dict[str, object] = {"study": study.name, "target": study.target, "r_max": study.horizon}
    for name in ("task", "trainer", "optimizer"):
        section = study.config.get(name)
        if isinstance(section, Mapping) and isinstance(section.get("name"), str):
            about[name] = section["name"]
    for role in ("recipe", "winner"):
        if isinstance(known := study.fact(role).get("id"), str):
            about[role] = known
    for name in ("fixed", "constraints"):
        if held := study.facts.get(name):
            about[name] = held
    return {name: value for name, value in about.items() if value is not None}


def shown_parameters(study: StudyRecord) -> dict[str, Parameter]:
    """The parameters of a study's space, widened where the recipe lies outside of it: the recipe is evaluated too, and
    a library that compares trials wants one distribution for all of them."""
    space = written_space(study.facts)
    recipe = study.fact("recipe").get("configuration")
    values = recipe if isinstance(recipe, Mapping) else {}
    parameters = space.parameters if space else {}
    return {name: (name in values and holding(p, values[name])) or p for name, p in parameters.items()}


def holding(parameter: Parameter, value: Scalar) -> Parameter | None:
    """The parameter, or one that is just wide enough for a value outside of it; None for text that is
    no number."""
    try:
        parameter.check(value)
        return parameter
    except ValueError:
        pass
    if isinstance(parameter, CategoricalParameter):
        return parameter.model_copy(update={"choices": (*parameter.choices, value)})
    if isinstance(value, (bool, str)):
        return None
    low, high = min(parameter.low, value), max(parameter.high, value)
    log = parameter.log and low > 0
    if isinstance(parameter, IntParameter) and float(value).is_integer():
        return IntParameter(low=int(low), high=int(high), log=log)
    return FloatParameter(low=low, high=high, log=log)


def _tracked(
    study: StudyRecord,
    run_id: str,
    evaluation: Evaluation,
    rungs: Mapping[int, Evaluation],
    segments: Sequence[SegmentRecord],
    parameters: Mapping[str, Parameter],
) -> TrackedEvaluation:
    """`rungs`: all evaluations of the run, by step."""
    fidelity = evaluation.fidelity
    below = {steps: e for steps, e in sorted(rungs.items()) if steps < fidelity.steps}
    started, ended = _when(evaluation, rungs, segments)
    return TrackedEvaluation(
        key=f"{run_id}@{fidelity.steps}",
        run=run_id,
        configuration=evaluation.configuration,
        parameters=parameters,
        model=fidelity.model,
        steps=fidelity.steps,
        steps_trained=evaluation.steps_trained,
        seed=evaluation.seed,
        phase=evaluation.phase,
        score=evaluation.score,
        earlier={steps: e.score for steps, e in below.items() if e.score is not None},
        last_score=evaluation.last_score,
        full=fidelity.model == study.target and fidelity.steps == study.horizon,
        seconds=evaluation.cost.seconds,
        stop=evaluation.stop,
        started=started,
        ended=ended,
    )


def _when(
    evaluation: Evaluation, rungs: Mapping[int, Evaluation], segments: Sequence[SegmentRecord]
) -> tuple[float, float]:
    """When the evaluation's own part of its run began and ended.

    A segment may pass several rungs; its seconds are then divided as their costs are.
    """
    trained = max(evaluation.steps_trained, 1)
    owner = next((s for s in reversed(segments) if s.from_step < trained), None)
    if owner is None:
        return 0.0, 0.0
    end = owner.ended or owner.started
    inside = [
        e for e in rungs.values() if owner.from_step < max(e.steps_trained, 1) and e.fidelity.steps <= owner.to_step
    ]
    before = [e.cost.seconds for e in rungs.values() if e.cost.seconds < evaluation.cost.seconds]
    whole = max((e.cost.seconds for e in inside), default=evaluation.cost.seconds)
    own = evaluation.cost.seconds - max(before, default=0.0)
    ended = max(owner.started, end - (whole - evaluation.cost.seconds))
    return max(owner.started, ended - own), ended
