"""One study under siege: run, struck by faults at random moments, resumed until it ends, and judged."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

from rltune.executors.processes import is_alive
from rltune.testing.faults.base import Fault, Moment, NothingToHit, Scene
from rltune.testing.faults.processes import workers
from soak_controller import Controller, run_to_the_end, start
from soak_verdict import Key, Snapshot, judge, orphans, take_snapshot

GAP_SECONDS = (0.2, 4.0)
HOLD_SECONDS = (0.3, 4.0)
"""How long a fault lasts that is undone."""
MOST_ENDS = 4
"""So many controllers in a row that end with an error, without a fault between them: the study can't go on."""
LONGEST_SECONDS = 1800.0


@dataclass
class Blow:
    """A fault that struck, and what became of it: went on, resumed, stopped with an error, refused."""

    fault: str
    what: str
    outcome: str = "went on"


@dataclass
class Siege:
    """What was seen of one study.

    Args:
        faults: those to choose from. most: how many strike at most. struck: counts so far, so that all get their turn.
        pace: how many times longer the pauses between faults are.
        log, clock: files that lie beside the study. cluster: see `soak_verdict.orphans`.
    """

    folder: Path
    file: Path
    log: Path
    clock: Path | None
    faults: Sequence[Fault]
    most: int
    struck: Counter[str]
    rng: Random
    cluster: str = ""
    pace: float = 1.0
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    blows: list[Blow] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    resumes: int = 0
    refused: bool = False
    _committed: dict[Key, float | None] = field(default_factory=dict)
    _controller: Controller = field(init=False)

    def run(self, undisturbed: Snapshot) -> None:
        """The whole siege, to the verdict."""
        try:
            self._besiege()
        finally:
            self._controller.kill()
        self._close(undisturbed)

    def _besiege(self) -> None:
        deadline, ends = time.monotonic() + LONGEST_SECONDS, 0
        self._start()
        while time.monotonic() < deadline:
            if not self._controller.wait(self.pace * self.rng.uniform(*GAP_SECONDS)):
                if len(self.blows) < self.most and self._strike():
                    ends = 0
                continue
            if self._controller.status == 0:
                return
            ends += 1
            self._note_end()
            if ends > MOST_ENDS:
                self.complaints.append(f"it can't go on: {self._controller.error() or self._controller.said()[-500:]}")
            if self.refused or ends > MOST_ENDS:
                return
            self._start()
        self.complaints.append(f"it didn't end within {LONGEST_SECONDS:g} s")

    def _close(self, undisturbed: Snapshot) -> None:
        if self.refused or any(c.startswith("it ") for c in self.complaints):
            self.complaints += orphans(self.folder, self.mark, self.cluster)
            return
        self.complaints += judge(self.folder, self.mark, self._committed, undisturbed, self.cluster)

    # --- controllers ---------------------------------------------------------------------------------------------
    def _start(self) -> None:
        made = take_snapshot(self.folder) is not None
        half_made = self.folder.exists() and not made and any(self.folder.iterdir())
        if made:
            self.resumes += bool(self.blows)
            arguments = ["resume", str(self.folder), "--quiet"]
        else:
            arguments = ["run", str(self.file), "--quiet", *(["--fresh"] if half_made else [])]
        self._controller = start(arguments, self.log, self.mark)

    def _note_end(self) -> None:
        controller = self._controller
        said, error = controller.said(), controller.error()
        outcome = "resumed"
        if controller.status is not None and controller.status > 0:
            outcome = "stopped with an error, then resumed"
            self.errors.append(error or said[-500:])
            if "Traceback" in said:
                self.complaints.append(f"a traceback: {said[said.rindex('Traceback') :][-1500:]}")
            if self.blows and self._refuses(error):
                self.refused, outcome = True, "refused with a clear error"
        if self.blows:
            self.blows[-1].outcome = outcome

    def _refuses(self, error: str) -> bool:
        """Whether a controller has seen that the store lost what can't be had again."""
        loses = {fault.name for fault in self.faults if fault.loses_tail}
        return any(blow.fault in loses for blow in self.blows) and "database is damaged" in error

    # --- faults --------------------------------------------------------------------------------------------------
    def _strike(self) -> bool:
        """Strikes with one of those that have struck least; whether it did."""
        order = sorted(self.faults, key=lambda fault: (self.struck[fault.name], self.rng.random()))
        for fault in order:
            if fault.moment is Moment.DOWN:
                return self._strike_down(fault)
            if not self._controller.ended() and self._inject(fault):
                return True
        return False

    def _strike_down(self, fault: Fault) -> bool:
        """Takes the controller down, waits or doesn't for the trials to follow, strikes, and resumes."""
        self._controller.kill()
        until = time.monotonic() + self.rng.choice((0.0, 10.0))
        while time.monotonic() < until and workers(self._scene()):
            time.sleep(0.1)
        struck = self._inject(fault)
        if struck and fault.loses_tail:
            now = take_snapshot(self.folder)
            self._forget({} if now is None else dict(now.evaluations))
        if struck:
            self.blows[-1].outcome = "resumed"
        self._start()
        return struck

    def _inject(self, fault: Fault) -> bool:
        self._note_commits()
        try:
            done = fault.inject(self._scene(), self.rng)
        except NothingToHit:
            return False
        self.struck[fault.name] += 1
        self.blows.append(Blow(fault.name, done.what))
        if done.complaint is not None:
            self.complaints.append(f"{fault.name}: {done.complaint}")
        try:
            self._controller.wait(self.rng.uniform(*HOLD_SECONDS))
        finally:
            done.undo()
        return True

    def _scene(self) -> Scene:
        controller = self._controller.identity
        beside = self.log.with_suffix(".second.log")
        return Scene(
            self.folder,
            controller if is_alive(controller) else None,
            self.clock,
            lambda arguments: run_to_the_end(arguments, beside, self.mark),
        )

    # --- what was committed --------------------------------------------------------------------------------------
    def _note_commits(self) -> None:
        with contextlib.suppress(OSError):
            if (now := take_snapshot(self.folder)) is not None:
                self._committed |= now.evaluations

    def _forget(self, left: dict[Key, float | None]) -> None:
        """The store may have lost its newest transactions. What is left of the others must be what it was."""
        changed = {k for k, score in left.items() if self._committed.get(k, score) not in (score, None)}
        self.complaints += [f"wrong after damage: {key}" for key in changed]
        self._committed = left

    def record(self) -> dict[str, object]:
        """What is kept of it."""
        return {
            "faults": [asdict(blow) for blow in self.blows],
            "complaints": [self._anywhere(text) for text in self.complaints],
            "errors": [self._anywhere(text) for text in self.errors],
            "resumes": self.resumes,
            "refused": self.refused,
        }

    def _anywhere(self, text: str) -> str:
        """Without the place where this machine keeps the study."""
        return text.replace(str(self.folder.parent), "...")
