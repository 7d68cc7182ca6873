"""The processes that train one run together: how they agree, and how they share work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import torch.distributed as dist

T = TypeVar("T")


class Team(Protocol):
    """One process's view of all of them. Each method must be called by all, in the same order."""

    size: int
    rank: int

    @property
    def leads(self) -> bool:
        """Whether this process is the one that speaks for all."""
        ...

    def agree(self, value: T) -> T:
        """The leader's value."""
        ...

    def join(self, mine: Sequence[T]) -> list[T]:
        """What all have, in the order of their ranks."""
        ...

    def meet(self) -> None:
        """Waits for all."""
        ...


class Alone:
    """A single process."""

    size = 1
    rank = 0
    leads = True

    def agree(self, value: T) -> T:
        return value

    def join(self, mine: Sequence[T]) -> list[T]:
        return list(mine)

    def meet(self) -> None:
        return


ALONE = Alone()


class Ranks:
    """The processes of torch's default process group, which must exist."""

    def __init__(self) -> None:
        self.size = dist.get_world_size()
        self.rank = dist.get_rank()

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def agree(self, value: T) -> T:
        box = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def join(self, mine: Sequence[T]) -> list[T]:
        boxes: list[Sequence[T]] = [()] * self.size
        dist.all_gather_object(boxes, list(mine))
        return [item for box in boxes for item in box]

    def meet(self) -> None:
        dist.barrier()


def team_of_this_process() -> Team:
    """Those that the launcher has started together, once torch knows of them; else this one alone."""
    if dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1:
        return Ranks()
    return ALONE
