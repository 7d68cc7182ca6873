from __future__ import annotations

import errno

import pytest

from rltune.errors import CheckpointError, KilledError, TrainerError
from rltune.errors import OutOfMemoryError as ShortageError
from rltune.executors.failures import explain
from rltune.types import StopKind


class OutOfMemoryError(RuntimeError):
    """As torch.OutOfMemoryError is named."""


def wrapped(inner: Exception) -> Exception:
    try:
        try:
            raise inner
        except Exception as error:
            raise ValueError("saving failed") from error
    except ValueError as outer:
        return outer


@pytest.mark.parametrize(("memory_ran_out", "kind"), [(True, StopKind.OUT_OF_MEMORY), (False, StopKind.LOST)])
def test_a_killed_program_is_a_shortage_only_if_the_kernel_counted_one(memory_ran_out: bool, kind: StopKind) -> None:
    stop = explain(KilledError("the program was ended by signal 9 (SIGKILL)"), 3, memory_ran_out=memory_ran_out)
    assert (stop.kind, stop.step) == (kind, 3) and "SIGKILL" in stop.reason


@pytest.mark.parametrize(
    ("error", "kind", "begin"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), StopKind.FAILED, "the disk is full: OSError"),
        (RuntimeError("I/O error: No space left on device (os error 28)"), StopKind.FAILED, "the disk is full"),
        (wrapped(OSError(errno.EDQUOT, "quota")), StopKind.FAILED, "the disk is full: ValueError: saving failed"),
        (MemoryError(), StopKind.OUT_OF_MEMORY, "out of memory: MemoryError"),
        (OutOfMemoryError("CUDA"), StopKind.OUT_OF_MEMORY, "out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), StopKind.OUT_OF_MEMORY, "out of"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), StopKind.OUT_OF_MEMORY, "out of memory"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `x`"), StopKind.OUT_OF_MEMORY, "out of"),
        (RuntimeError("MPS backend out of memory (MPS allocated: 5 GB)"), StopKind.OUT_OF_MEMORY, "out of memory"),
        (ValueError("No available memory for the cache blocks."), StopKind.OUT_OF_MEMORY, "out of memory"),
        (wrapped(OutOfMemoryError("CUDA")), StopKind.OUT_OF_MEMORY, "out of memory: ValueError: saving failed"),
        (ShortageError("the program was killed", where="verl"), StopKind.OUT_OF_MEMORY, "verl: the program was"),
        (TrainerError("no such file out of memory.yaml"), StopKind.FAILED, "no such file"),
        (FloatingPointError("overflow"), StopKind.DIVERGED, "non-finite numbers"),
        (RuntimeError("probability tensor contains either `inf`, `nan`"), StopKind.DIVERGED, "non-finite numbers"),
        (
            CheckpointError("it is torn", where="step-3", hint="delete it"),
            StopKind.FAILED,
            "step-3: it is torn",
        ),
        (KeyError("x"), StopKind.FAILED, "KeyError: 'x'"),
        (OSError(errno.EACCES, "Permission denied"), StopKind.FAILED, "PermissionError"),
    ],
)
def test_each_cause_is_named(error: Exception, kind: StopKind, begin: str) -> None:
    stop = explain(error, 7)
    assert (stop.kind, stop.step) == (kind, 7)
    assert stop.reason.startswith(begin)


def test_a_reason_is_one_line_of_bounded_length() -> None:
    reason = explain(ValueError("first\nsecond\n" + "x" * 5000), 0).reason
    assert "\n" not in reason and len(reason) == 300
