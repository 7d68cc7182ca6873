"""Asks a study for something (`rltune pause`, `stop`, `enqueue`, `pin`, `budget`, `extend`), and tells the answer."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict

from rltune.cli.calling import USAGE_STATUS
from rltune.cli.console import TextConsole
from rltune.store.base import RequestRecord, RequestState
from rltune.study.steering import place_of, request, wait_for_answer

WAIT_SECONDS = 15.0
"""How long to wait for the answer of whoever runs the study: it looks a few times a second, but may be choosing."""


def main(study: str, kind: str, values: Mapping[str, object], wait: bool, as_json: bool) -> int:
    """Asks a study for something and tells the answer; gives the exit status."""
    record = request(study, kind, values, "cli")
    alive = place_of(study).alive()
    if wait and alive and record.state is RequestState.WAITING:
        record = wait_for_answer(study, record.id, WAIT_SECONDS)
        alive = place_of(study).alive()  # it may have ended meanwhile
    if as_json:
        print(json.dumps(asdict(record)))
    else:
        tell(record, study, alive, TextConsole(soft_wrap=True))
    return USAGE_STATUS if record.state is RequestState.REFUSED else 0


def tell(record: RequestRecord, study: str, alive: bool, console: TextConsole) -> None:
    """The same for people."""
    if record.state is not RequestState.WAITING:
        console.print(f"{record.state.value}: {record.answer}", markup=False)
        return
    when = (
        "whoever runs the study looks at it soon" if alive else "carried out when the study is resumed: rltune resume "
    )
    console.print(f"request {record.id} waits; {when}{'' if alive else shlex.quote(study)}", markup=False)
    console.print(f"what becomes of it: rltune requests {shlex.quote(study)}", markup=False)
