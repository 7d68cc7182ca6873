"""math-verify in a process of its own, with limits that hold.

math-verify parses with ANTLR and compares with SymPy, and a model can write what takes them forever or all memory
(`9^{9^{9^9}}`). Its own limit is an alarm, which only the main thread can set and which doesn't end a long operation
on integers. Here the kernel ends the process; the answer is then wrong and the next one gets a new process.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from rltune.errors import TaskError

_SCRIPT = str(Path(__file__).with_name("grader_process.py"))


class Grader:
    """Compares answers, one at a time; may be shared by threads. The process starts with the first comparison.

    The process ends when this one does, however that happens: its input is closed then.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def equal(self, reference: str, text: str, *, is_answer: bool) -> bool:
        r"""Whether `text` is the reference: the answer itself if `is_answer`, else a text that ends on it.

        False for what takes longer than the limits. Raises TaskError if math-verify can't be started.
        """
        request = json.dumps({"reference": reference, "text": text, "is_answer": is_answer})
        with self._lock:
            for _ in range(2):
                reply = self._ask(request)
                if reply:
                    return reply == "right"
                ended = self._end()
                if ended == -signal.SIGXCPU:
                    return False
                # Killed from outside (memory), or crashed on this answer: the second time it is the answer's fault.
        return False

    def _ask(self, request: str) -> str:
        process = self._process = self._process or _start()
        assert process.stdin is not None and process.stdout is not None  # both are pipes
        try:
            process.stdin.write(request + "\n")
            process.stdin.flush()
            return process.stdout.readline().strip()
        except OSError:  # it has ended
            return ""
        except BaseException:  # interrupted: its reply would be taken for the next request's
            process.kill()
            self._end()
            raise

    def _end(self) -> int:
        """Clears away the process, which has closed its output; its exit status, negative for a signal."""
        process, self._process = self._process, None
        assert process is not None
        with contextlib.suppress(OSError), process:  # closes the pipes, and waits
            pass
        return process.wait()


def _start() -> subprocess.Popen[str]:
    # -P: the folder of the script must not come first in the path, its modules would hide others of their names.
    process = subprocess.Popen(
        [sys.executable, "-P", _SCRIPT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="surrogatepass",
    )
    assert process.stdout is not None and process.stderr is not None
    if process.stdout.readline().strip() != "ready":
        said = process.stderr.read().strip().split("\n")[-1]
        process.kill()
        process.wait()
        raise TaskError(
            f"math-verify can't be started: {said or 'it ended at once'}",
            where="task reward",
            hint="pip install 'math-verify[antlr4_13_2]', or use the reward 'exact'",
        )
    return process


_shared = Grader()


def grader() -> Grader:
    """This process's grader."""
    return _shared


def _renew() -> None:
    # A forked child must not talk over its parent's pipes.
    global _shared
    _shared = Grader()


os.register_at_fork(after_in_child=_renew)
