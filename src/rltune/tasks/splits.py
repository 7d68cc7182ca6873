"""Splits that share no prompt, and validation examples held out of the train split."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from rltune.errors import TaskError

T = TypeVar("T")


def same(text: str) -> str:
    """What texts have in common that differ only in white space, as in files that were prepared twice."""
    return " ".join(text.split())


def unseen(items: Iterable[T], seen: set[str], key: Callable[[T], str]) -> tuple[T, ...]:
    """The items whose key isn't in `seen`, each key once, in order. Their keys are added to `seen`.

    Keys that differ only in white space are the same.
    """
    kept = []
    for item in items:
        text = same(key(item))
        if text not in seen:
            seen.add(text)
            kept.append(item)
    return tuple(kept)


def shuffled(items: Iterable[T], key: Callable[[T], str]) -> tuple[T, ...]:
    """The items in an order that depends on their keys alone, and on nothing that the keys say.

    So the first n of a file that is sorted by subject are a fair sample of it.
    """
    return tuple(sorted(items, key=lambda item: hashlib.sha256(key(item).encode("utf-8", "surrogatepass")).digest()))


def hold_out(train: Sequence[T], size: int, key: Callable[[T], str], where: str) -> tuple[tuple[T, ...], tuple[T, ...]]:
    """`size` validation items and the train items that remain, in order. Keys must be distinct.

    Which ones are held out depends on the keys alone, so it stays the same whatever the order of the file.
    Raises TaskError if nothing would remain.
    """
    if size >= len(train):
        raise TaskError(
            f"validation_size {size} leaves no train example of {len(train)}",
            where=where,
            hint=f"use at most {len(train) - 1}",
        )
    held = shuffled(train, key)[:size]
    keys = {key(item) for item in held}
    return held, tuple(item for item in train if key(item) not in keys)
