"""Two arithmetic tasks that a model of 0.1 M parameters can do: rewards and splits need no data on disk.

`arithmetic/easy`: sums and differences of two numbers of one or two digits, such as `47+8=`.
`arithmetic/hard`: three terms, two of two digits and one of one digit, such as `47+85-6=`.
No answer is negative. A completion is right if it is the answer's digits and nothing else.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal

from rltune.errors import TaskError
from rltune.tasks.base import SPLITS, Example, Split
from rltune.tasks.pairs import Demonstration, Preference

Level = Literal["easy", "hard"]

# One seed for good: the same prompts are held out for every study, model and version, so scores can be compared.
DATA_SEED = 20_260_603
VALIDATION_SIZE = 256
TEST_SIZE = 512
TRAIN_SIZE = 4096


def draw(level: Level, rng: random.Random) -> Example:
    """Draw one problem of a level, uniformly over its terms and signs (negative results are drawn again).

    Only `rng.random()` is used: of Python's generator this is the method whose sequence is promised not to change
    between versions.
    """
    while True:
        if level == "easy":
            terms = [_below(100, rng), _below(100, rng)]
        else:
            terms = [10 + _below(90, rng), 10 + _below(90, rng), _below(10, rng)]
        signs = [1, *(1 if rng.random() < 0.5 else -1 for _ in terms[1:])]
        result = sum(sign * term for sign, term in zip(signs, terms, strict=True))
        if result >= 0:
            text = str(terms[0]) + "".join(
                f"{'+' if sign > 0 else '-'}{term}" for sign, term in zip(signs[1:], terms[1:], strict=True)
            )
            return Example(prompt=f"{text}=", answer=str(result))


def wrong_answer(example: Example) -> str:
    """An answer that is near the right one and wrong: off by 1, 2 or 10, never negative, the same each time."""
    right, rng = int(example.answer), random.Random(f"{DATA_SEED}/wrong/{example.prompt}")
    near = [right + distance for distance in (-10, -2, -1, 1, 2, 10) if right + distance >= 0]
    return str(near[_below(len(near), rng)])


def _below(limit: int, rng: random.Random) -> int:
    return int(rng.random() * limit)


def _distinct(level: Level) -> Iterator[Example]:
    rng = random.Random(f"{DATA_SEED}/{level}")
    seen: set[str] = set()
    while True:
        example = draw(level, rng)
        if example.prompt not in seen:
            seen.add(example.prompt)
            yield example


@lru_cache(maxsize=8)
def _splits(level: Level, train_size: int) -> dict[Split, tuple[Example, ...]]:
    source = _distinct(level)
    # Held-out prompts are drawn first, so that they stay the same whatever the size of the train split.
    test = tuple(next(source) for _ in range(TEST_SIZE))
    validation = tuple(next(source) for _ in range(VALIDATION_SIZE))
    train = tuple(next(source) for _ in range(train_size))
    return {"train": train, "validation": validation, "test": test}


class ArithmeticTask:
    """`arithmetic/easy` or `arithmetic/hard`; the reward is 1 for the right digits in the right format, else 0.

    There is no partial credit: a near miss differs from the answer by a digit, so any credit for closeness would
    also pay for guessing, and a plain 0/1 reward keeps the training reward and the score on one scale.
    """

    def __init__(self, level: Level, *, train_size: int = TRAIN_SIZE) -> None:
        if level not in ("easy", "hard"):
            raise TaskError(f"unknown arithmetic level {level!r}", where="task", hint="use 'easy' or 'hard'")
        if isinstance(train_size, bool) or not isinstance(train_size, int) or not 1 <= train_size <= 10_000:
            raise TaskError(
                f"train_size must be a whole number from 1 to 10000, got {train_size!r}",
                where=f"task arithmetic/{level}",
                hint="the easy task has only about 15000 distinct problems; the default of 4096 is usually right",
            )
        self._level: Level = level
        self._train_size = train_size

    @property
    def name(self) -> str:
        return f"arithmetic/{self._level}"

    @property
    def max_response_length(self) -> int:
        """8 tokens: at most 3 digits, a few stray characters of an untrained model, and the end."""
        return 8

    def examples(self, split: Split) -> Sequence[Example]:
        if split not in SPLITS:
            raise TaskError(f"unknown split {split!r}", where=self.name, hint=f"use one of {', '.join(SPLITS)}")
        return _splits(self._level, self._train_size)[split]

    def reward(self, example: Example, completion: str) -> float:
        return 1.0 if self.correct(example, completion) else 0.0

    def correct(self, example: Example, completion: str) -> bool:
        return completion == example.answer

    def demonstrations(self) -> Sequence[Demonstration]:
        """See `rltune.tasks.pairs`: the right answer to each train prompt."""
        return [Demonstration(example.prompt, example.answer) for example in self.examples("train")]

    def preferences(self) -> Sequence[Preference]:
        """See `rltune.tasks.pairs`: to each train prompt the right answer, and a wrong one."""
        return [Preference(e.prompt, e.answer, wrong_answer(e)) for e in self.examples("train")]
