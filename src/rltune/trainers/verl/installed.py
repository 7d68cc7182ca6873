"""The installed verl, asked through its own interpreter: one helper process answers all questions."""

from __future__ import annotations

import atexit
import json
import os
import selectors
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Self

from rltune.errors import TrainerError
from rltune.trainers.verl.dialect import Dialect
from rltune.trainers.verl.override import Override
from rltune.trainers.verl.schema import Schema

_PROGRAM = Path(__file__).with_name("inspector.py")
_SECONDS = 300.0
"""Longest wait for an answer: verl's first import takes many seconds on a busy machine."""

_TAIL = 600


class Installed:
    """verl as `python` finds it.

    Args:
        python: the interpreter that has verl. environment: added to this process's own for it.
        config: name of the config, and its folder; None: verl's own.
        folder: where the interpreter runs; None: here.
    """

    def __init__(
        self,
        python: str,
        environment: Mapping[str, str],
        config: str = "ppo_trainer",
        config_folder: str | None = None,
        folder: str | None = None,
    ) -> None:
        self._python = python
        self._arguments = [python, str(_PROGRAM), config, config_folder or ""]
        self._environment = {**os.environ, **environment}
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._noise = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def schema(self) -> Schema:
        """Its keys and types.

        Raises:
            TrainerError: if the interpreter can't be run, or has no verl.
        """
        answer = self._ask({"ask": "schema"})
        if "error" in answer:
            raise self._broken(str(answer["error"]))
        return Schema.read(answer)

    @cached_property
    def dialect(self) -> Dialect:
        return Dialect(self.schema.version)

    def compose(self, overrides: Sequence[Override], keys: Sequence[str] = ()) -> Mapping[str, object]:
        """Composes the config; returns the values that `keys` have in it.

        Raises:
            TrainerError: if an override is unknown or ill-typed (see `Schema.check`), or Hydra refuses them.
        """
        for override in overrides:
            self.schema.check(override)
        answer = self._ask({"ask": "compose", "overrides": [o.text for o in overrides], "keys": list(keys)})
        values = self._judged(answer)["values"]
        assert isinstance(values, Mapping)
        return values

    def validate(self, overrides: Sequence[Override]) -> str | None:
        """Runs verl's own validation, for what only it knows: batches that can't be divided among GPUs, missing
        micro-batches. Returns why it couldn't judge, or None if it did.

        Raises:
            TrainerError: if it refuses the config.
        """
        answer = self._judged(self._ask({"ask": "validate", "overrides": [o.text for o in overrides]}))
        return None if answer["validated"] is True else str(answer["validated"])

    def close(self) -> None:
        """Ends the helper process. Idempotent."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _judged(self, answer: Mapping[str, object]) -> Mapping[str, object]:
        if "error" in answer:
            text = " ".join(str(answer["error"]).split())
            raise TrainerError(f"verl {self.schema.version} refuses the config: {text}", where="trainer verl")
        return answer

    def _ask(self, request: Mapping[str, object]) -> Mapping[str, object]:
        process = self._process = self._process or self._start()
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            with selectors.DefaultSelector() as waiting:
                waiting.register(process.stdout, selectors.EVENT_READ)
                line = process.stdout.readline() if waiting.select(_SECONDS) else b""
            return json.loads(line)
        except (OSError, ValueError):
            status = _status(process)
            self.close()
            raise self._broken(self._last_words(status)) from None

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                self._arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._noise,
                env=self._environment,
                cwd=self._folder,
            )
        except OSError as error:
            raise self._broken(str(error)) from error

    def _last_words(self, status: int | None) -> str:
        """What it printed last; else how it ended, if it did (`status`)."""
        end = self._noise.seek(0, os.SEEK_END)
        self._noise.seek(max(0, end - _TAIL))
        lines = self._noise.read().decode(errors="replace").strip().splitlines()
        if lines:
            return lines[-1]
        if status is None:
            return f"no answer within {_SECONDS:g} s"
        return f"it was ended by {signal.Signals(-status).name}" if status < 0 else f"it ended with status {status}"

    def _broken(self, why: str) -> TrainerError:
        return TrainerError(
            f"expected an interpreter with verl and hydra-core, got {self._python}: {why}",
            where="trainer.settings.python",
            hint="name the python of the environment that verl is installed in",
        )


def _status(process: subprocess.Popen[bytes]) -> int | None:
    """How it ended; None if it runs."""
    try:
        return process.wait(1.0)  # its pipe is closed a moment before it is gone
    except subprocess.TimeoutExpired:
        return None


@lru_cache(maxsize=4)
def installed_verl(
    python: str, environment: tuple[tuple[str, str], ...], config: str, config_folder: str | None, folder: str | None
) -> Installed:
    """The same one for the same arguments; its process ends with this one."""
    installed = Installed(python, dict(environment), config, config_folder, folder)
    atexit.register(installed.close)
    return installed
