"""Whose fault a failure is, from real words of torch, NCCL, vLLM, verl, Ray, Slurm and the system."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.errors import TaskError
from rltune.executors.failures import explain
from rltune.faults.attribute import attribute, settle, signature
from rltune.faults.base import FAULTS, REMEDIES, WORDS, Cause, Fault
from rltune.faults.texts import SIGNS
from rltune.tasks.base import Example
from rltune.tasks.judges import FunctionJudge
from rltune.types import StopKind, StopReason

REAL = (
    ("OSError: [Errno 28] No space left on device: '/data/step-000010/optimizer.pt'", Cause.DISK),
    ("SafetensorError: Error while serializing: I/O error: No space left on device (os error 28)", Cause.DISK),
    ("after step 3 it could not write its outcome: the disk is full or its folder is gone", Cause.DISK),
    (
        "slurmstepd: error: *** JOB 32391783 ON cn119 CANCELLED AT 2021-06-18T13:05:36 DUE TO PREEMPTION ***",
        "preempted",
    ),
    ("slurmstepd: error: *** JOB 608 ON gpu3 CANCELLED AT 2022-08-12T02:06:12 DUE TO JOB REQUEUE ***", "preempted"),
    ("slurmstepd: error: *** STEP 494583.0 ON n7 CANCELLED AT 2024-04-20T09:09:37 DUE TO TIME LIMIT ***", "preempted"),
    ("slurmstepd: error: *** JOB 7 ON n7 CANCELLED AT 2024-04-20T09:09:37 DUE TO NODE FAILURE, SEE LOG ***", "node"),
    ("ray.exceptions.NodeDiedError: Task failed due to the node (where this task was running) was dead", Cause.NODE),
    ("ray.exceptions.LocalRayletDiedError: The task's local raylet died. Check raylet.out", Cause.NODE),
    ("RuntimeError: CUDA error: uncorrectable ECC error encountered", Cause.DEVICE),
    ("torch.AcceleratorError: CUDA error: an illegal memory access was encountered", Cause.DEVICE),
    ("RuntimeError: CUDA error: CUDA-capable device(s) is/are busy or unavailable", Cause.DEVICE),
    ("RuntimeError: CUDA error: unspecified launch failure", Cause.DEVICE),
    (
        "torch.distributed.DistNetworkError: The server socket has failed to listen on any local network address. "
        "port: 29500, useIpv6: false, code: -98, name: EADDRINUSE, message: address already in use",
        Cause.PORT,
    ),
    ("zmq.error.ZMQError: Address already in use (addr='tcp://127.0.0.1:5557')", Cause.PORT),
    (
        "torch.distributed.DistBackendError: NCCL error in: /pytorch/torch/csrc/distributed/c10d/NCCLUtils.cpp:133, "
        "remote process exited or there was a network error, NCCL version 2.27.3 ncclRemoteError: A call failed",
        Cause.COLLECTIVE,
    ),
    ("RuntimeError: NCCL error: unhandled cuda error (run with NCCL_DEBUG=INFO for details)", Cause.COLLECTIVE),
    (
        "[rank1]:[E321 02:07:08 ProcessGroupNCCL.cpp:607] [Rank 1] Watchdog caught collective operation timeout: "
        "WorkNCCL(SeqNum=1580, OpType=ALLREDUCE, Timeout(ms)=600000) ran for 600060 milliseconds before timing out.",
        Cause.COLLECTIVE,
    ),
    ("ConnectionRefusedError: [Errno 111] Connection refused", Cause.NETWORK),
    (
        "requests.exceptions.ConnectionError: HTTPConnectionPool(host='x'): Max retries exceeded with url: /",
        "network",
    ),
    (
        "torch.distributed.DistNetworkError: The client socket has timed out after 600000ms while trying to connect",
        "network",
    ),
    ("the program was ended by signal 15 (SIGTERM) and said nothing", Cause.KILLED),
    ("torch.distributed.elastic.multiprocessing.api.SignalException: Process 12 got signal: 15", Cause.KILLED),
    ("ray.exceptions.ActorDiedError: The actor died unexpectedly before finishing this task.", Cause.KILLED),
    ("(TaskRunner pid=12) ModuleNotFoundError: No module named 'flash_attn'", Cause.IMPORT),
    ("the program ended with exit status 1: ImportError: cannot import name 'x' from 'y'", Cause.IMPORT),
    ("FileNotFoundError: [Errno 2] No such file or directory: 'data/train.parquet'", Cause.DATA),
    ("datasets.exceptions.DatasetNotFoundError: Dataset 'x/y' doesn't exist on the Hub", Cause.DATA),
    ("task file: train.parquet: no such file", Cause.DATA),
    ("NotImplementedError: Reward function is not implemented for data_source='mine'", Cause.REWARD),
    ("ValueError: the learning rate is too large", Cause.CRASHED),
)


@pytest.mark.parametrize(("line", "cause"), REAL)
def test_real_words_tell_the_cause(line: str, cause: Cause) -> None:
    for reason, tail in ((line, ""), ("the program ended with exit status 1", f"step 3\n{line}\nbye")):
        found = attribute(StopReason(StopKind.FAILED, 3, reason), tail)
        first_only = line.startswith("task")  # our own words are looked for in the reason
        assert found is not None and found.cause == (Cause.CRASHED if first_only and tail else cause)


def test_all_causes_are_told_and_mended() -> None:
    assert set(Cause) == set(FAULTS) == set(WORDS) == set(REMEDIES)
    assert {sign.cause for sign in SIGNS} == set(Cause) - {Cause.CRASHED}
    assert all(sign.source for sign in SIGNS)


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        (StopKind.DIVERGED, Fault.CONFIGURATION),
        (StopKind.OUT_OF_MEMORY, Fault.CONFIGURATION),
        (StopKind.LOST, Fault.INFRASTRUCTURE),
        (StopKind.FAILED, Fault.UNKNOWN),
    ],
)
def test_the_kind_of_an_end_alone_tells_something(kind: StopKind, fault: Fault) -> None:
    found = attribute(StopReason(kind, 3, "no known words"))
    assert found is not None and found.fault is fault


@pytest.mark.parametrize("kind", [StopKind.REACHED, StopKind.RULE, StopKind.FUTILE, StopKind.INTERRUPTED])
def test_what_is_no_failure_is_nobodys_fault(kind: StopKind) -> None:
    assert attribute(StopReason(kind, 3, "No space left on device")) is None


def test_the_first_cause_counts_not_its_echoes() -> None:
    """One process runs out of disk, all others then lose their connection to it."""
    tail = "\n".join(
        (
            "OSError: [Errno 28] No space left on device",
            "torch.distributed.DistBackendError: NCCL error in: x.cpp:1, ncclRemoteError: A call failed",
            "ConnectionResetError: [Errno 104] Connection reset by peer",
        )
    )
    found = attribute(StopReason(StopKind.FAILED, 3, "the program ended with exit status 1"), tail)
    assert found is not None and found.cause is Cause.DISK and "Errno 28" in found.evidence


def test_warnings_and_quotations_blame_nobody() -> None:
    tail = (
        "n1:12:12 [0] ras/client_support.cc:160 NCCL WARN Call to bind failed: Address already in use\n"
        "INFO: retrying after ConnectionError: Connection refused\n"
        "UserWarning: flash_attn gave an ImportError"
    )
    found = attribute(StopReason(StopKind.FAILED, 3, "KeyError: 'x'"), tail)
    assert found is not None and found.cause is Cause.CRASHED


def test_a_completion_that_quotes_an_error_is_still_the_rewards_fault(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "judge.py"
    path.write_text("def judge(completion):\n    return 1 / 0\n")
    with pytest.raises(TaskError) as raised:
        FunctionJudge(f"{path}:judge").judge([Example("1+1=", "2")], ["No space left on device"], [{}])
    stop = explain(raised.value, 3)
    found = attribute(stop)
    assert found is not None and (found.cause, found.fault) == (Cause.REWARD, Fault.STUDY)
    assert "ZeroDivisionError" in found.evidence and settle(stop).kind is StopKind.LOST


def test_a_hang_in_a_collective_is_told_apart_by_its_stack() -> None:
    stop = StopReason(StopKind.FAILED, 3, "it hangs: no new step, scored batch, checkpoint or end for 600 s")
    stack = '  File "/x/site-packages/torch/distributed/distributed_c10d.py", line 2806 in all_reduce'
    found = attribute(stop, f"Current thread:\n{stack}")
    assert found is not None and found.cause is Cause.COLLECTIVE
    assert attribute(stop, '  File "/x/trl/trainer.py", line 3 in step').cause is Cause.CRASHED  # type: ignore[union-attr]


def test_only_what_says_nothing_of_the_configuration_is_taken_back() -> None:
    full = StopReason(StopKind.FAILED, 3, "the disk is full: OSError: [Errno 28] No space left on device")
    assert settle(full).kind is StopKind.LOST and settle(full).reason == full.reason
    for kind in StopKind:
        if kind is not StopKind.FAILED:
            stop = StopReason(kind, 3, full.reason)
            assert settle(stop) == stop
    crash = StopReason(StopKind.FAILED, 3, "KeyError: 'x'")
    assert settle(crash) == crash


def test_two_trials_that_fail_alike_have_one_signature() -> None:
    one = "after step 3: ValueError: bad row 17 in '/a/b.parquet' at 0x7f5a9616c1b6"
    two = "after step 9: ValueError: bad row 4 in '/c/d.parquet' at 0x7a71e4e84617"
    assert signature(one) == signature(two) != signature("ValueError: bad column")


@given(st.sampled_from(list(StopKind)), st.text(max_size=200), st.text(max_size=400))
def test_any_text_gets_an_answer(kind: StopKind, reason: str, tail: str) -> None:
    stop = StopReason(kind, 0, reason)
    found = attribute(stop, tail)
    settled = settle(stop, tail)
    assert settled.reason == reason and (settled.kind is kind or settled.kind is StopKind.LOST)
    assert found is None or len(found.evidence) <= 200
