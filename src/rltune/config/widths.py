"""Published learning rates on the scale of small models."""

from __future__ import annotations

from rltune.errors import ConfigError

VERL_HIDDEN_SIZE = 3584
"""Hidden size of the 7B model (Qwen2-7B) that verl's GRPO examples set the learning rate of 1e-6 for."""


def embedded_learning_rate(recipe: str, published: float, hidden_size: int | None) -> float:
    """A learning rate that is published for 7B models, on the scale of a model of this width; three significant digits.

    Under Adam the best learning rate of hidden matrices goes with 1/width (maximal update parametrization,
    arXiv 2203.03466), so it is multiplied by 3584 / width.

    Args:
        recipe: its name, for the error.

    Raises:
        ConfigError: if the width isn't known.
    """
    if hidden_size is None or hidden_size < 1:
        raise ConfigError(
            f"the recipe {recipe} needs the hidden size of the target model, got {hidden_size}",
            where="recipe",
            hint=f"use it with an embedded model, or take a recipe for larger ones, such as {_LARGER[recipe]}",
        )
    return rounded(published * VERL_HIDDEN_SIZE / hidden_size)


def rounded(value: float) -> float:
    """To three significant digits."""
    return float(f"{value:.3g}")


_LARGER = {
    "embedded-grpo": "verl-grpo",
    "embedded-rloo": "trl-rloo",
    "embedded-sft": "trl-sft",
    "embedded-dpo": "trl-dpo",
}
