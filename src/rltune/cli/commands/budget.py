"""`rltune budget`: new totals, or more than now."""

from __future__ import annotations

from collections.abc import Callable

from rltune.cli.commands import ask
from rltune.config.units import parse_duration
from rltune.errors import StudyError
from rltune.study.looking import look_at


def main(study: str, time: str | None, gpu_hours: str | None, trials: str | None, wait: bool, as_json: bool) -> int:
    """Asks for new totals of the budget; gives the exit status."""
    look = look_at(study)
    known = look.store.study()
    look.store.close()
    values = {
        "time": _total("time", time, known.limit("time"), parse_duration),
        "gpu_hours": _total("gpu_hours", gpu_hours, known.limit("gpu_hours"), float),
        "trials": _total("trials", trials, known.limit("trials"), int),
    }
    return ask.main(study, "budget", values, wait, as_json)


def _total(name: str, given: str | None, now: float | None, read: Callable[[str], float]) -> float | None:
    """The new total: what is given, or so much more than now."""
    if given is None:
        return None
    more = given.startswith("+")
    try:
        value = read(given.removeprefix("+"))
    except ValueError as error:
        raise StudyError(f"{name}: {error}", where="rltune budget", hint="such as 60h, +12h, 500 or +100") from None
    if more and now is None:
        raise StudyError(
            f"the study's budget has no {name} to add to", where="rltune budget", hint="name the new total"
        )
    return type(value)(now + value) if more and now is not None else value
