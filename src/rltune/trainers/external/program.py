"""Launching a program in a session of its own, and ending all of it.

The program gets no shell and no terminal: an argument list, an environment, a working folder, and a file for what it
prints. Whoever launches holds a `Running` in a `with`: at its end no process of the program is left, whatever happened.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType

from rltune.errors import TrainerError
from rltune.redaction import redacted, scrub
from rltune.trainers.external.script import export_lines, in_lines
from rltune.trainers.external.session import MARK, Process, processes_of, send_all, wait_until
from rltune.trainers.external.tail import last_lines

GRACE_SECONDS = 10.0
"""Between SIGTERM and SIGKILL. Ray's processes need about five seconds to go."""

_LEFTOVER_SECONDS = 3.0
_KILL_SECONDS = 10.0
_IGNORED_BY_WORKERS = (signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Program:
    """What is launched.

    Attributes:
        arguments: the program and its arguments; not for a shell. A program without a slash is looked for on PATH.
        folder: where it runs. output: file that its standard output and error are appended to.
        environment: variables on top of this process's own.
    """

    arguments: Sequence[str]
    folder: Path
    output: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.arguments or not self.arguments[0]:
            raise TrainerError("expected a program and its arguments, got none", where="command")
        if odd := next((a for a in self.arguments if "\0" in a), None):
            raise TrainerError(f"an argument holds a NUL character: {odd!r}", where="command")
        object.__setattr__(self, "arguments", tuple(self.arguments))
        object.__setattr__(self, "environment", MappingProxyType(dict(self.environment)))

    def __str__(self) -> str:
        """The command as a shell would take it: for people to read and repeat."""
        return shlex.join(self.arguments)

    def script(self) -> str:
        """What a shell would be told to do the same: folder, environment, and the command in lines.

        Raises:
            TrainerError: for a variable whose name a shell takes for something else.
        """
        command = " \\\n  ".join(in_lines(self.arguments))
        return f"cd {shlex.quote(str(self.folder))}\n{export_lines(self.environment)}{command}"

    def last_lines(self, count: int) -> list[str]:
        """The last lines of its output, without the values of secrets that it was started with."""
        known = {**os.environ, **self.environment}
        return [redacted(line, known) for line in last_lines(self.output, count)]


class Running:
    """A launched program. Made by its constructor, which launches; use it in a `with`.

    Attributes:
        program: what runs. pid: of its first process, the leader and id of its session.

    Raises:
        TrainerError: if the program or its folder isn't there, or can't be run.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._mark = uuid.uuid4().hex
        # Python programs show what they print at once: else a metrics line waits in a buffer for the next ones.
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **program.environment, MARK: self._mark}
        self._environment = environment
        executable = _find(program, environment)
        try:
            with program.output.open("ab") as output, _default_signals():
                self._process = subprocess.Popen(
                    program.arguments,
                    executable=executable,
                    cwd=program.folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            raise TrainerError(
                f"the program can't be started: {error}", where="command", hint=f"it was: {program}"
            ) from error
        self.pid = self._process.pid
        self._status: int | None = None

    def status(self) -> int | None:
        """None while its first process runs; then the exit status, or minus the number of the signal that ended it.

        It isn't waited for yet: as long as it is a zombie, nobody else can get its pid, and so its session's id.
        """
        if self._status is None and self._process.returncode is None:
            ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is not None:
                self._status = ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
        return self._status

    def ask_to_stop(self) -> None:
        """SIGTERM to its first process alone: its children are its own to end, or a checkpoint might fail halfway."""
        if self.status() is None:
            os.kill(self.pid, signal.SIGTERM)

    def wait(self, seconds: float) -> bool:
        """Waits at most `seconds` for the end of its first process; returns whether it has ended."""
        return wait_until(lambda: self.status() is not None, seconds)

    def end(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """Ends all of it: SIGTERM to the first process; when that has gone, or after the grace period, SIGTERM to what
        is left of its session; then SIGKILL. Values of secrets in its output are overwritten then. Idempotent.

        Raises:
            TrainerError: if a process outlasts SIGKILL (in uninterruptible sleep, as on a dead network disk).
        """
        if self._process.returncode is not None:
            return
        self.ask_to_stop()
        self.wait(grace_seconds)
        send_all(self._left(), signal.SIGTERM)
        if (
            not wait_until(lambda: not self._left(), min(_LEFTOVER_SECONDS, grace_seconds), pause=0.05)
            and not self._kill()
        ):
            raise TrainerError(
                f"processes of the program can't be killed: {[p.pid for p in self._left()]}",
                where=str(self.program),
                hint="they wait for a device or a network disk; look at them with ps",
            )
        self.status()
        self._process.wait()
        scrub(self.program.output, self._environment)

    def _kill(self) -> bool:
        def none_left() -> bool:
            left = self._left()
            send_all(left, signal.SIGKILL)
            return not left

        return wait_until(none_left, _KILL_SECONDS, pause=0.05)

    def _left(self) -> list[Process]:
        return processes_of(self.pid, self._mark)

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


def _find(program: Program, environment: Mapping[str, str]) -> str:
    """The file to run: as the program's own working folder and PATH have it."""
    name = program.arguments[0]
    if not program.folder.is_dir():
        raise TrainerError(f"there is no folder {program.folder}", where="folder", hint="the program would run in it")
    if "/" in name:
        found = program.folder / name
        usable = found.is_file() and os.access(found, os.X_OK)
        place = "" if usable else f"{found} is no executable file"
    else:
        found = shutil.which(name, path=environment.get("PATH"))
        usable, place = found is not None, f"there is no {name} on PATH"
    if not usable:
        raise TrainerError(f"the program {name!r} can't be found: {place}", where="command", hint="give its full path")
    return str(found)


@contextlib.contextmanager
def _default_signals() -> Iterator[None]:
    """While this holds, a new process starts with the default handling of signals that this one ignores: ignoring is
    inherited through exec, and a program that can't be interrupted can't clean up."""
    on_main = threading.current_thread() is threading.main_thread()
    ignored = [n for n in _IGNORED_BY_WORKERS if on_main and signal.getsignal(n) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
