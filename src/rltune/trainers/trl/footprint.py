"""What a training by TRL will take: passes over each token, bytes of a checkpoint."""

from __future__ import annotations

from rltune.trainers.resources import Footprint
from rltune.trainers.trl.settings import Settings

WEIGHT_BYTES = 4
"""Weights are trained, and saved, in float32."""
_FORWARD, _BOTH = 2, 6
_STATE_BYTES = {"8bit": 2, "adafactor": 0.1, "sgd": 0, "lion": 4, "rmsprop": 4, "adagrad": 4}
"""Optimizer state for each parameter, by what `optim` names; AdamW, the default, keeps two moments in float32."""
_ADAM_BYTES = 8


def footprint(parameters: float, settings: Settings) -> Footprint:
    """See `rltune.trainers.resources.Foresees`."""
    response = settings.native.get("max_completion_length")
    rescored = _FORWARD if settings.updates > 1 else 0  # under the policy of the rollouts, which moves on
    reference = _FORWARD if settings.kl_coef else 0
    optimizer = str(settings.native.get("optim", ""))
    state = next((size for name, size in _STATE_BYTES.items() if name in optimizer), _ADAM_BYTES)
    return Footprint(
        completions=settings.completions,
        response=None if response is None else int(response),
        passes=_BOTH * settings.updates // settings.updates_per_step + rescored + reference,
        checkpoint_bytes=round(parameters * (WEIGHT_BYTES + state)),
    )
