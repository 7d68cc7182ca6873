"""What a trial's process does: one order, from its folder's order.json to its outcome.json.

`run_order` is called in a process that was made for it, forked from the server (`rltune.executors.local.server`) or
started afresh: `python -m rltune.executors.worker FOLDER`.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from functools import partial
from pathlib import Path

from rltune.clock import Clock, SystemClock
from rltune.errors import ExecutorError
from rltune.executors.base import Order, Outcome
from rltune.executors.failures import explain
from rltune.executors.fence import Fence, FencedError
from rltune.executors.isolation import Stopped, StopRequest, follow_parent, limit_threads, own_session
from rltune.executors.lease import STATUS_FENCED, hold_lease
from rltune.executors.naming import storable
from rltune.executors.processes import age_seconds, memory_ran_out, oom_kills
from rltune.executors.records import SegmentFiles, read_order, touch_alive, write_identity, write_outcome
from rltune.executors.reporter import SegmentReporter, interrupted, stopped_earlier
from rltune.executors.shelf import Shelf, shelf_of
from rltune.stopping.build import build_rules
from rltune.trainers.base import ScoreJob, Trainer, TrainJob
from rltune.trainers.build import build_trainer
from rltune.trainers.capabilities import ExternalTrainer
from rltune.types import Cost, StopKind, StopReason

STATUS_DONE = 0
STATUS_NO_ORDER = 64
"""The order couldn't be read, or the log and the identity not written."""
STATUS_NO_OUTCOME = 74
"""The outcome couldn't be written: the disk is full, or the folder is gone."""


def run_order(folder: Path, *, parent: int | None = None) -> int:
    """Carries out the order in `folder`; whatever happens ends up in its outcome.json.

    Args:
        parent: the process whose death is a request to stop; None: nobody.

    Returns:
        The exit status: STATUS_DONE if an outcome was written; STATUS_FENCED if the run was given to another worker.
    """
    identity = own_session(SegmentFiles(folder).log)
    stop = StopRequest()
    oom_before = oom_kills()
    try:
        order = read_order(folder)
        write_identity(folder, identity)
    except (ExecutorError, OSError):
        _log_exception()
        return STATUS_NO_ORDER
    try:
        stop.install()
        if parent is not None:
            follow_parent(parent)
        limit_threads(order.job.threads)
        hold_lease(folder, Fence(order.checkpoints, order.id), identity)
        outcome = _carry_out(order, stop, SystemClock(), oom_before)
    except FencedError:
        _log_exception()
        return STATUS_FENCED
    except Stopped:
        outcome = Outcome(interrupted(_start_step(order)), Cost(start_seconds=age_seconds()))
    except BaseException as error:
        _log_exception()
        reason = explain(error, _start_step(order), memory_ran_out=memory_ran_out(oom_before))
        outcome = Outcome(reason, Cost(start_seconds=age_seconds()))
    finally:
        stop.ignore()
    return _leave(folder, outcome)


def _leave(folder: Path, outcome: Outcome) -> int:
    try:
        write_outcome(folder, outcome)
    except OSError:
        _log_exception()
        return STATUS_NO_OUTCOME
    return STATUS_DONE


def _log_exception() -> None:
    # The log lies on the disk that may be full; that must not take the outcome along.
    with contextlib.suppress(OSError):
        traceback.print_exc()


def flush_output() -> None:
    """Gives what was printed to the log, as far as there is room; for before `os._exit`."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()


def _carry_out(order: Order, stop: StopRequest, clock: Clock, oom_before: int) -> Outcome:
    trainer = build_trainer(order.trainer, order.settings)
    with shelf_of(order) as (shelf, job):
        if isinstance(job, ScoreJob):
            return _score(trainer, order.folder, job, stop)
        return _train(trainer, order, job, shelf, stop, clock, oom_before)


def _score(trainer: Trainer, folder: Path, job: ScoreJob, stop: StopRequest) -> Outcome:
    start = age_seconds()
    scores = trainer.score(job, partial(touch_alive, folder))
    stop.ignore()
    cost = Cost(validate_seconds=max(0.0, age_seconds() - start), start_seconds=start)
    return Outcome(StopReason(StopKind.REACHED, 0, "scored"), cost, scores=storable(scores))


def _train(
    trainer: Trainer, order: Order, job: TrainJob, shelf: Shelf, stop: StopRequest, clock: Clock, oom_before: int
) -> Outcome:
    """Trains; an exception becomes an outcome that keeps what was saved before it."""
    reporter = SegmentReporter(order, job, build_rules(order.rules), stop, clock, shelf)
    if reporter.earlier_stop is not None:
        return Outcome(stopped_earlier(reporter.earlier_stop, job.start_step), reporter.cost())
    try:
        reason = trainer.train(job, reporter)
        reporter.check_end(reason, saves_anywhere=not isinstance(trainer, ExternalTrainer) or trainer.saves_anywhere)
    except Stopped:
        reason = interrupted(reporter.last_step)
    except FencedError:
        raise
    except Exception as error:
        _log_exception()
        reason = explain(error, reporter.last_step, memory_ran_out=memory_ran_out(oom_before))
    finally:
        stop.ignore()
    outcome = Outcome(reason, reporter.cost(), checkpoints=tuple(reporter.saved), abstained=dict(reporter.abstained))
    reporter.close()
    return outcome


def _start_step(order: Order) -> int:
    return order.job.start_step if isinstance(order.job, TrainJob) else 0


def main() -> None:
    """`python -m rltune.executors.worker FOLDER`"""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m rltune.executors.worker FOLDER")
    status = run_order(Path(sys.argv[1]).resolve())
    flush_output()
    os._exit(status)  # libraries' clean-up at exit could crash a trial that has ended well


if __name__ == "__main__":
    main()
