"""An Optuna study, from a database or a journal file. A study of several objectives has one metric each."""

from __future__ import annotations

import math
from collections.abc import Mapping

import optuna
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from rltune.errors import PriorError, TrackerError, suggest
from rltune.importers.base import End, Result, Table
from rltune.importers.tables import flat
from rltune.optimizers.optuna_parts import quiet
from rltune.redaction import hide_passwords
from rltune.trackers.optuna_ import OWNER
from rltune.trackers.optuna_storage import is_url, open_storage

SQLITE = b"SQLite format 3\x00"
_ENDS = {TrialState.COMPLETE: End.FINISHED, TrialState.PRUNED: End.STOPPED, TrialState.FAIL: End.FAILED}


class OptunaReader:
    """Implements `rltune.importers.base.Reader`."""

    name = "optuna"

    def claims(self, source: str, head: bytes) -> bool:
        return is_url(source) or head.startswith(SQLITE) or b'"op_code":' in head.partition(b"\n")[0]

    def read(self, source: str, study: str | None) -> Table:
        place = source
        if not is_url(source):
            with open(source, "rb") as file:
                place = f"sqlite:///{source}" if file.read(len(SQLITE)) == SQLITE else source
        shown = hide_passwords(source)
        try:
            with quiet():
                storage = open_storage(place, must_exist=True)
                names = sorted(optuna.get_all_study_names(storage))
                found = optuna.load_study(study_name=_chosen(names, study, shown), storage=storage)
                trials = found.get_trials(deepcopy=False)
        except (PriorError, TrackerError) as error:
            raise PriorError(error.message, where=error.where or shown, hint=error.hint) from None
        except Exception as error:  # whatever a driver says of a file or a server that isn't Optuna's
            text = str(error).strip().partition("\n")[0] or type(error).__name__
            raise PriorError(f"Optuna can't read it: {hide_passwords(text)}", where=shown) from None
        return table_of(found, trials, shown)


def table_of(study: Study, trials: list[FrozenTrial], shown: str) -> Table:
    """The study's trials; metrics by their names, else `value`, or `value 0`, `value 1`, ... of several."""
    directions = study.directions
    names = study.metric_names or (
        ["value"] if len(directions) == 1 else [f"value {index}" for index in range(len(directions))]
    )
    mirror = OWNER in study.user_attrs
    searched = frozenset(name for trial in trials for name in trial.params)
    return Table(
        source=f"Optuna study {study.study_name} in {shown}",
        results=tuple(_result(trial, names, mirror) for trial in trials),
        metric=names[0] if len(names) == 1 else None,
        minimized=frozenset(n for n, d in zip(names, directions, strict=True) if d is StudyDirection.MINIMIZE),
        searched=searched,
    )


def _result(trial: FrozenTrial, names: list[str], mirror: bool) -> Result:
    values = trial.values
    numbers: Mapping[str, float] = {} if values is None else dict(zip(names, values, strict=True))
    end = _ENDS.get(trial.state, End.OPEN)
    if mirror and end is End.STOPPED and trial.user_attrs.get("stop_kind") == "reached":
        end = End.FINISHED  # pruned means there: of another model, or a lower rung
    elif mirror and end is End.STOPPED:
        numbers = {}  # what is noted is of an earlier step
    points = sorted((step, value) for step, value in trial.intermediate_values.items() if not math.isnan(value))
    return Result(
        where=f"trial {trial.number}",
        end=end,
        values={**flat(trial.user_attrs), **flat(trial.params)},
        numbers=numbers,
        points={names[0]: points} if points and len(names) == 1 else {},
    )


def _chosen(names: list[str], study: str | None, shown: str) -> str:
    if study is None and len(names) == 1:
        return names[0]
    if study in names:
        return str(study)
    if not names:
        raise PriorError("there is no Optuna study in it", where=shown, hint="check the path or the URL")
    said = "it has several Optuna studies" if study is None else f"it has no Optuna study {study!r}"
    raise PriorError(said, where=shown, hint=f"name one with --study-name; {suggest(study or '', names)}")
