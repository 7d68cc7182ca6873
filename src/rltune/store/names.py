"""Which names a study may have: one that is a plain file name everywhere, and climbs out of no folder."""

from __future__ import annotations

import re

from rltune.errors import StoreError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def check_name(name: str) -> None:
    """Raises StoreError unless a study's name is safe as a file name and climbs nowhere."""
    if not _NAME.fullmatch(name):
        raise StoreError(
            "a study's name has 1 to 100 letters, digits, '.', '_' or '-' and starts with a letter or digit, "
            f"not {name[:120]!r}",
            hint="choose a plain name such as 'gsm8k-1'",
        )
