"""A task that a random model can learn, and a reporter that keeps what it is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from rltune.tasks.base import Example, Split
from rltune.tasks.pairs import Demonstration, Preference
from rltune.types import StepMetrics, StopReason


class ToyTask:
    """Answer with digits: a reward that a random model gets some of, on few prompts of several lengths."""

    name = "toy"
    max_response_length = 5

    def examples(self, split: Split) -> Sequence[Example]:
        start, count = {"train": (0, 10), "validation": (10, 8), "test": (18, 6)}[split]
        return [Example(prompt=f"{'ab'[i % 2] * (1 + i % 3)}{i}=", answer=str(i)) for i in range(start, start + count)]

    def reward(self, example: Example, completion: str) -> float:
        return sum(c.isdigit() for c in completion) / self.max_response_length

    def correct(self, example: Example, completion: str) -> bool:
        return completion[:1].isdigit()

    def demonstrations(self) -> list[Demonstration]:
        return [Demonstration(example.prompt, 3 * example.answer) for example in self.examples("train")]

    def preferences(self) -> list[Preference]:
        return [Preference(e.prompt, e.answer, "abc"[: 1 + i % 3]) for i, e in enumerate(self.examples("train"))]


class Recorder:
    """A reporter that publishes checkpoints under `root` and ends the run where `stop` says so."""

    def __init__(self, root: Path, stop: Callable[[StepMetrics], StopReason | None] = lambda _: None) -> None:
        self.root = root
        self.stop = stop
        self.started = 0
        self.signs = 0
        self.steps: list[StepMetrics] = []
        self.checkpoints: list[int] = []

    def training_starts(self) -> None:
        self.started += 1

    def alive(self) -> None:
        self.signs += 1

    def step(self, metrics: StepMetrics) -> StopReason | None:
        assert self.started == 1
        self.steps.append(metrics)
        return self.stop(metrics)

    def checkpoint(self, step: int, save: Callable[[Path], None]) -> Path:
        assert step == self.steps[-1].step
        folder, final = self.root / "writing", self.root / f"step-{step:06d}"
        folder.mkdir(parents=True)
        save(folder)
        shutil.rmtree(final, ignore_errors=True)
        self.checkpoints.append(step)
        return folder.rename(final)
