"""Training one segment in processes that accelerate's launcher starts: the trial's side.

The trial's own process reports in their name, so that rules, checkpoints and requests to stop are what they are for a
trial that trains by itself. Nothing heavy is loaded in it.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from rltune.errors import TrainerError
from rltune.trainers.base import Reporter, TrainJob
from rltune.trainers.external.endings import Position, ended_early
from rltune.trainers.external.program import Program, Running
from rltune.trainers.external.trees import move_into
from rltune.trainers.trl.options import Accelerate
from rltune.trainers.trl.wire import (
    Alive,
    Checkpoint,
    Done,
    Failed,
    LaunchedJob,
    Listener,
    Message,
    Starts,
    Step,
    write_job,
)
from rltune.types import StopKind, StopReason

LAUNCHED = "rltune.trainers.trl.launched"
_POLL_SECONDS = 0.5
_EXIT_SECONDS = 30.0
_SHOWN_LINES = 40


def launch_segment(job: TrainJob, reporter: Reporter, accelerate: Accelerate) -> StopReason:
    """Trains; see `rltune.trainers.base.Trainer.train`."""
    processes = accelerate.processes_for(job.role)
    workspace = reporter.workspace() / "launched"
    workspace.mkdir(exist_ok=True)
    plain = replace(job, hyperparameters=dict(job.hyperparameters), task_options=dict(job.task_options))
    try:
        # A socket's path must be short; a run's folder need not be.
        with tempfile.TemporaryDirectory(prefix="rltune-trl-") as scratch:
            order, address = Path(scratch) / "job", Path(scratch) / "leader"
            write_job(order, LaunchedJob(plain, workspace, processes))
            program = Program(
                launch_arguments(accelerate, job, order, address),
                Path.cwd(),
                workspace / "log.txt",
                launch_environment(accelerate, job),
            )
            with _listen(address) as listener, Running(program) as running:
                return _Trial(job, reporter, running, workspace).follow(listener)
    finally:
        for folder in workspace.glob("step-*"):
            shutil.rmtree(folder, ignore_errors=True)  # what is worth keeping was published


def launch_arguments(accelerate: Accelerate, job: TrainJob, order: Path, address: Path) -> tuple[str, ...]:
    """The launcher's command line.

    Args:
        order: file of the LaunchedJob. address: of the socket that the leader connects to.
    """
    processes = accelerate.processes_for(job.role)
    if accelerate.config_file is not None:
        how = ["--config_file", accelerate.config_file]
    elif accelerate.deepspeed_config_file is not None:
        how = ["--use_deepspeed", "--deepspeed_config_file", accelerate.deepspeed_config_file]
    else:
        # Of a launcher without GPUs too this is the way to several processes; they find out that they have none.
        how = ["--multi_gpu"] if processes > 1 else []
    precision = [] if accelerate.mixed_precision is None else ["--mixed_precision", accelerate.mixed_precision]
    return (
        *(sys.executable, "-m", "accelerate.commands.launch"),
        *how,
        *("--num_processes", str(processes), "--num_machines", "1", "--dynamo_backend", "no"),
        # A free port, for trials beside this one.
        *("--main_process_port", "0", "--num_cpu_threads_per_process", str(job.threads)),
        *precision,
        *accelerate.arguments,
        *("--module", LAUNCHED, str(order), str(address)),
    )


def launch_environment(accelerate: Accelerate, job: TrainJob) -> dict[str, str]:
    """Variables on top of the trial's own."""
    path = {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    cpu = {"ACCELERATE_USE_CPU": "true", "CUDA_VISIBLE_DEVICES": ""} if job.device == "cpu" else {}
    return {**path, **cpu, **accelerate.env}


class _Trial:
    """Follows one launch."""

    def __init__(self, job: TrainJob, reporter: Reporter, running: Running, workspace: Path) -> None:
        self._job, self._reporter, self._running, self._workspace = job, reporter, running, workspace
        self._step = job.start_step
        self._printed = 0

    def follow(self, listener: Listener) -> StopReason:
        connection = self._await(lambda: listener.accept(_POLL_SECONDS))
        if connection is None:
            return self._ended()
        with connection:
            return self._talk(connection)

    def _talk(self, connection: Connection) -> StopReason:
        while True:
            try:
                message: Message = connection.recv()
            except (EOFError, ConnectionResetError):
                return self._ended()
            match message:
                case Starts():
                    self._reporter.training_starts()
                case Alive():
                    self._reporter.alive()
                case Step(metrics):
                    reason = self._reporter.step(metrics)
                    self._step = metrics.step
                    connection.send(reason)
                case Checkpoint(step, folder):
                    connection.send(self._publish(step, folder))
                case Done(reason):
                    if reason.kind is not StopKind.DIVERGED:  # then the others may wait for the leader for ever
                        self._running.wait(_EXIT_SECONDS)
                    return reason
                case Failed(error):
                    self._show()
                    raise error

    def _publish(self, step: int, folder: Path) -> Path:
        return self._reporter.checkpoint(step, lambda target: move_into(folder, target))

    def _await(self, look: Callable[[], Connection | None]) -> Connection | None:
        """What `look` finds, or None once the program has ended. Loading takes long: while it prints, it lives."""
        while (found := look()) is None and self._running.status() is None:
            printed = self._running.program.output.stat().st_size
            if printed != self._printed:
                self._printed = printed
                self._reporter.alive()
        return found

    def _ended(self) -> StopReason:
        """Why the processes ended without a word of their leader."""
        self._running.wait(_EXIT_SECONDS)
        self._running.end()
        status = self._running.status()
        expected = self._workspace / f"step-{self._job.stop_step}"
        position = Position(self._job.start_step, self._job.stop_step, self._step, expected)
        return ended_early(1 if status in (None, 0) else status, self._running.program, position)

    def _show(self) -> None:
        """Puts the end of what the processes printed into the trial's log."""
        program = self._running.program
        print("\n".join([f"--- the last lines of {program.output} ---", *program.last_lines(_SHOWN_LINES)]), flush=True)


def _listen(address: Path) -> Listener:
    try:
        return Listener(address)
    except OSError as error:
        raise TrainerError(
            f"the launched processes can't be listened to: {error}",
            where=str(address),
            hint="a socket's path has at most about 100 characters: set TMPDIR to a shorter one",
        ) from error
