"""The same news as plain lines, for logs, pipes and `--quiet`."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console

from rltune.cli.plan_words import plan_lines
from rltune.cli.words import clock_time, how_it_ended, short_configuration
from rltune.executors.base import Outcome
from rltune.store.base import RunRecord
from rltune.types import Proposal, StepMetrics, StopKind


class PlainLines:
    """An observer that prints one line for each thing that happened; `quiet` leaves only warnings and phases."""

    def __init__(self, console: Console, quiet: bool) -> None:
        self.console = console
        self.quiet = quiet
        self._seconds = 0.0

    def __enter__(self) -> PlainLines:
        return self

    def __exit__(self, *exception: object) -> None: ...

    def _print(self, text: str) -> None:
        self.console.print(f"[{clock_time(self._seconds)}] {text}", markup=False, highlight=False, soft_wrap=True)

    def phase(self, name: str, message: str) -> None:
        self._print(f"{name}: {message}")

    def planned(self, plan: Mapping[str, object]) -> None:
        if not self.quiet:
            for line in plan_lines(plan):
                self._print(line)

    def trial_started(self, run: RunRecord, proposal: Proposal, from_step: int) -> None:
        if not self.quiet:
            goes = f"continues from step {from_step} to" if from_step else "starts, to"
            what = short_configuration(run.configuration)
            self._print(f"run {run.number} on {run.model} {goes} step {proposal.fidelity.steps}: {what}")

    def stepped(self, run: RunRecord, metrics: StepMetrics) -> None: ...

    def trial_ended(self, run: RunRecord, proposal: Proposal, outcome: Outcome, score: float | None) -> None:
        if self.quiet:
            return
        if outcome.stop.kind is StopKind.REACHED:
            self._print(f"run {run.number} reached step {outcome.stop.step}: score {score or 0.0:.3f}")
        else:
            self._print(f"run {run.number} {how_it_ended(outcome.stop)}: {outcome.stop.reason}")

    def message(self, level: str, text: str) -> None:
        self._print(f"{level}: {text}")

    def tick(self, phase: str, seconds: float, limit: float) -> None:
        self._seconds = seconds
