"""How much memory each model's trials have to save: found by the timing runs, and by trials where these saw too little.

A model's *memory level* (`rltune.trainers.resources.SavesMemory`) is a fact of the study, so that a resumed study tries
nothing twice. It starts at 0, the settings as they are. A timing run that runs out of memory raises it. A trial that
runs out of memory is tried once more, alone, at the next level; only if it gets through there is that the level of its
model: a configuration that fits nowhere must not make all others slower.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rltune.store.base import StudyStore
from rltune.types import StopKind

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
        """At which level the model's jobs run."""
        return level_of(self.store.study().facts, model)

    def level_of_run(self, run_id: str, model: str, to_step: int) -> int:
        """At which level a run goes on to a step: one further if it ran out of memory on the way there."""
        segments = self.store.segments(run_id)
        short = any(s.to_step == to_step and s.stop and s.stop.kind is StopKind.OUT_OF_MEMORY for s in segments)
        return min(self.level(model) + short, max(len(self.levels.get(model, ())) - 1, 0))

    def lower(self, model: str, tried: int) -> bool:
        """After a job beside training ran out of memory at level `tried`: whether there is one that needs less, which
        the model has from now on."""
        if tried < self.level(model):
            return True  # another job found out meanwhile
        if not self.has_lower(model, tried):
            return False
        words = self.levels[model]
        self.tell("warning", f"{model} ran out of memory ({words[tried]}): it goes on with {words[tried + 1]}")
        self._keep(model, tried + 1)
        return True

    def has_lower(self, model: str, tried: int) -> bool:
        """Whether there is a level that needs less memory than `tried`."""
        return tried + 1 < len(self.levels.get(model, ()))

    def got_through(self, model: str, level: int) -> None:
        """After a job that ended at `level` for another reason than memory: that is the model's level if none has got
        through before, or if it is further than the model's own."""
        known = level_of(self.store.study().facts, model, -1)
        if level <= known:
            return
        self._keep(model, level)
        if known >= 0:
            self.tell("warning", f"the trials of {model} go on with {self.levels[model][level]}, to save memory")

    def _keep(self, model: str, level: int) -> None:
        known = self.store.study().facts.get(FACT)
        words = self.levels.get(model, ())
        entry = {"level": level, "settings": words[level] if level < len(words) else "as set"}
        self.store.set_fact(FACT, {**(known if isinstance(known, Mapping) else {}), model: entry})


def level_of(facts: Mapping[str, object], model: str, default: int = 0) -> int:
    """The memory level that a study has recorded for a model; `default` before."""
    known = facts.get(FACT)
    entry = known.get(model) if isinstance(known, Mapping) else None
    return int(entry["level"]) if isinstance(entry, Mapping) else default
