"""What says that memory ran out, and what only guesses so."""

from __future__ import annotations

import pytest
import torch

from rltune.executors.failures import explain
from rltune.faults.shortage import says_out_of_memory
from rltune.types import StopKind

REAL = (
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.10 GiB",
    "torch.OutOfMemoryError: HIP out of memory. Tried to allocate 20.00 MiB.",
    "RuntimeError: CUDA error: out of memory",
    "RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "RuntimeError: cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    "RuntimeError: MPS backend out of memory (MPS allocated: 5.05 GB, other allocations: 2.89 GB, max 9.07 GB)",
    "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`",
    "ValueError: To serve at least one request with the models's max seq len (32768), (4.00 GiB KV cache is needed, "
    "which is larger than the available KV cache memory (1.10 GiB).",
    "ValueError: The model's max seq len (8192) is larger than the maximum number of tokens that can be stored in KV "
    "cache (2048).",
    "ValueError: Free memory on device (10.2/79.1 GiB) on startup is less than desired GPU memory utilization (0.9, "
    "71.2 GiB).",
    "ray.exceptions.OutOfMemoryError: Task was killed due to the node running low on memory.",
    "(raylet) node_manager.cc:3064: 2 Workers (tasks / actors) killed due to memory pressure (OOM), 0 Workers crashed",
    "slurmstepd: error: Detected 1 oom_kill event in StepId=1.0. Some of the step tasks have been OOM Killed.",
    "[Sat Nov 21 13:00:00] oom-kill:constraint=CONSTRAINT_MEMCG,task=python",
    "OSError: [Errno 12] Cannot allocate memory",
    "MemoryError",
)
GUESSES = (
    # What Ray prints whenever a worker vanishes, for whatever reason.
    "There are some potential root causes. (1) The process is killed by SIGKILL by OOM killer due to high memory usage",
    "(raylet) Refer to the documentation on how to address the out of memory issue: https://docs.ray.io/en/latest/",
    "INFO: If out-of-memory error occurs during cudagraph capture, consider decreasing `gpu_memory_utilization`",
    "perf/max_memory_allocated_gb:66.088",
    "ValueError: the learning rate is too large",
)


@pytest.mark.parametrize("line", REAL)
def test_real_words_are_recognized(line: str) -> None:
    assert says_out_of_memory(line)
    assert explain(RuntimeError(line), 3).kind is StopKind.OUT_OF_MEMORY


@pytest.mark.parametrize("line", GUESSES)
def test_guesses_and_advice_are_not(line: str) -> None:
    assert not says_out_of_memory(line)


def test_what_torch_itself_raises_on_a_cpu() -> None:
    with pytest.raises(RuntimeError) as error:
        torch.empty(1 << 46, dtype=torch.uint8)
    assert explain(error.value, 3).kind is StopKind.OUT_OF_MEMORY
    assert explain(torch.OutOfMemoryError("CUDA"), 3).kind is StopKind.OUT_OF_MEMORY
