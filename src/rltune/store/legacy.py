"""Who runs a study of a version 1 store: its controllers hold a lock on a file or on the server, not a lease.

Asked once, before such a store is upgraded: a controller of the first release that is still at work would go on
writing, unfenced.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, text

from rltune.store import filelock
from rltune.store.engine import Location

_ADVISORY = text("""
    SELECT count(*) FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
      AND classid::bigint = :high AND objid::bigint = :low
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")


def is_run(connection: Connection, place: Location, name: str) -> bool:
    """Whether a controller of version 1 runs the study.

    Raises:
        StoreError: if its lock file can't be read.
    """
    if place.folder is not None:
        return filelock.holder(place.folder / f"{name}.lock") is not None
    key = int.from_bytes(hashlib.blake2b(f"rltune study {name}".encode(), digest_size=8).digest()) >> 1
    return bool(connection.execute(_ADVISORY, {"high": key >> 32, "low": key & 0xFFFFFFFF}).scalar())
