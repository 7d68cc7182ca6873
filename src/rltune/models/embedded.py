"""The embedded family: three tiny language models that come with the package, so that rltune runs anywhere.

Each is a Qwen2 model over characters, pretrained to *almost* do the arithmetic tasks (see `pretrain.py`).
This file holds what is known without loading one: names, shapes, folders.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rltune.errors import ModelError

PREFIX = "embedded/"
WEIGHTS = Path(__file__).parent / "weights"


@dataclass(frozen=True, slots=True)
class Shape:
    """Shape of one embedded model: hidden width, layers, attention heads, width of the feed-forward part."""

    hidden_size: int
    layers: int
    heads: int
    intermediate_size: int


SHAPES: dict[str, Shape] = {
    "xs": Shape(hidden_size=64, layers=2, heads=4, intermediate_size=256),
    "s": Shape(hidden_size=128, layers=3, heads=4, intermediate_size=512),
    "m": Shape(hidden_size=192, layers=4, heads=6, intermediate_size=576),
}


def embedded_names() -> tuple[str, ...]:
    """Names of the embedded models, smallest first."""
    return tuple(f"{PREFIX}{size}" for size in SHAPES)


def is_embedded(name: str) -> bool:
    """Whether `name` asks for an embedded model (which need not exist)."""
    return name.startswith(PREFIX)


def embedded_folder(name: str) -> Path:
    """Folder of the embedded model `name`, to be given to `from_pretrained`.

    Raises ModelError if there is no such model, or if its weights are not in this installation.
    """
    size = name.removeprefix(PREFIX)
    if not is_embedded(name) or size not in SHAPES:
        raise ModelError(
            f"unknown embedded model {name!r}",
            where="model",
            hint=f"the embedded models are {', '.join(embedded_names())}",
        )
    folder = WEIGHTS / size
    if not (folder / "config.json").is_file():
        raise ModelError(
            f"the weights of {name!r} are not in this installation",
            where=str(folder),
            hint=f"rebuild them: python -m rltune.models.pretrain --size {size} --out {WEIGHTS}",
        )
    return folder
