"""What a server imports before workers are forked from it."""

from __future__ import annotations

import gc
from importlib import import_module

from rltune.trainers.trl import run  # noqa: F401 - importing TRL, transformers and datasets is the purpose

# transformers loads these only when the first model of the family is made.
_LATE = ("transformers.models.qwen2.modeling_qwen2", "transformers.models.qwen2.tokenization_qwen2")


def preload() -> None:
    """Imports the late modules too and freezes the garbage collector's heap. Starts no thread, runs nothing."""
    for name in _LATE:
        import_module(name)
    gc.collect()
    # Else each child's first collection walks, and so copies, the millions of objects that the imports have made.
    gc.freeze()
