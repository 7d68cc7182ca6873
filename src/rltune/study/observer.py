"""Who wants to know what the loop does, while it does it: the command line, a test, a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from rltune.executors.base import Outcome
from rltune.store.base import RunRecord
from rltune.types import Proposal, StepMetrics


class Observer(Protocol):
    """Called from the loop's thread; must return fast and must not raise."""

    def phase(self, name: str, message: str) -> None:
        """A phase begins."""
        ...

    def planned(self, plan: Mapping[str, object]) -> None:
        """What the budget will buy, once steps have been timed (`Plan.to_json`)."""
        ...

    def trial_started(self, run: RunRecord, proposal: Proposal, from_step: int) -> None:
        """A trial goes off: of a run, from a step (0: the base model) to the end of the proposal."""
        ...

    def stepped(self, run: RunRecord, metrics: StepMetrics) -> None:
        """A run has made a step."""
        ...

    def trial_ended(self, run: RunRecord, proposal: Proposal, outcome: Outcome, score: float | None) -> None:
        """A trial has ended and is recorded; `score`: the run's newest validation score."""
        ...

    def message(self, level: str, text: str) -> None:
        """Something a person should know; `level` is info, warning or error."""
        ...

    def tick(self, phase: str, seconds: float, limit: float) -> None:
        """Called a few times a second with the wall clock spent and the whole budget."""
        ...


class Silent:
    """An observer that looks away."""

    def phase(self, name: str, message: str) -> None: ...

    def planned(self, plan: Mapping[str, object]) -> None: ...

    def trial_started(self, run: RunRecord, proposal: Proposal, from_step: int) -> None: ...

    def stepped(self, run: RunRecord, metrics: StepMetrics) -> None: ...

    def trial_ended(self, run: RunRecord, proposal: Proposal, outcome: Outcome, score: float | None) -> None: ...

    def message(self, level: str, text: str) -> None: ...

    def tick(self, phase: str, seconds: float, limit: float) -> None: ...
