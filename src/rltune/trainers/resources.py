"""What a trainer may tell of the memory, the GPUs and the disk that it takes: capabilities beside the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from rltune.trainers.base import Role
from rltune.types import Scalar


@runtime_checkable
class SavesMemory(Protocol):
    """A trainer that can do the same training in less memory, for more time: smaller micro-batches, recomputed
    activations, states kept outside of the GPU. How far it has to go is found for each model by trying, and never
    searched: no result may depend on it but by rounding."""

    def memory_levels(self, hyperparameters: Mapping[str, Scalar], role: Role) -> Sequence[str]:
        """The levels for these hyperparameters and such a model, in words, from what the settings say (level 0) to the
        least memory.

        Each needs less memory than the one before it. A job whose `memory_level` lies beyond the last of its own
        hyperparameters trains at that last one. Light.

        Raises:
            TrainerError: as `check`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a training is expected to take, before anything was measured.

    Attributes:
        completions: learned from in a step. response: the longest one in tokens; None: the task's own.
        passes: floating-point operations for each parameter and token of a step, generation apart: 2 for a forward
            pass, 6 for a forward and backward one.
        checkpoint_bytes: of a complete checkpoint: weights, optimizer, of all models that are trained.
        generates: whether the model makes the completions itself.
    """

    completions: int
    response: int | None
    passes: float
    checkpoint_bytes: int
    generates: bool = True


@runtime_checkable
class Foresees(Protocol):
    """A trainer that knows what it will take."""

    def foresee(self, parameters: float, hyperparameters: Mapping[str, Scalar]) -> Footprint:
        """For a model with so many parameters. Light.

        Raises:
            TrainerError: as `check`.
        """
        ...


@runtime_checkable
class NeedsGpus(Protocol):
    """A trainer whose trials use a number of GPUs that its settings say."""

    def gpus(self, model: str, role: Role) -> int | None:
        """GPUs of this machine that a trial of a model needs; None: it uses those of a cluster, or whatever it sees.

        Raises:
            TrainerError: if the settings say nothing about the model.
        """
        ...
