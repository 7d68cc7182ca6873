"""Which of a source's names are hyperparameters, and what studies call them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rltune.errors import PriorError, did_you_mean
from rltune.importers.base import Table
from rltune.importers.names import ALIASES, DERIVED, KNOWN, PARTS, settled
from rltune.types import Scalar

MODELS = ("model", "model_name_or_path", "actor_rollout_ref.model.path", "pretrain", "_name_or_path", "model_name")
SEEDS = ("seed", "data.seed", "trainer.seed", "train_seed")


@dataclass(frozen=True, slots=True)
class Columns:
    """How names of the source become hyperparameters.

    Attributes:
        taken: name there -> name here, of those whose value is taken as it is.
        kept: names there that nobody knows, kept as they are: the source says that they are hyperparameters.
        passed: names that differ among the runs, and are passed over.
    """

    taken: Mapping[str, str]
    kept: tuple[str, ...]
    passed: tuple[str, ...]

    def configuration(self, values: Mapping[str, Scalar], where: str) -> dict[str, Scalar]:
        """The hyperparameters of one run.

        Raises:
            PriorError: if two of its names mean the same hyperparameter, with different values.
        """
        found: dict[str, Scalar] = {}
        said: dict[str, str] = {}
        for alias, name in self.taken.items():
            if alias not in values:
                continue
            value = settled(name, values[alias])
            if name in found and found[name] != value:
                raise PriorError(
                    f"{said[name]} ({found[name]}) and {alias} ({value}) both mean {name}",
                    where=where,
                    hint=f"say which: --map {alias}={name} or --map {said[name]}={name}",
                )
            found[name], said[name] = value, alias
        for derived in DERIVED:
            if derived.name not in found and all(name in values for name in derived.of):
                value = derived.value(*(values[name] for name in derived.of))
                if value is not None and derived.name not in self.taken.values():
                    found[derived.name] = value
        return found


def columns_of(table: Table, mapping: Mapping[str, str], used: Sequence[str]) -> Columns:
    """Args:
        mapping: name there -> name here, by the user. used: names with another use (steps, model, seed, metric).

    Raises:
        PriorError: if the mapping names nothing that is there.
    """
    there = Counter(name for result in table.results for name in result.values)
    for alias in mapping:
        if alias not in there:
            near = did_you_mean(alias, there)
            names = sorted(table.searched or there)
            raise PriorError(
                f"no run has a value {alias!r}",
                where="--map",
                hint=near or f"there are: {', '.join(names[:20])}{' and more' if len(names) > 20 else ''}",
            )
    decided = set(mapping.values())
    taken, kept, passed = dict(mapping), [], []
    for name in there:
        if name in mapping or (name in used and name not in (table.searched or ())):
            continue
        meaning = name if name in KNOWN else ALIASES.get(name)
        if table.searched is not None and name not in table.searched:
            continue
        if meaning is not None:
            if meaning not in decided:  # where the user says which name means it, no other does
                taken[name] = meaning
        elif table.searched is not None:
            taken[name] = name
            kept.append(name)
        elif name not in PARTS and _differs(table, name):
            passed.append(name)
    return Columns(taken, tuple(kept), tuple(passed))


def _differs(table: Table, name: str) -> bool:
    values = {result.values[name] for result in table.results if name in result.values}
    return len(values) > 1
