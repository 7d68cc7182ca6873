"""Answers that are made once for each version of the study, however many pages ask for them."""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import uuid4

from rltune.errors import StoreError
from rltune.web.live import Live
from rltune.web.plain import encode, plain

KEPT_BYTES = 24 << 20
"""Of answers that may be asked for again."""
_WORTH_PACKING = 1 << 10

Answerer = Callable[[Live, Mapping[str, str]], object]
"""What an address answers, from the study and the parameters of the request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The bytes of an answer, packed with gzip if that is worth it, and the version that they are of."""

    tag: str
    body: bytes
    packed: bytes | None

    @property
    def size(self) -> int:
        return len(self.body) + len(self.packed or b"")


Key = tuple[str, tuple[tuple[str, str], ...]]
"""What was asked: the address, and the parameters in the order of their names."""


class Answers:
    """A small store of answers. From any thread; one answer is made at a time."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._kept: OrderedDict[Key, Answer] = OrderedDict()
        self._bytes = 0
        self._guard = threading.Lock()
        self._here = uuid4().hex[:8]  # another server's versions aren't ours

    def tag(self, part: str) -> str:
        """The ETag of today's answers about a part of the page."""
        return f'"{self._here}-{self._live.version.of(part)}"'

    def get(self, part: str, name: str, answerer: Answerer, query: Mapping[str, str]) -> Answer:
        """The answer of today. Raises what `answerer` does."""
        key = name, tuple(sorted(query.items()))
        with self._live.lock:
            tag = self.tag(part)
            known = self._recall(key)
            if known is not None and known.tag == tag:
                return known
            try:
                body = encode(plain(answerer(self._live, query)))
            except StoreError:
                if known is None:
                    raise
                return known  # what the page had while the database is away
        packed = gzip.compress(body, 5) if len(body) >= _WORTH_PACKING else None
        answer = Answer(tag, body, packed)
        self._keep(key, answer)
        return answer

    def _recall(self, key: Key) -> Answer | None:
        with self._guard:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: Key, answer: Answer) -> None:
        with self._guard:
            older = self._kept.pop(key, None)
            self._bytes += _size(key, answer) - (_size(key, older) if older else 0)
            self._kept[key] = answer
            while self._bytes > KEPT_BYTES and len(self._kept) > 1:
                self._bytes -= _size(*self._kept.popitem(last=False))


def _size(key: Key, answer: Answer) -> int:
    """Bytes that an answer takes here: what was asked may be longer than what is answered."""
    asked = sum(len(name) + len(value) for name, value in key[1])
    return asked + answer.size
