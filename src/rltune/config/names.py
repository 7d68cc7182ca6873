"""Which names a study may have: a plain file name everywhere, that climbs out of no folder."""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def check_name(name: str) -> str:
    """The name itself, if a study's folder and files can be called so.

    Raises:
        ValueError: if they can't.
    """
    if not _NAME.fullmatch(name) or ".." in name:
        raise ValueError(
            "a study's name has 1 to 80 letters, digits, '.', '_' or '-', starts with a letter or digit and has no "
            f"'..' in it, got {name[:100]!r}"
        )
    return name
