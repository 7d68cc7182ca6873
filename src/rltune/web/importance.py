"""Which hyperparameters matter: fitted in a process of its own, which then ends.

The model of the scores takes PyTorch, seconds to a minute, and hundreds of megabytes: a page that is open for two days
keeps none of them. The process is told which study by its standard input (its arguments can be read by others, and a
URL may hold a password), gives way to training, and is ended with the server.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rltune.store.records import StudyState
from rltune.web.live import Live

READY, COMPUTING, NONE = "ready", "computing", "none"
MOST_EVALUATIONS = 500
"""More are drawn from: what the model costs grows with their cube."""
_GROWTH = 1.15
"""A study that goes on is fitted again when it has so many times the evaluations."""
_LONGEST_SECONDS = 600

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known: `figures` of the newest fit, or `why` there are none."""

    state: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    why: str | None = None


class Importance:
    """The newest finding, and the process that makes the next one."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._finding = Finding(COMPUTING)
        self._of = -1  # evaluations that the newest fit, or the one that is being made, rests on
        self._process: subprocess.Popen[bytes] | None = None
        self._over = False

    def of(self, live: Live) -> Finding:
        """What is known now; starts a fit if there is much more to fit than last time."""
        count = live.board.evaluation_count
        if count == 0:
            return Finding(NONE, why="Nothing was evaluated yet.")
        with self._guard:
            ended = live.study().state is StudyState.FINISHED and count != self._of
            if self._process is None and not self._over and (self._of < 0 or count >= _GROWTH * self._of or ended):
                self._of = count
                self._begin(live)
            return self._finding

    def stop(self) -> None:
        """Ends the process, if there is one."""
        with self._guard:
            self._over = True
            if self._process is not None:
                self._process.kill()

    def _begin(self, live: Live) -> None:
        command = [sys.executable, "-m", "rltune.web.fitting"]
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            self._finding = Finding(NONE, why=f"It couldn't be computed: {error.strerror}.")
            return
        thread = threading.Thread(target=self._wait, args=(self._process, live), name="rltune importance", daemon=True)
        thread.start()

    def _wait(self, process: subprocess.Popen[bytes], live: Live) -> None:
        try:
            written, _ = process.communicate(_told(live), timeout=_LONGEST_SECONDS)
            finding = _read(written, process.returncode)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            finding = Finding(NONE, why="It took too long to compute.")
        with self._guard:
            self._process = None
            self._finding = finding
        live.bump("configurations")


def _told(live: Live) -> bytes:
    return json.dumps([str(live.place), MOST_EVALUATIONS]).encode()


def _read(written: bytes, status: int) -> Finding:
    try:
        found = json.loads(written)
    except ValueError:
        return Finding(NONE, why=f"It couldn't be computed: its process ended with status {status}.")
    why = found.get("why")
    return Finding(NONE, why=str(why)) if why else Finding(READY, found)
