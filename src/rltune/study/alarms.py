"""What the loop should know of an ended trial beyond its result: a broken study, rules that can't judge."""

from __future__ import annotations

from collections.abc import Callable

from rltune.errors import StudyError
from rltune.executors.base import Outcome
from rltune.store.base import StudyStore
from rltune.types import FAILURES, SAYS_NOTHING, StopKind

BROKEN_AFTER = 5
"""So many crashed trials in a row: the study (or its machine) is broken, not the configurations."""

_PASSED_OVER = SAYS_NOTHING - {StopKind.OUT_OF_MEMORY}


class Alarms:
    """Watches the ends of trials.

    Args:
        tell: (level, text), to whoever looks at the study, and to its record. place: where the study lies.
    """

    def __init__(self, store: StudyStore, tell: Callable[[str, str], None], place: str) -> None:
        self.store = store
        self.tell = tell
        self.place = place

    def look_at(self, outcome: Outcome) -> None:
        """Looks at a trial that has been recorded.

        Raises:
            StudyError: if trials do nothing but crash, at first or after a while, before they burn the budget.
        """
        self._tell_abstentions(outcome)
        self._check_broken(outcome)

    def _tell_abstentions(self, outcome: Outcome) -> None:
        """Says once which rules can't judge this study's runs, and why."""
        told: dict[str, str] = dict(self.store.study().facts.get("abstained") or {})  # type: ignore[call-overload]
        for rule, reason in outcome.abstained.items():
            if rule not in told:
                told[rule] = reason
                self.store.set_fact("abstained", told)
                self.tell("warning", f"the stopping rule {rule} {reason}")

    def _check_broken(self, outcome: Outcome) -> None:
        if outcome.stop.kind not in FAILURES:
            return
        ends = sorted((s for s in self.store.segments() if s.ended is not None), key=lambda s: s.ended or 0.0)
        newest_of = {s.run_id: s.id for s in ends}
        kinds = [
            s.stop.kind
            for s in ends
            if s.stop is not None and s.stop.kind not in _PASSED_OVER
            # A run that had a second try with less memory counts once.
            if s.stop.kind is not StopKind.OUT_OF_MEMORY or newest_of[s.run_id] == s.id
        ]
        newest = kinds[-BROKEN_AFTER:]
        if len(newest) == BROKEN_AFTER and all(kind in FAILURES for kind in newest):
            short = all(kind is StopKind.OUT_OF_MEMORY for kind in newest)
            raise StudyError(
                f"the last {BROKEN_AFTER} trials all {'ran out of memory' if short else 'crashed'}, the newest one so: "
                f"{outcome.stop.reason}",
                where=self.place,
                hint="see the trials' log.txt below runs/, mend the cause, then `rltune resume`",
            )
