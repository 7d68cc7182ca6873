from __future__ import annotations

import signal

import pytest

from rltune.executors.base import Outcome
from rltune.executors.local.verdict import Ending, judge
from rltune.types import Cost, StopKind, StopReason

LIMIT = Ending(StopKind.FAILED, "it ran too long", 5.0)
REQUEST = Ending(StopKind.INTERRUPTED, "asked to stop", 5.0)


def left(kind: StopKind) -> Outcome:
    return Outcome(StopReason(kind, 3, "its own word"), Cost())


@pytest.mark.parametrize("kind", [k for k in StopKind if k is not StopKind.LOST])
def test_a_trials_own_word_counts_however_its_process_ended(kind: StopKind) -> None:
    assert judge(left(kind), None, False, signal.SIGSEGV, False) == left(kind)
    assert judge(left(kind), REQUEST, False, 0, False) == left(kind)


def test_a_broken_limit_is_a_failure_even_if_the_trial_stopped_politely() -> None:
    stop = judge(left(StopKind.INTERRUPTED), LIMIT, False, 0, False).stop
    assert (stop.kind, stop.step, stop.reason) == (StopKind.FAILED, 3, "it ran too long")
    assert judge(left(StopKind.REACHED), LIMIT, False, 0, False).stop.kind is StopKind.REACHED


def test_force_is_told_only_when_it_was_used() -> None:
    forced = judge(left(StopKind.LOST), REQUEST, True, signal.SIGKILL, False).stop
    assert forced.kind is StopKind.INTERRUPTED and "within 5 s" in forced.reason
    assert "force" not in judge(left(StopKind.LOST), REQUEST, False, signal.SIGTERM, False).stop.reason


@pytest.mark.parametrize(
    ("status", "out_of_memory", "kind", "words"),
    [
        (signal.SIGSEGV, False, StopKind.FAILED, "crashed with signal 11 (SIGSEGV)"),
        (signal.SIGABRT | 0x80, False, StopKind.FAILED, "SIGABRT"),  # with a core dump
        (signal.SIGKILL, False, StopKind.LOST, "SIGKILL"),
        (signal.SIGKILL, True, StopKind.OUT_OF_MEMORY, "memory ran out"),
        (signal.SIGTERM, False, StopKind.LOST, "SIGTERM"),
        (3 << 8, False, StopKind.FAILED, "exit status 3"),
        (64 << 8, False, StopKind.LOST, "could not read its order"),
        (74 << 8, False, StopKind.FAILED, "could not write its outcome"),
        (0, False, StopKind.FAILED, "exit status 0 without an outcome"),
        (None, False, StopKind.LOST, "died"),
    ],
)
def test_without_a_word_the_process_end_tells(
    status: int | None, out_of_memory: bool, kind: StopKind, words: str
) -> None:
    stop = judge(left(StopKind.LOST), None, False, status, out_of_memory).stop
    assert (stop.kind, stop.step) == (kind, 3) and words in stop.reason
