"""How much memory each model's trials have to save: found by the timing runs, and by trials where these saw too little.

A model's *memory level* (`rltune.trainers.resources.SavesMemory`) is a fact of the study. It starts at 0, the settings
as they are, and rises by one whenever a job at that level runs out of memory, so that a resumed study tries nothing
twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rltune.store.base import StudyStore

FACT = "memory"


class Fitting:
    """One study's memory levels.

    Args:
        levels: by model, all levels in words; a model that isn't named has one.
        tell: (level of the message, text), to whoever looks at the study, and to its record.
    """

    def __init__(
        self, store: StudyStore, levels: Mapping[str, Sequence[str]], tell: Callable[[str, str], None]
    ) -> None:
        self.store = store
        self.levels = levels
        self.tell = tell

    def level(self, model: str) -> int:
        """At which level the model's next job has to run."""
        return level_of(self.store.study().facts, model)

    def lower(self, model: str, tried: int) -> bool:
        """Told after a job at level `tried` ran out of memory; whether there is a level that needs less."""
        current = self.level(model)
        if tried < current:
            return True  # another job found out meanwhile
        words = self.levels.get(model, ())
        if current + 1 >= len(words):
            return False
        self._keep(model, current + 1)
        self.tell(
            "warning", f"{model} ran out of memory ({words[current]}): its trials go on with {words[current + 1]}"
        )
        return True

    def settle(self, model: str) -> None:
        """Told when the model's timing run was through: its level is known from now on, also if it is the first."""
        self._keep(model, self.level(model))

    def last(self, model: str) -> bool:
        """Whether nothing more can be saved."""
        return self.level(model) + 1 >= len(self.levels.get(model, ()))

    def _keep(self, model: str, level: int) -> None:
        known = self.store.study().facts.get(FACT)
        words = self.levels.get(model, ())
        entry = {"level": level, "settings": words[level] if level < len(words) else "as set"}
        self.store.set_fact(FACT, {**(known if isinstance(known, Mapping) else {}), model: entry})


def level_of(facts: Mapping[str, object], model: str) -> int:
    """The memory level that a study has recorded for a model; 0 before."""
    known = facts.get(FACT)
    entry = known.get(model) if isinstance(known, Mapping) else None
    return int(entry["level"]) if isinstance(entry, Mapping) else 0
