"""`rltune upgrade`: bring the store of an earlier rltune up to date."""

from __future__ import annotations

from rltune.store.engine import parse_location
from rltune.store.schema import SCHEMA_VERSION
from rltune.store.upgrade import upgrade


def main(place: str) -> None:
    """Brings a store's schema up to date and says from which version."""
    found = upgrade(parse_location(place))
    if found is None:
        print(f"nothing to do: there is no store of another schema version than {SCHEMA_VERSION}")
    else:
        print(f"upgraded from schema version {found} to {SCHEMA_VERSION}")
