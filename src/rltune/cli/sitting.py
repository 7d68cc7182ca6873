"""One sitting of a study in a terminal: watch it, stop it cleanly, and say at the end what came out."""

from __future__ import annotations

import shlex

from rltune.cli.closing import closing_lines
from rltune.cli.console import TextConsole
from rltune.cli.live import LiveView
from rltune.cli.plain import PlainLines
from rltune.cli.stopping import StopOnSignal
from rltune.errors import RltuneError
from rltune.store.base import StudyState
from rltune.study.api import Study

INTERRUPTED_STATUS = 130


def sit(study: Study, quiet: bool, *, wait: bool = False) -> int:
    """Runs the study until it ends or is stopped. Returns the exit status. `wait`: see `Study.run`."""
    console = TextConsole()
    title = study.store.study().name
    view = PlainLines(console, quiet) if quiet or not console.is_terminal else LiveView(console, title)
    named = shlex.quote(str(study.folder))
    try:
        with StopOnSignal(console) as stop, view:
            state = study.run(view, stop, wait=wait)
    except RltuneError as error:
        if study.store.study().state is StudyState.FAILED and "rltune resume" not in (error.hint or ""):
            console.print(f"the study is kept; once that is mended, go on with: rltune resume {named}", soft_wrap=True)
        raise
    summary = study.summary()
    report = study.report()
    if state is StudyState.INTERRUPTED:
        console.print(f"interrupted; nothing is lost. Go on with: rltune resume {named}")
        return INTERRUPTED_STATUS
    for line in closing_lines(summary):
        console.print(line, soft_wrap=True)
    console.print(f"report: {report}", soft_wrap=True)
    console.print(f"settings: rltune export {named}", soft_wrap=True)
    return 0
