"""What a training by TRL will take: passes over each token, bytes of a checkpoint."""

from __future__ import annotations

from rltune.trainers.resources import Footprint
from rltune.trainers.trl.lora import Lora
from rltune.trainers.trl.settings import Settings

WEIGHT_BYTES = 4
"""Weights are trained, and saved, in float32."""
_FORWARD, _BOTH = 2, 6
_STATE_BYTES = {"8bit": 2, "adafactor": 0.1, "sgd": 0, "lion": 4, "rmsprop": 4, "adagrad": 4}
"""Optimizer state for each parameter, by what `optim` names; AdamW, the default, keeps two moments in float32."""
_ADAM_BYTES = 8
_ANSWERS = {"sft": 1, "dpo": 2}
"""In each row of training data."""


def footprint(parameters: float, settings: Settings) -> Footprint:
    """See `rltune.trainers.resources.Foresees`."""
    response = settings.native.get("max_completion_length")
    optimizer = str(settings.native.get("optim", ""))
    state = next((size for name, size in _STATE_BYTES.items() if name in optimizer), _ADAM_BYTES)
    trained = parameters if settings.lora is None else _adapter_share(parameters, settings.lora) * parameters
    return Footprint(
        completions=settings.completions if settings.kind.generates else _ANSWERS[settings.algorithm] * settings.rows,
        response=None if response is None else int(response),
        passes=_passes(settings),
        checkpoint_bytes=round(trained * (WEIGHT_BYTES + state)),
        generates=settings.kind.generates,
    )


def _passes(settings: Settings) -> float:
    if not settings.kind.generates:
        return _BOTH + (_FORWARD if settings.algorithm == "dpo" else 0)  # that of the reference
    rescored = _FORWARD if settings.updates > 1 else 0  # under the policy of the rollouts, which moves on
    reference = _FORWARD if settings.kl_coef else 0
    return _BOTH * settings.updates // settings.updates_per_step + rescored + reference


def _adapter_share(parameters: float, lora: Lora) -> float:
    """Parameters of an adapter of all linear layers over those of the model, N.

    A block of width h has about 12 h^2 parameters, and its adapter of rank r about 23 r h; widths of usual models are
    near (N / 0.12)^(1/3). An order of magnitude.
    """
    width = (parameters / 0.12) ** (1 / 3)
    return min(1.0, 23 * lora.r / (12 * width))
