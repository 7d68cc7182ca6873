"""What is known of a model without loading it: its path, size and shape. Reads headers only, never weights."""

from __future__ import annotations

import json
import math
import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from rltune.errors import ModelError, did_you_mean
from rltune.models.embedded import embedded_folder, embedded_names, is_embedded

# A header names a few hundred tensors a file; anything near this size is not one.
_MAX_HEADER_BYTES = 100_000_000
_MOST_ELEMENTS = 10**15
_MOST_SIDES = 16
_WIDEST = 10**7
"""Beyond these a header or a configuration is no model's, whoever wrote it."""
_UNITS = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}
# `7B` in Qwen2.5-7B, `0.5b`, `8x7B`: a number and a unit, standing alone.
_SIZE_IN_NAME = re.compile(r"(?<![a-z0-9.])(?:(\d+)x)?(\d+(?:\.\d+)?)([kmbt])(?![a-z0-9])", re.IGNORECASE)
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known of a model.

    name: as it was asked for. path: its folder, None if it is not on this machine.
    parameters: number of stored parameters (tied weights once); None if unknown.
    estimated: whether `parameters` was only read off the name. hidden_size, layers: width and depth; None if unknown.
    """

    name: str
    path: Path | None
    parameters: int | None
    hidden_size: int | None
    layers: int | None
    estimated: bool = False

    def __post_init__(self) -> None:
        if self.parameters is not None and self.parameters < 1:
            raise ModelError(f"a model needs parameters, got {self.parameters}", where=f"model {self.name!r}")


def describe_model(name: str) -> ModelInfo:
    """Describe the embedded model, local folder or hub model called `name`. No network, no torch.

    A hub name (`org/model`) that is no local folder is taken on trust, its size read off the name (`Qwen2.5-7B`)
    if it is there. Raises ModelError for anything else, and for a folder that holds no complete model.
    """
    if is_embedded(name):
        return _describe_folder(name, embedded_folder(name))
    folder = Path(os.path.expanduser(name))  # of Path's own ways, these two raise for names that can't be paths
    if name.strip() and os.path.isdir(folder):
        return _describe_folder(name, folder)
    if _HUB_NAME.fullmatch(name):
        parameters = _parameters_in_name(name.split("/")[1])
        return ModelInfo(name, None, parameters, None, None, estimated=parameters is not None)
    close = did_you_mean(f"embedded/{name.split('/')[-1]}", embedded_names(), similarity=0.8)
    raise ModelError(
        f"no model {name!r}: expected an embedded model ({', '.join(embedded_names())}), a folder, or org/model",
        where="model",
        hint=close or "a folder must exist and hold config.json and *.safetensors",
    )


def model_source(name: str) -> str:
    """What to give `from_pretrained` for `name`: a folder's path or a hub name. Raises as `describe_model` does."""
    info = describe_model(name)
    return name if info.path is None else str(info.path)


def _describe_folder(name: str, folder: Path) -> ModelInfo:
    config_file = folder / "config.json"
    if not config_file.is_file():
        raise ModelError(
            "no config.json in the model's folder",
            where=str(folder),
            hint="name a folder written by save_pretrained, or a merged (not only sharded or adapter) checkpoint",
        )
    try:
        config = json.loads(config_file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"can't be read: {error}", where=str(config_file), hint="the file may be damaged") from error
    if not isinstance(config, dict):
        raise ModelError("expected a JSON object", where=str(config_file), hint="the file may be damaged")
    # Models for text and images keep the language model's shape in a part of its own.
    text = config["text_config"] if isinstance(config.get("text_config"), dict) else config
    return ModelInfo(
        name=name,
        path=folder,
        parameters=_stored_parameters(folder),
        hidden_size=_whole(text, "hidden_size", "n_embd", "d_model"),
        layers=_whole(text, "num_hidden_layers", "n_layer", "num_layers"),
    )


def _whole(config: dict[str, object], *keys: str) -> int | None:
    for key in keys:
        value = config.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _WIDEST:
            return value
    return None


def _stored_parameters(folder: Path) -> int | None:
    """Elements of all tensors in the folder's safetensors files; None if weights are there in another format only."""
    files = _weight_files(folder)
    if files:
        return sum(_elements(file) for file in files)
    if any(folder.glob("*.bin")) or any(folder.glob("*.pt")) or any(folder.glob("*.gguf")):
        return None
    raise ModelError("no weights in the model's folder", where=str(folder), hint="expected *.safetensors")


def _weight_files(folder: Path) -> list[Path]:
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        # A folder may hold the same weights twice, under another tool's names too; the standard name wins.
        standard = folder / "model.safetensors"
        return [standard] if standard.is_file() else sorted(folder.glob("*.safetensors"))
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"can't be read: {error!r:.200}", where=str(index), hint="the file may be damaged") from error
    if odd := [name for name in names if not isinstance(name, str) or Path(name).name != name]:
        raise ModelError(
            f"expected names of files in the model's folder, got {odd[0]!r:.100}",
            where=str(index),
            hint="weights outside of their folder are not read",
        )
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise ModelError(
            f"{len(missing)} of {len(names)} weight files are missing, such as {missing[0]}",
            where=str(folder),
            hint="download or save the model again",
        )
    return [folder / name for name in names]


def _elements(file: Path) -> int:
    # Format: 8 bytes of header length (little-endian), then JSON: tensor name -> {dtype, shape, data_offsets}.
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > _MAX_HEADER_BYTES:
                raise ValueError(f"a header of {length} bytes")
            header = json.loads(stream.read(length))
        shapes = [tensor["shape"] for key, tensor in header.items() if key != "__metadata__"]
        if any(not isinstance(side, int) or not 0 <= side <= _MOST_ELEMENTS for shape in shapes for side in shape):
            raise ValueError("a tensor has an impossible shape")
        if (elements := sum(math.prod(shape[:_MOST_SIDES]) for shape in shapes)) > _MOST_ELEMENTS:
            raise ValueError(f"its header names more than {_MOST_ELEMENTS:.0e} numbers")
        return elements
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, struct.error) as error:
        raise ModelError(
            f"not a safetensors file: {error}",
            where=str(file),
            hint="it may be damaged, half downloaded, or a pointer of Git LFS (git lfs pull)",
        ) from error


def _parameters_in_name(name: str) -> int | None:
    found = _SIZE_IN_NAME.findall(name)
    if not found:
        return None
    experts, number, unit = found[0]
    return round(int(experts or 1) * float(number) * _UNITS[unit.lower()]) or None
