"""What a person sees while a study runs: the budget, the runs in flight, the best so far, what was stopped and why."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from rltune.cli.plan_words import plan_lines
from rltune.cli.words import clock_time, how_it_ended, short_configuration, sparkline
from rltune.executors.base import Outcome
from rltune.store.base import RunRecord
from rltune.types import Proposal, StepMetrics, StopKind

KEPT_LINES = 6


@dataclass(slots=True)
class InFlightRow:
    """One run as it is shown."""

    run: RunRecord
    goal: int
    step: int
    rewards: list[float] = field(default_factory=list)
    curve: str = "reward"
    kl: float | None = None


class LiveView:
    """An observer that redraws a small dashboard in the terminal. Use as a context manager."""

    def __init__(self, console: Console, title: str) -> None:
        self.console = console
        self.title = title
        self._phase = "starting"
        self._seconds = 0.0
        self._limit = 1.0
        self._rows: dict[str, InFlightRow] = {}
        self._best: dict[str, tuple[float, str]] = {}  # by model: scores of two models don't compare
        self._ended = 0
        self._stopped: deque[Text] = deque(maxlen=KEPT_LINES)
        self._live = Live(self, console=console, refresh_per_second=4, transient=True)

    def __enter__(self) -> LiveView:
        self._live.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._live.__exit__(None, None, None)

    # --- the observer ----------------------------------------------------------------------------
    def phase(self, name: str, message: str) -> None:
        self._phase = name
        self.console.print(Text.assemble((f"{name:<8}", "bold cyan"), message))

    def planned(self, plan: Mapping[str, object]) -> None:
        for line in plan_lines(plan):
            self.console.print(Text(line, style="dim"))

    def trial_started(self, run: RunRecord, proposal: Proposal, from_step: int) -> None:
        self._rows[run.id] = InFlightRow(run, proposal.fidelity.steps, from_step)

    def stepped(self, run: RunRecord, metrics: StepMetrics) -> None:
        row = self._rows.get(run.id)
        if row is not None:
            row.step = metrics.step
            row.curve = "reward" if "reward" in metrics.values or "loss" not in metrics.values else "loss"
            row.rewards.append(metrics.values.get(row.curve, float("nan")))
            row.kl = metrics.values.get("kl", row.kl)

    def trial_ended(self, run: RunRecord, proposal: Proposal, outcome: Outcome, score: float | None) -> None:
        self._rows.pop(run.id, None)
        self._ended += 1
        if score is not None and score > self._best.get(run.model, (-1.0, ""))[0]:
            where = f"step {proposal.fidelity.steps}, {short_configuration(run.configuration)}"
            self._best[run.model] = (score, where)
        if outcome.stop.kind is not StopKind.REACHED:
            head = f"run {run.number} {how_it_ended(outcome.stop)}: "
            line = Text.assemble((head, "yellow"), outcome.stop.reason, no_wrap=True, overflow="ellipsis")
            self._stopped.append(line)

    def message(self, level: str, text: str) -> None:
        style = {"warning": "yellow", "error": "red"}.get(level, "")
        self.console.print(Text(f"{level}: {text}", style=style))

    def tick(self, phase: str, seconds: float, limit: float) -> None:
        self._phase, self._seconds, self._limit = phase, seconds, limit

    # --- the picture -----------------------------------------------------------------------------
    def __rich__(self) -> RenderableType:
        spent = min(self._seconds / self._limit, 1.0)
        head = Table.grid(padding=(0, 1), expand=True)
        head.add_column(no_wrap=True)
        head.add_column(ratio=1)
        head.add_column(no_wrap=True)
        budget = f"{clock_time(self._seconds)} of {clock_time(self._limit)}"
        head.add_row(Text(self._phase, style="bold cyan"), ProgressBar(total=1.0, completed=spent), budget)
        parts: list[RenderableType] = [head]
        for model, (score, where) in self._best.items():
            parts.append(Text.assemble(("best  ", "bold green"), f"{model} {score:.3f}  ", (where, "dim")))
        if self._rows:
            parts.append(self._flying())
        parts.extend(self._stopped)
        title = f"{self.title} · {self._ended} trials ended"
        return Panel(Group(*parts), title=Text(title), title_align="left", border_style="cyan")

    def _flying(self) -> Table:
        table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", expand=True)
        curve = "/".join(sorted({row.curve for row in self._rows.values()}, reverse=True))
        for name, width in (("run", 3), ("model", 11), ("step", 7), (curve, 6), ("", 10), ("kl", 6)):
            table.add_column(name, no_wrap=True, min_width=width)
        table.add_column("configuration", no_wrap=True, overflow="ellipsis", ratio=1)
        for row in list(self._rows.values()):
            table.add_row(
                str(row.run.number),
                row.run.model,
                f"{row.step}/{row.goal}",
                f"{row.rewards[-1]:.3f}" if row.rewards else "",
                sparkline(row.rewards, 10),
                f"{row.kl:.4f}" if row.kl is not None else "",
                short_configuration(row.run.configuration),
            )
        return table
