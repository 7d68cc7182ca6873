"""Seconds of a step from a model's size alone, for before anything was timed: an order of magnitude.

Notation
    N   parameters                 G   GPUs of a trial
    T   tokens of a step: completions x (prompt + response)
    f   floating-point operations for each parameter and token (6 for a training pass, 2 for a forward pass)
    r   operations a second and GPU, of training and of generation
A step takes about N (f T / r_train + 2 T_response / r_generate) / G seconds.

The rates are those of verl's published runs of 7B models on eight GPUs of 80 GB. Smaller models use a GPU worse: there
the rates go with the root of N. Of three published runs the guess is 2.1, 0.8 and 0.3 times what they took.
"""

from __future__ import annotations

from rltune.study.plan import ModelTiming
from rltune.trainers.resources import Footprint

ERROR = 5
"""How many times as much, or as little, a guess must be expected to be off."""

_FULL_SIZE = 7e9
_TRAIN_RATE, _GENERATE_RATE = 1.4e14, 3.0e13
_PROMPT_TOKENS = 128
_RESPONSE_SHARE, _SHORT_RESPONSE = 0.25, 128
"""Mean length of a response over its limit, and the limit up to half of which responses go in any case."""
_START_SECONDS, _LOAD_RATE = 60.0, 1e8


def guess_timing(
    parameters: float, footprint: Footprint, *, response: int, answers: int, gpus: float = 1
) -> ModelTiming:
    """The timing of a model that was never run.

    Args:
        response: the longest response in tokens. answers: of a validation. gpus: of a trial.
    """
    slower = min(1.0, (parameters / _FULL_SIZE) ** 0.5)
    mean = min(response, max(_SHORT_RESPONSE, _RESPONSE_SHARE * response))
    generating = 2 * parameters * mean / (_GENERATE_RATE * slower * gpus)  # seconds for each answer
    tokens = footprint.completions * (_PROMPT_TOKENS + mean)
    training = parameters * footprint.passes * tokens / (_TRAIN_RATE * slower * gpus)
    return ModelTiming(
        step_seconds=training + (footprint.completions * generating if footprint.generates else 0.0),
        validate_seconds=answers * generating,
        start_seconds=_START_SECONDS + parameters / _LOAD_RATE,
    )
