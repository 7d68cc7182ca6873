"""How libraries, programs and the system say that memory ran out: on a GPU, for a KV cache, in Ray, on the host."""

from __future__ import annotations

import re

CLASSES = ("MemoryError", "OutOfMemoryError")
"""Exceptions by name, since their libraries aren't imported for this: Python's, torch's, Ray's and rltune's own."""

_SAID = re.compile(
    # torch (CUDA, HIP, MPS: "<which> out of memory"), CUDA itself, cuBLAS and cuDNN; the allocator of the CPU
    r"out of memory|OutOfMemory|STATUS_ALLOC_FAILED|[Cc]an(?:no|')t allocate memory|not enough memory: you tried"
    # Python
    r"|MemoryError"
    # vLLM, at its start: no room for a KV cache, or for one that holds a whole sequence, or for its share of the GPU
    r"|No available memory for the cache|available KV cache memory|tokens that can be stored in KV cache"
    r"|less than desired GPU memory utilization"
    # Ray's memory monitor
    r"|running low on memory|killed due to memory pressure"
    # the kernel, Slurm, Kubernetes
    r"|oom[-_ ]?kill",
    re.IGNORECASE,
)
_GUESSED = re.compile(
    # Of every worker that vanishes Ray says that it may have been the OOM killer, and where to read about memory.
    r"potential root causes|killed by SIGKILL by OOM killer due to high memory usage"
    r"|how to address the out of memory issue",
    re.IGNORECASE,
)


def says_out_of_memory(text: str) -> bool:
    """Whether a line of output, or an exception's message, says that memory ran out."""
    return _SAID.search(text) is not None and _GUESSED.search(text) is None
