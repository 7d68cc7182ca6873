"""A database connection that breaks: the server ends the study's sessions, as at a restart or a failover."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from sqlalchemy import text

from rltune.config.load import load_study
from rltune.errors import StoreError
from rltune.store.engine import Access, open_engine, parse_location
from rltune.study.api import STUDY_FILE
from rltune.testing.faults.base import Injected, Moment, NothingToHit, Scene

_TERMINATE = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True, slots=True)
class DatabaseConnection:
    """Ends all other sessions in the study's PostgreSQL database, which must be the study's own."""

    name: str = "database_connection"
    moment: Moment = Moment.RUNNING
    loses_tail: bool = False

    def inject(self, scene: Scene, rng: Random) -> Injected:
        file = scene.folder / STUDY_FILE
        store = load_study(file).config.store if file.is_file() else None
        if store is None:
            raise NothingToHit("the study's store isn't a server", where=str(scene.folder))
        engine = open_engine(parse_location(store), Access.WRITE)
        try:
            with engine.begin() as connection:
                ended = connection.execute(_TERMINATE).scalar()
        except StoreError as error:
            raise NothingToHit(f"the server can't be asked: {error.message}", where=str(scene.folder)) from error
        finally:
            engine.dispose()
        if not ended:
            raise NothingToHit("no session of the study is open", where=str(scene.folder))
        return Injected(f"{ended} sessions of the database ended by the server")
