"""`rltune list`: the studies of a folder or of a database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from rich.table import Table

from rltune.analysis.standing import CRASHED
from rltune.cli.console import TextConsole
from rltune.cli.words import clock_time
from rltune.config.source import read_identity
from rltune.errors import RltuneError
from rltune.store.base import StudyState
from rltune.store.lock import lock_holder
from rltune.store.open import FoundStudy, list_studies
from rltune.study.looking import STUDY_FILE, look_at


def main(place: str, as_json: bool) -> None:
    """Prints the studies of a place and who runs them."""
    found = list_studies(place)
    if "://" not in place:
        found += _in_databases(Path(place))
    if as_json:
        print(json.dumps([described(each, place) for each in found]))
    else:
        tell(found, place, TextConsole())


def _in_databases(folder: Path) -> list[FoundStudy]:
    """The studies in a folder, and in the folders in it, whose records are in a database."""
    found: list[FoundStudy] = []
    for file in sorted((*folder.glob(STUDY_FILE), *folder.glob(f"*/{STUDY_FILE}"))):
        try:
            store = read_identity(file).store
            if store is not None:
                with closing(look_at(file.parent).store) as records:
                    found.append(FoundStudy(store, records.study(), None))
        except RltuneError as problem:
            found.append(FoundStudy(str(file.parent), None, problem))
    return found


def described(found: FoundStudy, place: str) -> dict[str, object]:
    """One study of `place`, as JSON; `controller` is who runs it."""
    study = found.study
    location = place if "://" in place else found.location  # a URL as it was given: what is shown has no password
    if study is None:
        return {"location": found.location, "problem": str(found.problem)}
    holder = lock_holder(location, study.name) if study.state is StudyState.RUNNING else None
    return {
        "name": study.name,
        "state": CRASHED if study.state is StudyState.RUNNING and holder is None else study.state.value,
        "phase": study.phase,
        "seconds": study.seconds,
        "created": study.created,
        "failed_because": study.failure,
        "controller": str(holder) if holder else None,
        "location": found.location,
    }


def tell(found: Sequence[FoundStudy], place: str, console: TextConsole) -> None:
    """The same for people."""
    if not found:
        console.print(f"no studies in {place}")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("study", "state", "phase", "spent", "run by"):
        table.add_column(heading)
    reasons: list[str] = []
    for each in (described(each, place) for each in found):
        if "problem" in each:
            table.add_row(str(each["location"]), "unreadable", "", "", str(each["problem"]))
            continue
        spent = clock_time(float(str(each["seconds"])))
        table.add_row(str(each["name"]), str(each["state"]), str(each["phase"]), spent, str(each["controller"] or ""))
        if each["failed_because"]:
            reasons.append(f"{each['name']} failed: {each['failed_because']}")
    console.print(table)
    for reason in reasons:
        console.print(reason, style="red", soft_wrap=True)
