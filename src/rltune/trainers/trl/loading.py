"""From a model's name to the model and its tokenizer."""

from __future__ import annotations

import os
from pickle import UnpicklingError

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from rltune.errors import ModelError, TrainerError
from rltune.models.inspect import describe_model


def choose_device(device: str) -> torch.device:
    """ "auto" (CUDA where there is one), "cpu" or "cuda".

    Raises:
        TrainerError: for another name, if there is no CUDA device, or if there are several: transformers would spread
            each batch over all of them, and trials beside this one would do the same.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise TrainerError(f"expected auto, cpu or cuda, got {device!r}", where="device")
    if device == "cuda" and not torch.cuda.is_available():
        raise TrainerError("there is no CUDA device", where="device", hint="use device: auto or cpu")
    if device == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    if torch.cuda.device_count() > 1:
        raise TrainerError(
            f"expected one visible CUDA device, got {torch.cuda.device_count()}",
            where="device",
            hint="set CUDA_VISIBLE_DEVICES to one of them",
        )
    return torch.device("cuda")


def own_device(device: str) -> torch.device:
    """The device of this process, one of several that a launcher has started: each takes a CUDA device of its own.

    Raises:
        TrainerError: if there are fewer CUDA devices than processes.
    """
    if device == "cpu" or (device == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    place, visible = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if place >= visible:
        raise TrainerError(
            f"expected a CUDA device for each process of the trial, got {visible} for at least {place + 1}",
            where="trainer.settings.accelerate.num_processes",
            hint="show the trial more devices, or start fewer processes",
        )
    return torch.device("cuda", place)


def load_tokenizer(name: str) -> PreTrainedTokenizerBase:
    """The tokenizer of a model, padding and truncating on the left as generation needs it.

    Raises:
        ModelError: if the model has none.
    """
    folder, local = _place(name)
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            folder, padding_side="left", truncation_side="left", local_files_only=local, trust_remote_code=False
        )
    except (OSError, ValueError, KeyError) as error:
        raise _unreadable(name, "tokenizer", error) from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(name: str, device: torch.device) -> PreTrainedModel:
    """The model in float32 (TRL's mixed precision casts what it computes, not the weights), in evaluation mode.

    A checkpoint that holds an adapter is none: see `rltune.trainers.trl.adapters`.

    Raises:
        ModelError: if it can't be found or read.
    """
    folder, local = _place(name)
    try:
        model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, local_files_only=local, trust_remote_code=False, weights_only=True
        )
    except (OSError, ValueError, KeyError, RuntimeError, UnpicklingError) as error:
        raise _unreadable(name, "model", error) from error
    return model.to(device)  # pyright: ignore[reportArgumentType]


def _place(name: str) -> tuple[str, bool]:
    """(what `from_pretrained` takes, whether it is a folder on this machine: then nothing is asked of the network)."""
    path = describe_model(name).path
    return (name, False) if path is None else (str(path), True)


def _unreadable(name: str, part: str, error: Exception) -> ModelError:
    first_line = str(error).strip().partition("\n")[0]
    return ModelError(
        f"the {part} of {name!r} can't be loaded: {first_line}",
        where="model",
        hint="give a Hugging Face folder with config.json, weights and a tokenizer, or a hub name that can be reached",
    )
