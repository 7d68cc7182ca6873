"""Weights that a program saved without the model's configuration and tokenizer, as Accelerate does: made loadable."""

from __future__ import annotations

import os
from pathlib import Path

from transformers import AutoConfig, AutoTokenizer

_WEIGHTS = ("model*.safetensors", "model.safetensors.index.json", "pytorch_model*.bin", "pytorch_model.bin.index.json")


def loadable(checkpoint: Path, base: str, scratch: Path) -> Path:
    """A folder that `from_pretrained` takes: the checkpoint itself or, if it has weights but no config.json, one in
    `scratch` with links to them and the base model's configuration and tokenizer."""
    weights = [file for pattern in _WEIGHTS for file in checkpoint.glob(pattern)]
    if (checkpoint / "config.json").is_file() or not weights:
        return checkpoint
    folder = scratch / "with-config"
    folder.mkdir()
    AutoConfig.from_pretrained(base, trust_remote_code=False).save_pretrained(folder)
    AutoTokenizer.from_pretrained(base, trust_remote_code=False).save_pretrained(folder)
    for file in weights:
        os.symlink(file.absolute(), folder / file.name)
    return folder
