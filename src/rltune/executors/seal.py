"""Lines of JSON that tell when a byte of them has changed.

A disk that flips a bit in a number leaves strict JSON with another number: nothing else would notice. So what is
written for a later reader carries a checksum, as the last value of its object: `{..., "crc": "1a2b3c4d"}`.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import Any

from rltune.executors import codec

_SEALED = re.compile(rb'(\{.*),"crc":"([0-9a-f]{8})"\}\s*', re.DOTALL)


def sealed(value: Mapping[str, object]) -> str:
    """One line of strict JSON with its checksum. `value` has at least one key, and none named `crc`."""
    text = codec.dumps(value)
    return f'{text[:-1]},"crc":"{zlib.crc32(text.encode()):08x}"}}'


def unsealed(text: bytes) -> Any:
    """The value that `sealed` wrote.

    Raises:
        ValueError: if it isn't whole, or isn't what was written.
    """
    match = _SEALED.fullmatch(text)
    if match is None:
        raise ValueError("it is cut off, or has no checksum")
    content = match[1] + b"}"
    if f"{zlib.crc32(content):08x}".encode() != match[2]:
        raise ValueError("its checksum doesn't fit: it has changed since it was written")
    return codec.loads(content)
