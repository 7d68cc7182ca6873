"""What the local executor and its fork server say to each other: one JSON object a line, over two pipes.

Requests: {"hello": {...}} first, then {"run": id, "folder": path, "environment": {name: value}}, with variables of
that trial alone. The end of the requests means: end everything.
Replies: {"ready": pid} or {"broken": text, "hint": text} first, then {"started": id, "pid": p, "started_at": t} or
{"refused": id, "reason": text} to each `run`, and {"ended": id, "status": wait status} when a trial is gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Hello:
    """What a server is told first.

    Attributes:
        trainers: names to preload. grace_seconds: how long trials may outlive the controller.
        path: `sys.path` of the controller, so that trainers are found where it finds them.
        python_path: PYTHONPATH as trials shall see it.
    """

    trainers: Sequence[str]
    grace_seconds: float
    path: Sequence[str]
    python_path: str | None

    def request(self) -> dict[str, object]:
        return {"hello": asdict(self)}


def encode(message: Mapping[str, object]) -> bytes:
    """A message as one line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


class Lines:
    """Splits what comes through a pipe into messages."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """The messages that `data` completes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield json.loads(line)
