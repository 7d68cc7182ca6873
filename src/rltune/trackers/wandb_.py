"""Weights & Biases: one run a run, with an id of rltune's own, in the group of the study.

Online, a run that grows is resumed by its id and gets the steps that the server lacks. Offline, files can't be
resumed: each run is written as one file, and anew whenever a segment has ended; `wandb sync` then replaces what it
sent before. What was written last is remembered beside the files, so that nothing that stands is written again.
"""

# pyright: reportMissingImports=false
# The package is an extra.

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import wandb

from rltune.trackers.base import Point, Status, TrackedRun, TrackedStudy
from rltune.trackers.build import wandb_mode
from rltune.trackers.options import WandbOptions

MARKER = "rltune.digest"
_LONGEST_TAG = 64
_LONGEST_GROUP = 128
_EXIT_CODES = {Status.FINISHED: 0, Status.FAILED: 1, Status.KILLED: 255, Status.RUNNING: 255}
"""W&B takes 255 for killed."""

_SETTINGS: Mapping[str, Any] = {
    "silent": True,
    "console": "off",
    "save_code": False,
    # What this process is and uses says nothing about the trial, which ran in another one.
    "disable_git": True,
    "disable_code": True,
    "x_disable_meta": True,
    "x_disable_stats": True,
    "x_disable_machine_info": True,
    "x_save_requirements": False,
}


class WandbTracker:
    """Implements `rltune.trackers.base.Tracker`."""

    name = "wandb"

    def __init__(self, options: WandbOptions, folder: Path) -> None:
        self._options = options
        self._folder = Path(options.folder).expanduser() if options.folder else folder
        self._offline = wandb_mode(options) == "offline"
        self._open: dict[str, wandb.Run] = {}
        self._sent: dict[str, int] = {}

    @property
    def place(self) -> str:
        if self._offline:
            return f"wandb sync {self._files / 'offline-run-*'}"
        return f"the project {self._options.project} of W&B"

    def open(self, study: TrackedStudy) -> Mapping[str, str]:
        self._study = study
        self._files.mkdir(parents=True, exist_ok=True)
        return self._offline_digests() if self._offline else self._online_digests()

    def write(self, run: TrackedRun, curve: Sequence[Point]) -> None:
        if self._offline:
            if run.status is not Status.RUNNING:
                self._write_file(run, curve)
            return
        there = self._open.get(run.key) or self._begin(run)
        self._log(there, run.key, curve)
        if run.status is not Status.RUNNING:
            self._finish(there, run)
            with self._ledger.open("a", encoding="utf-8") as ledger:
                ledger.write(json.dumps([run.key, run.digest]) + "\n")

    def close(self) -> None:
        for there in self._open.values():
            there.finish(exit_code=_EXIT_CODES[Status.RUNNING])
        self._open.clear()
        wandb.teardown()

    # --- offline -------------------------------------------------------------------------------------------------
    @property
    def _files(self) -> Path:
        return self._folder / "wandb"

    def _offline_digests(self) -> dict[str, str]:
        found = {}
        for marker in self._files.glob(f"offline-run-*/{MARKER}"):
            key, _, digest = marker.read_text(encoding="utf-8").strip().partition(" ")
            found[key] = digest
        return found

    def _write_file(self, run: TrackedRun, curve: Sequence[Point]) -> None:
        for older in self._files.glob(f"offline-run-*-{run.key}"):
            shutil.rmtree(older)
        there = self._begin(run)
        self._log(there, run.key, curve)
        made = Path(there.dir).parent
        self._finish(there, run)
        (made / MARKER).write_text(f"{run.key} {run.digest}\n", encoding="utf-8")

    # --- online --------------------------------------------------------------------------------------------------
    @property
    def _ledger(self) -> Path:
        """What was sent to this destination, one line a run that was finished there."""
        base = os.environ.get("WANDB_BASE_URL", "")
        place = f"{base} {self._options.entity} {self._options.project}"
        return self._files / f"rltune-{hashlib.sha256(place.encode()).hexdigest()[:8]}.jsonl"

    def _online_digests(self) -> dict[str, str]:
        with contextlib.suppress(FileNotFoundError):
            lines = self._ledger.read_text(encoding="utf-8").splitlines(keepends=True)
            # The last line may have been cut by a kill.
            return dict(json.loads(line) for line in lines if line.endswith("\n"))
        return {}

    # --- both ----------------------------------------------------------------------------------------------------
    def _begin(self, run: TrackedRun) -> wandb.Run:
        known = {name: value for name, value in _SETTINGS.items() if name in wandb.Settings.model_fields}
        there = wandb.init(
            project=self._options.project,
            entity=self._options.entity,
            id=run.key,
            name=run.name,
            group=self._study.name[:_LONGEST_GROUP],
            job_type=run.kind,
            tags=[tag[:_LONGEST_TAG] for tag in dict.fromkeys((*run.tags, *self._options.tags))],
            config=dict(run.config),
            dir=str(self._folder),
            mode="offline" if self._offline else "online",
            resume=None if self._offline else "allow",
            reinit="create_new",  # several runs of a study are in training at once
            settings=wandb.Settings(**known),
        )
        self._open[run.key] = there
        # The first step that the server doesn't have.
        self._sent[run.key] = there.step - 1 if there.resumed else 0
        return there

    def _log(self, there: wandb.Run, key: str, curve: Sequence[Point]) -> None:
        for point in curve:
            if point.step > self._sent[key]:
                there.log({**point.values, "_timestamp": point.time}, step=point.step)
                self._sent[key] = point.step

    def _finish(self, there: wandb.Run, run: TrackedRun) -> None:
        there.tags = tuple(tag[:_LONGEST_TAG] for tag in dict.fromkeys((*run.tags, *self._options.tags)))
        there.summary.update({**run.facts, **run.numbers})
        there.finish(exit_code=_EXIT_CODES[run.status])
        del self._open[run.key]
