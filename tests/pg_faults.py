"""What can happen to a throw-away PostgreSQL server and to the connections to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

_SOCKET = ".s.PGSQL.5432"
_OTHER_PORT = "5433"


def end_connections(url: str) -> int:
    """Ends all other connections to the server; returns how many there were."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        ended = connection.execute(
            text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        ).scalar_one()
    engine.dispose()
    return ended


@contextmanager
def vanished(url: str) -> Iterator[None]:
    """Inside it the server is out of reach: its connections were ended, and new ones find no socket."""
    folder = Path(url.partition("host=")[2])
    hidden, back_door = folder / "hidden", folder / f".s.PGSQL.{_OTHER_PORT}"
    (folder / _SOCKET).rename(hidden)
    back_door.symlink_to(hidden)
    try:
        end_connections(f"postgresql+psycopg://rltune@/rltune?host={folder}&port={_OTHER_PORT}")
        yield
    finally:
        back_door.unlink()
        hidden.rename(folder / _SOCKET)
