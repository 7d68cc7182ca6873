"""A random stream of its own for whatever must not disturb training."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def stream_seed(*parts: object) -> int:
    """A seed below 2^32 that depends on all `parts` and on nothing else (not on PYTHONHASHSEED)."""
    text = "/".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


@contextmanager
def isolated(seed: int) -> Iterator[None]:
    """Seeds Python, NumPy and torch (CPU and the current CUDA device) inside, and gives their states back after."""
    python, numpy_state = random.getstate(), np.random.get_state()
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() and torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=devices):
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy_state)
