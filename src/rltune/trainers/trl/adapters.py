"""Adapters as peft has them, and models with an adapter from a checkpoint."""

from __future__ import annotations

from pathlib import Path

from peft import LoraConfig, PeftModel
from transformers import PreTrainedModel

from rltune.errors import CheckpointError
from rltune.trainers.trl.lora import ALL_LINEAR, Lora

ADAPTER = "adapter_model.safetensors"


def lora_config(lora: Lora) -> LoraConfig:
    """peft's description of the adapter."""
    return LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.targets) or ALL_LINEAR,
        modules_to_save=list(lora.modules_to_save) or None,
        use_rslora=lora.rslora,
        use_dora=lora.dora,
        task_type="CAUSAL_LM",
    )


def has_adapter(checkpoint: Path) -> bool:
    """Whether a checkpoint holds an adapter instead of whole weights."""
    return (checkpoint / ADAPTER).is_file()


def with_adapter(base: PreTrainedModel, checkpoint: Path) -> PreTrainedModel:
    """The base model with the adapter of a checkpoint. It isn't merged in: scores are those of the run, to the bit.

    Raises:
        CheckpointError: if it can't be read, or is of another model.
    """
    try:
        return PeftModel.from_pretrained(base, str(checkpoint))  # pyright: ignore[reportReturnType, reportArgumentType]
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise CheckpointError(
            f"the adapter can't be loaded: {str(error).strip().partition(chr(10))[0]}",
            where=str(checkpoint),
            hint="score an older one",
        ) from error
