"""What the loop should know of an ended trial beyond its result: a broken study, rules that can't judge."""

from __future__ import annotations

from collections.abc import Callable

from rltune.errors import RltuneError, StudyError
from rltune.executors.base import Outcome
from rltune.redaction import redacted
from rltune.store.base import StudyStore
from rltune.store.records import FAILURE
from rltune.study.broken import Broken, ends_of, find_broken, find_constant
from rltune.types import FAILURES, StopKind


def note_failure(store: StudyStore, error: Exception) -> None:
    """Keeps why a study can't go on, for those who ask later."""
    reason = str(error) if isinstance(error, RltuneError) else f"{type(error).__name__}: {error}"
    store.set_fact(FAILURE, redacted(reason))


class Alarms:
    """Watches the ends of trials.

    Args:
        tell: (level, text), to whoever looks at the study, and to its record. place: where the study lies.
    """

    def __init__(self, store: StudyStore, tell: Callable[[str, str], None], place: str) -> None:
        self.store = store
        self.tell = tell
        self.place = place
        self._rewards_differ = False

    def look_at(self, outcome: Outcome) -> None:
        """Looks at a trial that has been recorded.

        Raises:
            StudyError: if the study is broken, before it burns the budget.
        """
        self._tell_abstentions(outcome)
        if outcome.stop.kind in (*FAILURES, StopKind.LOST):
            self._stop_if(find_broken(ends_of(self.store.segments(), self.store.runs())))
        elif not self._rewards_differ:
            self._check_rewards()

    def _tell_abstentions(self, outcome: Outcome) -> None:
        """Says once which rules can't judge this study's runs, and why."""
        told: dict[str, str] = dict(self.store.study().facts.get("abstained") or {})  # type: ignore[call-overload]
        for rule, reason in outcome.abstained.items():
            if rule not in told:
                told[rule] = reason
                self.store.set_fact("abstained", told)
                self.tell("warning", f"the stopping rule {rule} {reason}")

    def _check_rewards(self) -> None:
        """Looks at the rewards of all runs until two differ: of most studies within the first run."""
        curves = [(run, self.store.curve(run.id)) for run in self.store.runs()]
        rewards = {m.values["reward"] for _, curve in curves for m in curve if "reward" in m.values}
        self._rewards_differ = len(rewards) > 1
        self._stop_if(find_constant(curves))

    def _stop_if(self, broken: Broken | None) -> None:
        if broken is None:
            return
        self.store.add_decision("broken", "study", broken.reason, {"hint": broken.hint})
        raise StudyError(broken.reason, where=self.place, hint=broken.hint)
