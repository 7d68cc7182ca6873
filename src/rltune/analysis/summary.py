"""A study summed up: where it stands, and what that took the whole of its records to find out."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass

from rltune.analysis.added_up import totals_of, trials_of
from rltune.analysis.efficiency import Efficiency, measure_efficiency
from rltune.analysis.finalists import Finalist
from rltune.analysis.records import ReadableStore, Records
from rltune.analysis.standing import Standing, read_outline, standing
from rltune.analysis.transfer import Transfer, measure_transfer


@dataclass(frozen=True, slots=True)
class Summary(Standing):
    """What `rltune status --json` prints and the report's numbers."""

    efficiency: Efficiency
    transfer: Transfer

    def to_json(self) -> dict[str, object]:
        """A plain JSON object; `work` and `efficiency` are spread out at its top; absent values are null."""
        plain = {
            field.name: _plain(getattr(self, field.name))
            for field in dataclasses.fields(self)
            if field.name not in ("work", "efficiency", "winner", "recipe", "check")
        }
        work = dataclasses.asdict(self.work)
        total, by = work.pop("evaluations"), work.pop("evaluations_by")
        plain.update(work)
        plain["evaluations"] = {"total": total, "by_model_and_rung": _plain(by)}
        plain.update({k: _plain(v) for k, v in dataclasses.asdict(self.efficiency).items()})
        plain["winner"], plain["recipe"] = _finalist(self.winner), _finalist(self.recipe)
        return plain


def summarize(store: ReadableStore, alive: bool | None = None) -> Summary:
    """Reads a study's store and sums it up. `alive`: whether a controller holds the study; None if unknown.

    Raises:
        StoreError: if the store can't be read.
    """
    records, outline = read_outline(store)
    efficiency = measure_efficiency(records.study, outline.totals, store.metric_total("tokens"))
    return _summary(standing(records, outline.trials, outline.totals, alive), efficiency, _transfer(records, store))


def summarize_records(records: Records, alive: bool | None = None) -> Summary:
    """Sums up what was read."""
    trials, totals = trials_of(records), totals_of(records)
    efficiency = measure_efficiency(records.study, totals, records.tokens)
    return _summary(standing(records, trials, totals, alive), efficiency, measure_transfer(records))


def _transfer(records: Records, store: ReadableStore) -> Transfer:
    """From the records that it takes: most configurations of a large study never see the target."""
    if records.target is None or records.horizon is None:
        return measure_transfer(dataclasses.replace(records, evaluations=tuple(store.evaluations())))
    pairs = store.paired(records.target, records.horizon)
    return measure_transfer(
        dataclasses.replace(records, evaluations=pairs.evaluations), pairs.scored, store.evaluations
    )


def _summary(found: Standing, efficiency: Efficiency, transfer: Transfer) -> Summary:
    known = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
    return Summary(**known, efficiency=efficiency, transfer=transfer)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _finalist(finalist: Finalist | None) -> dict[str, object] | None:
    if finalist is None:
        return None
    return {
        "id": finalist.configuration.id,
        "configuration": dict(finalist.configuration.values),
        "label": finalist.label,
        "test_by_seed": _plain(finalist.test),
        "test_mean": finalist.mean,
        "test_sd": finalist.sd,
        "test_greedy_by_seed": _plain(finalist.greedy),
        "test_greedy_mean": finalist.greedy_mean,
        "validation_by_seed": _plain(finalist.validation),
        "test_by_group": _plain(finalist.groups),
        "other_tests": _plain(finalist.others),
        "failed_seeds": list(finalist.failed_seeds),
        "counted_seeds": list(finalist.counted or finalist.test),
        "steps": finalist.steps,
    }


def _plain(value: object) -> object:
    """JSON values only: dataclasses become objects, keys strings, NaN and infinities null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return _finite(value) if isinstance(value, float) else value
