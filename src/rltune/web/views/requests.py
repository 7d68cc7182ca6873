"""What people ask of the study through the page: handed on, and told what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rltune.errors import RltuneError
from rltune.store.base import RequestRecord
from rltune.study.steering import request
from rltune.web.live import Live
from rltune.web.parameters import NotFound, RequestError, number_of

BY = "page"


def newest_requests(live: Live, most: int) -> list[RequestRecord]:
    """The newest requests, the newest first."""
    return live.store.requests()[::-1][:most]


def one_request(live: Live, query: Mapping[str, str]) -> object:
    """`GET /api/requests/<id>`.

    Raises:
        NotFound: if there is no such request.
    """
    number = number_of(query, "id", 0)
    for found in live.store.requests():
        if found.id == number:
            return found
    raise NotFound(f"the study has no request {number}", where="id")


def ask(live: Live, asked: object) -> RequestRecord:
    """`POST /api/requests`, of a body that is JSON.

    Raises:
        RequestError: if the body isn't what it should be. RltuneError: if the study can't grant it.
    """
    if not isinstance(asked, dict) or set(asked) - {"kind", "values"} or not isinstance(asked.get("kind"), str):
        raise RequestError(
            "a request is one JSON object with a kind and values", hint='{"kind": "pause", "values": {}}'
        )
    values: Any = asked.get("values", {})
    if not isinstance(values, dict):
        raise RequestError("the values of a request are a JSON object", where="values")
    return request(live.place, asked["kind"], values, BY)


def why_not(live: Live) -> str | None:
    """Why nothing can be asked of the study from here; None if it can."""
    try:
        return None if live.writable() else "this process may not write to the study's database"
    except RltuneError as error:
        return error.message
