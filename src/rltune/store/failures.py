"""From a database's complaint to a StoreError that says where and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError, SQLAlchemyError, StatementError

from rltune.errors import StoreError

_AWAY = (
    "check that it runs and that the URL is right; what a study had measured is safe in its folder, and `rltune "
    "resume` goes on"
)
_CAUSES = (
    # (part of the driver's message in lower case, what it means, what to do)
    ("disk is full", "the disk is full", "free some space, then resume: everything committed so far is safe"),
    (
        "no space left",
        "the disk is full",
        "free some space, then resume: everything committed so far is safe",
    ),
    ("not a database", "the file isn't an rltune store", "restore it from a backup, or use another folder"),
    (
        "malformed",
        "the database is damaged",
        "restore it from a backup, or recover what can be with `sqlite3 .recover`",
    ),
    (
        "readonly database",
        "the database can't be written",
        "check the permissions of the folder and of its files",
    ),
    ("unable to open", "the database can't be opened", "check the path and the permissions of the folder"),
    ("database is locked", "another process keeps the database locked", "end that process, then try again"),
    ("disk i/o error", "the disk failed or is full", "check the disk and its free space, then resume"),
    ("read-only transaction", "the store was opened for reading only", "open it with read_only=False"),
    (
        "password authentication failed",
        "the server refused the password",
        "check user and password in the URL",
    ),
    (
        "permission denied",
        "the server refused access",
        "give the user the right to create a schema in this database",
    ),
    (
        "does not exist",
        "the server doesn't have what the URL names",
        "create the database first (`createdb NAME`)",
    ),
    ("terminating connection", "the database server ended the connection", _AWAY),
    ("connection", "the database server can't be reached", _AWAY),
)


@contextmanager
def store_errors(where: str) -> Iterator[None]:
    """Turns whatever the database raises inside the block into a StoreError about `where`.

    The driver's own words are kept; statements and their parameters are not (they would hide them and may be large).
    """
    try:
        yield
    except SQLAlchemyError as error:
        raise explain(error, where) from error


def explain(error: SQLAlchemyError, where: str) -> StoreError:
    """The StoreError for a database error."""
    cause = error.orig if isinstance(error, StatementError) else error
    if isinstance(cause, StoreError):
        return cause  # a value that a column type has refused
    detail = str(cause).strip()
    if isinstance(error, IntegrityError):
        return StoreError(
            f"a record contradicts what the store holds: {detail}",
            where=where,
            hint="another process may write this study; only one may",
        )
    for sign, meaning, hint in _CAUSES:
        if sign in detail.lower():
            return StoreError(f"{meaning}: {detail}", where=where, hint=hint)
    return StoreError(f"the database failed: {detail}", where=where)
