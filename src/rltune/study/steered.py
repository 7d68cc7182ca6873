"""Steering a study from Python: what the command line and the page do, as methods."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rltune.store.base import RequestRecord, StudyStore
from rltune.study.steering import Place, request
from rltune.types import Scalar


class Steered:
    """What can be asked of a study while some process runs it, this one (in another thread) or any other.

    Each method leaves a request in the store and returns it at once: WAITING for whoever runs the study, or for its
    next sitting; `requests` tells what became of it. See docs/steering.md.

    Every method raises StudyError or SpaceError if that can't be done, StoreError if the store can't be written.
    """

    store: StudyStore
    folder: Path
    location: str | Path
    name: str

    def _ask(self, kind: str, values: Mapping[str, object]) -> RequestRecord:
        return request(Place(self.location, self.name, self.folder), kind, values, "api")

    def pause(self) -> RequestRecord:
        """No new trials; those in flight save a checkpoint and go on later. The budget's clock stands still."""
        return self._ask("pause", {})

    def unpause(self) -> RequestRecord:
        """Goes on after a pause. A study that nobody runs goes on with `run`."""
        return self._ask("resume", {})

    def stop_run(self, run: str) -> RequestRecord:
        """Ends a run (`r0007`) for good, at its next step and with a checkpoint; that says nothing against its
        configuration."""
        return self._ask("stop_run", {"run": run})

    def enqueue(
        self, configuration: Mapping[str, Scalar], *, model: str | None = None, steps: int | None = None
    ) -> RequestRecord:
        """Tries a configuration next; what it leaves out is as in the recipe.

        Args:
            model: one of the study's; None: the smallest. steps: a rung; None: r_max.
        """
        return self._ask("enqueue", {"configuration": dict(configuration), "model": model, "steps": steps})

    def pin(self, run: str, step: int, pinned: bool = True) -> RequestRecord:
        """Keeps a checkpoint whatever happens, or lets go of it again; done at once."""
        return self._ask("pin", {"run": run, "step": step, "pinned": pinned})

    def change_budget(
        self, *, time: float | str | None = None, gpu_hours: float | None = None, trials: int | None = None
    ) -> RequestRecord:
        """New totals of the whole study; what isn't named stays. `time`: seconds, or as in a study file (`60h`)."""
        return self._ask("budget", {"time": time, "gpu_hours": gpu_hours, "trials": trials})

    def extend_run(self, run: str, steps: int | None = None) -> RequestRecord:
        """Trains a run further, to a rung; None: to r_max. No stopping rule ends it then, but numbers that aren't
        finite."""
        return self._ask("extend_run", {"run": run, "steps": steps})

    def requests(self) -> list[RequestRecord]:
        """All that was ever asked, with its answers."""
        return self.store.requests()
