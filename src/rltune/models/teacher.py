"""The noisy teacher that the embedded models are pretrained from.

A base model for reinforcement learning must *be able* to do the task and yet rarely do it: it then has something to
find, and its success rate at temperature 1 is far from both 0 and 1, where a group of rollouts would carry no signal.
The teacher gives such a distribution: the right answer some of the time, else a near miss or a wrong format.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Noise:
    """How often the teacher is right; what remains is shared equally by near misses and wrong formats."""

    right: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.right <= 1.0:
            raise ValueError(f"right must be a probability, got {self.right}")


def outcomes(answer: str, noise: Noise) -> dict[str, float]:
    """The teacher's completions where `answer` is right, of at most 5 characters, with their probabilities.

    Errors keep the right answer's digits in their places, so that a model can learn to make them without forgetting
    how to compute. No single error is as likely as the right answer: greedy decoding stays right.
    """
    if noise.right == 1.0:
        return {answer: 1.0}
    near = [f"{answer[:-1]}{(int(answer[-1]) + off) % 10}" for off in (-4, -3, -2, -1, 1, 2, 3, 4)]
    # Half of the wrong formats give up at once, half go on after the answer.
    formats = ["?", "#", "=", "no", "is", *(f"{answer}{stray}" for stray in ".! =?")]
    share = (1.0 - noise.right) / 2
    return {answer: noise.right} | dict.fromkeys(near, share / len(near)) | dict.fromkeys(formats, share / len(formats))


def sample(outcomes: Mapping[str, float], rng: random.Random) -> str:
    """One completion, drawn by its probability."""
    u = rng.random()
    for text, probability in outcomes.items():
        u -= probability
        if u < 0:
            return text
    return next(iter(outcomes))


def next_characters(outcomes: Mapping[str, float], prefix: str) -> dict[str, float]:
    """Distribution of the character after `prefix`, which must begin some outcome; the empty one is the end."""
    following: dict[str, float] = {}
    for text, probability in outcomes.items():
        if text.startswith(prefix):
            character = text[len(prefix) : len(prefix) + 1]
            following[character] = following.get(character, 0.0) + probability
    total = sum(following.values())
    return {character: mass / total for character, mass in following.items()}
