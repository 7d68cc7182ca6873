"""What an Optuna storage holds of a study, read by Optuna alone, and compared with the store."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import create_engine, inspect, text

from rltune.analysis.records import ReadableStore
from rltune.types import StopKind

BROKEN = (StopKind.FAILED, StopKind.OUT_OF_MEMORY, StopKind.DIVERGED)


def storage_at(place: str) -> BaseStorage:
    return RDBStorage(place) if "://" in place else JournalStorage(JournalFileBackend(place))


def trials_in(place: str, name: str) -> list[FrozenTrial]:
    return optuna.load_study(study_name=name, storage=storage_at(place)).trials


def names_in(place: str) -> set[str]:
    return set(optuna.get_all_study_names(storage_at(place)))


def count_in(place: str) -> int:
    """About how many trials are there, without waiting for anybody; 0 before there is a storage."""
    if "://" not in place:
        return Path(place).read_bytes().count(b'"op_code":4') if Path(place).is_file() else 0
    engine = create_engine(place)
    try:
        if not inspect(engine).has_table("trials"):
            return 0
        with engine.connect() as connection:
            return connection.execute(text("SELECT count(*) FROM trials")).scalar_one()
    finally:
        engine.dispose()


def check(store: ReadableStore, place: str, name: str = "demo") -> None:
    """Each evaluation is one trial of the study and of its fidelity's, equal in all that it says; nothing else is."""
    found = store.evaluations()
    main = trials_in(place, name)
    assert [_told(t) for t in main] == [_expected(store, run_id, e) for run_id, e in found]
    study = store.study()
    for trial, (_, e) in zip(main, found, strict=True):
        full = (e.fidelity.model, e.fidelity.steps) == (study.target, study.horizon)
        assert trial.user_attrs["target_at_r_max"] is full
        assert trial.state is _state(e, whole=full)
        assert trial.value == (e.score if e.score is not None else trial.value)
        assert trial.datetime_start and trial.datetime_complete and trial.datetime_start <= trial.datetime_complete
    parts = {f"{name}: {e.fidelity.model} at step {e.fidelity.steps}" for _, e in found}
    assert {n for n in names_in(place) if n.startswith(f"{name}: ")} == parts
    for part in parts:
        mine = [(r, e) for r, e in found if part == f"{name}: {e.fidelity.model} at step {e.fidelity.steps}"]
        trials = trials_in(place, part)
        assert [_told(t) for t in trials] == [_expected(store, run_id, e) for run_id, e in mine]
        assert [t.state for t in trials] == [_state(e, whole=True) for _, e in mine]


def _state(evaluation, *, whole: bool) -> TrialState:
    if evaluation.score is None:
        return TrialState.FAIL if evaluation.stop.kind in BROKEN else TrialState.PRUNED
    return TrialState.COMPLETE if whole else TrialState.PRUNED


def _told(trial: FrozenTrial) -> dict[str, object]:
    names = ("config_id", "run", "model", "steps", "steps_trained", "seed", "phase", "stop_kind", "stop_reason")
    known = {name: trial.user_attrs[name] for name in names}
    rule = trial.user_attrs.get("stop_rule")
    seconds = pytest.approx(trial.user_attrs["seconds"])
    return {**known, "params": trial.params, "rule": rule, "seconds": seconds, "scores": trial.intermediate_values}


def _expected(store: ReadableStore, run_id: str, e) -> dict[str, object]:
    reached = {o.fidelity.steps: o.score for r, o in store.evaluations() if r == run_id and o.score is not None}
    return {
        "config_id": e.configuration.id,
        "run": run_id,
        "model": e.fidelity.model,
        "steps": e.fidelity.steps,
        "steps_trained": e.steps_trained,
        "seed": e.seed,
        "phase": e.phase.value,
        "stop_kind": e.stop.kind.value,
        "stop_reason": e.stop.reason,
        "params": dict(e.configuration.values),
        "rule": e.stop.rule,
        "seconds": e.cost.seconds,
        "scores": {steps: score for steps, score in reached.items() if steps <= e.fidelity.steps},
    }
