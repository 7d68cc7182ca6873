"""The names that a study may have, as the store checks them: it also serves those who bring no study file."""

from __future__ import annotations

from rltune.config import names
from rltune.errors import StoreError


def check_name(name: str) -> None:
    """Raises StoreError unless a study's name is safe as a file name and climbs nowhere."""
    try:
        names.check_name(name)
    except ValueError as error:
        raise StoreError(str(error), hint="choose a plain name such as 'gsm8k-1'") from None
