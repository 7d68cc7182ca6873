"""A trainer that trains nothing, in microseconds, and fails in every way that a real one can: for fault tests.

Its state is a number that each step changes in a fixed way (like a training that resumes exactly), its reward rises
with the steps. Its settings are in the job's hyperparameters; none is meant for users:

    step_time   seconds a step takes (default 0)
    load_time   seconds before the first step (default 0)
    score_time  seconds a batch of a scoring or validation takes; each prompt is a batch (default 0)
    fault       name of a fault in FAULTS, or "none"; fault_step: the step at which it strikes (default 2);
                in a scoring it strikes after the last batch
    fault_while path of a file: the fault strikes only while it exists (an outage)
    fits_at     memory level below which it runs out of memory, for real, at the step `fault_step` (default 0)
    levels      how many memory levels there are (default 4)
    save_bytes  of a checkpoint, besides the state: such as an optimizer's, which no scoring needs (default 0)
    misled_on   last part of a model's name, on which the best learning rate is 10,000 times as large
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import math
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from rltune.errors import CheckpointError, TrainerError
from rltune.trainers.base import CANONICAL_HYPERPARAMETERS, Reporter, Role, ScoreJob, Scores, Scoring, TrainJob, unheard
from rltune.types import Scalar, StepMetrics, StopKind, StopReason

STATE_FILE = "state.json"
OPTIMIZER_FILE = "optimizer.bin"
PART_BYTES = 16_384
KNOWN = (
    *("step_time", "load_time", "score_time", "fault", "fault_step", "fault_while", "fault_on", "misled_on"),
    *("fits_at", "levels", "save_bytes"),
)
CHILD_SECONDS = "600"
NO_FAULT = "none"
MEMORY_LEFT = 64 << 20
BEST_LEARNING_RATE = 1e-4
MISLED_FACTOR = 1e4


class ToyTrainer:
    """Implements `rltune.trainers.base.Trainer`; `build_trainer("rltune.testing.toy_trainer:ToyTrainer")`."""

    name = "toy"

    def preload(self) -> None:
        """Needs nothing."""

    def check(self, hyperparameters: Mapping[str, Scalar]) -> None:
        for name in hyperparameters:
            if name not in KNOWN and name not in CANONICAL_HYPERPARAMETERS:
                raise TrainerError(f"unknown setting {name!r}; known are {', '.join(KNOWN)}", where="toy")

    def memory_levels(self, hyperparameters: Mapping[str, Scalar], role: Role) -> tuple[str, ...]:
        return tuple(f"level {level}" for level in range(int(hyperparameters.get("levels", 4))))

    def train(self, job: TrainJob, reporter: Reporter) -> StopReason:
        settings = job.hyperparameters
        state = self._load(job)
        time.sleep(float(settings.get("load_time", 0.0)))
        reporter.training_starts()
        for step in range(job.start_step + 1, job.stop_step + 1):
            began = time.monotonic()
            time.sleep(float(settings.get("step_time", 0.0)))
            if _strikes(settings) and step == int(settings.get("fault_step", 2)):
                FAULTS[str(settings["fault"])]()
            if step == int(settings.get("fault_step", 2)) and job.memory_level < int(settings.get("fits_at", 0)):
                _allocate_too_much()
            state = next_state(state, step, settings.get("learning_rate", 0.0))
            values = self._metrics(state, step, time.monotonic() - began, job)
            if settings.get("fault") == "nan" and step == int(settings.get("fault_step", 2)):
                values["kl"] = float("nan")
            if step in job.validate_at:
                values |= _validate(step, job, reporter)
            stop = reporter.step(StepMetrics(step, values))
            if stop is not None or step == job.stop_step or step in job.checkpoint_at:
                reporter.checkpoint(step, lambda folder, s=state: _save(folder, s, job))
            if stop is not None:
                return stop
        return StopReason(StopKind.REACHED, job.stop_step, f"step {job.stop_step} was reached")

    def score(self, job: ScoreJob, alive: Callable[[], None] = unheard) -> Scores:
        _answer(job.scoring, job.hyperparameters, alive)
        if _strikes(job.hyperparameters, job.other):
            FAULTS[str(job.hyperparameters["fault"])]()
        state = _read(Path(job.checkpoint)) if job.checkpoint else "0"
        mean = int(state[:4], 16) / 0xFFFF
        return {"mean": mean / 2 if job.other else mean, "greedy": 0.5, "mean_stderr": 0.01}

    def training_only(self, checkpoint: Path) -> frozenset[Path]:
        return frozenset({Path(OPTIMIZER_FILE)} if (checkpoint / OPTIMIZER_FILE).is_file() else ())

    def _load(self, job: TrainJob) -> str:
        return _read(Path(job.resume_from)) if job.resume_from else f"{job.seed:x}"

    def _metrics(self, state: str, step: int, seconds: float, job: TrainJob) -> dict[str, float]:
        return {
            "reward": level(job, step),
            "kl": int(state[:4], 16) / 0xFFFF,
            "step_seconds": seconds,
        }


def _validate(step: int, job: TrainJob, reporter: Reporter) -> dict[str, float]:
    score = level(job, step)
    seconds = _answer(job.validation, job.hyperparameters, reporter.alive)
    return {"score/mean": score, "validate_seconds": 0.001 + seconds}


def _answer(scoring: Scoring, settings: Mapping[str, Scalar], alive: Callable[[], None]) -> float:
    """Takes the time of a scoring, one batch a prompt; gives its seconds."""
    pause = float(settings.get("score_time", 0.0))
    for _ in range(scoring.prompts):
        time.sleep(pause)
        alive()
    return pause * scoring.prompts


def level(job: TrainJob, step: int) -> float:
    """Reward and score after a step."""
    rate = float(job.hyperparameters.get("learning_rate", BEST_LEARNING_RATE))
    misled = Path(job.model).name == job.hyperparameters.get("misled_on")
    return step / job.horizon * closeness(rate / MISLED_FACTOR if misled else rate)


def closeness(learning_rate: float) -> float:
    """1 at the best learning rate, less on both sides: the toy's landscape."""
    return math.exp(-((math.log10(learning_rate / BEST_LEARNING_RATE)) ** 2))


def _strikes(settings: Mapping[str, Scalar], other: str = "") -> bool:
    """Whether the job's fault is on: it has one, for the test on the job's other task if it is meant for one, and the
    file that it waits for, if any, exists."""
    on = settings.get("fault", NO_FAULT) != NO_FAULT and settings.get("fault_on", other) == other
    return on and ("fault_while" not in settings or Path(str(settings["fault_while"])).exists())


def next_state(state: str, step: int, learning_rate: Scalar) -> str:
    """The state after a step: depends on all before it, so a resumed run ends where an unbroken one does."""
    return hashlib.sha256(f"{state}/{step}/{learning_rate}".encode()).hexdigest()


def _save(folder: Path, state: str, job: TrainJob) -> None:
    (folder / STATE_FILE).write_text(json.dumps({"state": state}))
    left = int(job.hyperparameters.get("save_bytes", 0))
    with (folder / OPTIMIZER_FILE).open("wb", buffering=0) as stream:
        while left > 0:  # in parts, so that a disk can run full in the middle
            left -= stream.write(bytes(min(left, PART_BYTES)))


def _read(folder: Path) -> str:
    try:
        return json.loads((folder / STATE_FILE).read_text())["state"]
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(f"no complete checkpoint: {error}", where=str(folder)) from error


# --- faults ----------------------------------------------------------------------------------------------------------
def _raise_runtime_error() -> None:
    raise RuntimeError("the toy broke")


def _raise_disk_full() -> None:
    os.dup2(os.open("/dev/full", os.O_WRONLY), 2)  # the log lies on the same disk
    raise OSError(errno.ENOSPC, "No space left on device")


def _raise_memory_error() -> None:
    raise MemoryError


def _allocate_too_much() -> None:
    """Asks the system for more address space than this process may have from now on: a real MemoryError."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_LEFT, resource.RLIM_INFINITY))
    bytearray(64 * MEMORY_LEFT)


def _kill(number: int) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


def _segfault() -> None:
    ctypes.string_at(0)


def _exit() -> None:
    os._exit(3)


def _hang() -> None:
    while True:
        time.sleep(1.0)


def _hang_in_native_code() -> None:
    # PyDLL keeps the interpreter's lock, so that no Python code (no signal handler, no thread) runs any more.
    lock = ctypes.PyDLL(None).pthread_mutex_lock
    mutex = ctypes.create_string_buffer(64)
    lock(mutex)
    lock(mutex)


def _eat_memory() -> None:
    kept = []
    while True:
        kept.append(bytearray(os.urandom(1 << 20) * 8))
        time.sleep(0.02)


def _leave_children() -> None:
    """Starts one child in this session, one in a session of its own, and crashes."""
    command = [sys.executable, "-c", f"import time; time.sleep({CHILD_SECONDS})"]
    children = [subprocess.Popen(command), subprocess.Popen(command, start_new_session=True)]
    print("children", *(child.pid for child in children), flush=True)
    _raise_runtime_error()


FAULTS: Mapping[str, Callable[[], None]] = {
    "exception": _raise_runtime_error,
    "disk_full": _raise_disk_full,
    "memory_error": _raise_memory_error,
    "segfault": _segfault,
    "sigkill": _kill(signal.SIGKILL),
    "exit": _exit,
    "hang": _hang,
    "hang_native": _hang_in_native_code,
    "eat_memory": _eat_memory,
    "allocate": _allocate_too_much,
    "children": _leave_children,
    "nan": lambda: None,  # the trainer itself reports it
}
