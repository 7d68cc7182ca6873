"""When a run is tried again, and when a study is broken: from records alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rltune.faults.attribute import attribute
from rltune.faults.base import Cause
from rltune.store.base import RunRecord, SegmentRecord
from rltune.study.broken import End, find_broken, find_constant
from rltune.study.retries import LONGEST_WAIT, standing, tried_again, wait_seconds
from rltune.types import StepMetrics, StopKind, StopReason
from study.test_worth import configuration, run_of, segment_of

LOST, FAILED, REACHED = StopKind.LOST, StopKind.FAILED, StopKind.REACHED
NCCL = "RuntimeError: NCCL error: unhandled cuda error"


def lost(*steps: int, reason: str = "it was killed from outside by signal 9 (SIGKILL)") -> list[SegmentRecord]:
    base = segment_of(run_of(0))
    return [replace(base, stop=StopReason(LOST, step, reason), ended=100.0, to_step=8) for step in steps]


def test_waits_double_up_to_a_bound() -> None:
    assert [wait_seconds(n, 10) for n in range(1, 6)] == [0, 10, 20, 40, 80]
    assert wait_seconds(1000, 10) == LONGEST_WAIT


def test_a_process_that_vanishes_three_times_is_given_up_unless_it_gets_further() -> None:
    assert [standing(lost(*[2] * n)).again for n in (1, 2, 3)] == [True, True, False]
    further = standing(lost(2, 3, 5, 6, 7))
    assert further.again and further.tries == 1 and further.wait == 0.0
    assert standing(lost(2, 3, 3, 1)).tries == 3


def test_a_known_fault_of_the_machine_has_more_tries() -> None:
    five = standing(lost(*[2] * 5, reason=NCCL), base=1.0)
    assert five.cause is Cause.COLLECTIVE and five.again and five.wait == 8.0
    assert not standing(lost(*[2] * 6, reason=NCCL)).again


def test_what_was_cut_short_goes_on_after_its_wait_once() -> None:
    assert tried_again(lost(2), []) == 100.0
    assert tried_again(lost(2, 2), [], 10.0) == 110.0
    assert tried_again(lost(2, 2, 2), []) is None
    assert tried_again(lost(2), [8]) is None


# --- broken studies --------------------------------------------------------------------------------------------------
def end(number: int, kind: StopKind, reason: str = "done", run: int | None = None) -> End:
    stop = StopReason(kind, 3, reason)
    return End(f"r{number if run is None else run}", f"c{number}", stop, attribute(stop))


@pytest.mark.parametrize(
    "reason",
    [
        "reward judge.py:score: ZeroDivisionError: division by zero; the completion was '3'",
        "after step 0: the program ended with exit status 1: ModuleNotFoundError: No module named 'flash_attn'",
        "FileNotFoundError: [Errno 2] No such file or directory: 'data/train.parquet'",
    ],
)
def test_a_study_at_fault_stops_at_once_before_anything_has_worked(reason: str) -> None:
    found = find_broken([end(0, LOST, reason)])
    assert found is not None and reason in found.reason and "rltune resume" in found.hint
    worked = [end(0, REACHED), end(1, LOST, reason)]
    assert find_broken(worked) is None
    assert find_broken([*worked, end(2, LOST, reason)]) is not None


def test_the_same_error_of_three_configurations_stops_what_never_worked() -> None:
    alike = [end(i, FAILED, f"KeyError: 'column_{i}'") for i in range(3)]
    assert find_broken(alike[:2]) is None
    found = find_broken(alike)
    assert found is not None and "3 configurations" in found.reason
    assert find_broken([end(9, REACHED), *alike]) is None
    assert find_broken([end(9, StopKind.STOPPED), *alike]) is not None, "what a person ended has shown nothing"
    assert find_broken([*alike[:2], end(2, FAILED, "ValueError: another")]) is None
    assert find_broken([end(0, FAILED, "KeyError: 'x'")] * 3) is None  # one configuration, however often


def test_five_crashes_in_a_row_stop_the_study_whatever_they_say() -> None:
    crashes = [end(0, REACHED), *(end(i, FAILED, f"Error{'x' * i}: no") for i in range(1, 6))]
    assert find_broken(crashes[:-1]) is None
    found = find_broken(crashes)
    assert found is not None and "5 trials all crashed" in found.reason


def test_a_machine_that_fails_every_trial_stops_the_study_but_kills_do_not() -> None:
    found = find_broken([end(i, LOST, NCCL) for i in range(8)])
    assert found is not None and "communication between GPUs" in found.reason
    assert find_broken([end(i, LOST, NCCL) for i in range(7)]) is None
    assert find_broken([end(i, LOST, "it was killed from outside") for i in range(20)]) is None
    assert find_broken([end(i, LOST, "No space left on device") for i in range(20)]) is None


def test_a_good_end_breaks_nothing() -> None:
    assert find_broken([*(end(i, FAILED, "x") for i in range(9)), end(9, REACHED)]) is None
    assert find_broken([]) is None


def curves(*rewards: float, runs: int = 4, steps: int = 4) -> list[tuple[RunRecord, list[StepMetrics]]]:
    values = rewards or (0.0,)
    return [
        (run_of(i), [StepMetrics(s + 1, {"reward": values[s % len(values)]}) for s in range(steps)])
        for i in range(runs)
    ]


def test_one_constant_reward_in_all_runs_is_no_reward() -> None:
    found = find_constant(curves(0.0))
    assert found is not None and "all 4 runs of 4 configurations had the reward 0" in found.reason
    assert find_constant(curves(0.0, runs=3)) is None  # too few to tell
    assert find_constant(curves(0.0, steps=2)) is None
    assert find_constant(curves(0.0, 0.1)) is None
    assert find_constant(curves(float("nan"))) is None
    assert find_constant([*curves(0.0), *curves(1.0)]) is None
    silent = [(run_of(i), [StepMetrics(s, {"loss": 1.0}) for s in range(9)]) for i in range(9)]
    assert find_constant(silent) is None
    same = [(replace(run, configuration=configuration(0)), curve) for run, curve in curves(0.0)]
    assert find_constant(same) is None  # one configuration with four seeds
