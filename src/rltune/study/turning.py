"""What a phase decides when it begins, and midway: written down as facts, lines of the ledger and news."""

from __future__ import annotations

from collections.abc import Callable

from rltune.store.base import StudyStore
from rltune.study.granting import BEGUN, begun_of
from rltune.study.observer import Observer
from rltune.study.phases import Noting, StudyPhase
from rltune.study.work import View


def begin_phase(
    phase: StudyPhase, view: View, store: StudyStore, observer: Observer, tell: Callable[[str, str], None]
) -> None:
    """Writes down what a phase decides as it begins."""
    facts = phase.begin(view)
    for name, value in facts.items():
        store.set_fact(name, value)
        if name == "plan":
            observer.planned(value)  # type: ignore[arg-type]
        elif name == "winner":
            store.add_decision("winner", str(value["id"]), str(value["reason"]), dict(value))  # type: ignore[index,call-overload]
    if facts.get("cut"):
        tell("warning", str(facts["cut"]))
    store.set_fact(BEGUN, sorted({*begun_of(store.study()), phase.name}))


def write_notes(phase: StudyPhase, view: View, store: StudyStore, tell: Callable[[str, str], None]) -> bool:
    """Writes down what a phase decides midway; whether there was anything: then there may be more."""
    notes = phase.notes(view) if isinstance(phase, Noting) else ()
    for note in notes:
        tell(note.level, note.text)
        store.add_decision(note.name, note.level, note.text, note.value)
        store.set_fact(note.name, note.value)
    return bool(notes)
