"""The live page's addresses."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from rltune import __version__
from rltune.errors import RltuneError, StoreError
from rltune.web.answers import Answerer, Answers
from rltune.web.guard import Guard, Terms, refused
from rltune.web.importance import Importance
from rltune.web.live import Live
from rltune.web.parameters import NotFound, RequestError
from rltune.web.plain import plain, said
from rltune.web.static import PLOTLY, StaticFiles
from rltune.web.views.configurations import configurations
from rltune.web.views.curves import curves
from rltune.web.views.ledger import ledger
from rltune.web.views.overview import overview
from rltune.web.views.requests import ask, one_request, why_not
from rltune.web.views.run import run
from rltune.web.views.runs import runs
from rltune.web.views.transfer import transfer
from rltune.web.watcher import Watcher

LARGEST_BODY = 64 << 10
VIEWS: dict[str, tuple[str, Answerer]] = {
    "/api/overview": ("overview", overview),
    "/api/runs": ("runs", runs),
    "/api/curves": ("curves", curves),
    "/api/run/{run}": ("run", run),
    "/api/transfer": ("transfer", transfer),
    "/api/ledger": ("ledger", ledger),
    "/api/requests/{id}": ("requests", one_request),
}
"""Address -> (the part of the page whose version it has, what answers)."""

logger = logging.getLogger(__name__)


def make_app(live: Live, terms: Terms) -> Starlette:
    """The application for one study; it watches the study while it is up."""
    answers, static, importance = Answers(live), StaticFiles(), Importance()
    views = {**VIEWS, "/api/configurations": ("configurations", configurations(importance))}

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.watcher = await run_in_threadpool(Watcher, live)
        threading.Thread(target=_warm_up, args=(answers, static), name="rltune dashboard warm-up", daemon=True).start()
        try:
            yield
        finally:
            importance.stop()
            await run_in_threadpool(app.state.watcher.stop)

    routes = [
        Route("/", _file(static, "index.html")),
        Route("/static/{name:path}", _file(static)),
        Route("/api/session", _session(live, terms)),
        Route("/api/events", _events(live)),
        Route("/api/requests", _requests(live), methods=["POST"]),
        *(Route(path, _view(answers, part, path, answerer)) for path, (part, answerer) in views.items()),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: _missing, 405: _missing, 500: _broken})
    app.add_middleware(Guard, terms=terms)
    return app


def _warm_up(answers: Answers, static: StaticFiles) -> None:
    """Loads what the first page would have to wait for: Plotly, SciPy, plotly.js packed."""
    static.get(PLOTLY)
    with suppress(RltuneError):
        answers.get("overview", "/api/overview", overview, {})


def _view(answers: Answers, part: str, path: str, answerer: Answerer) -> Callable:
    def view(request: Request) -> Response:
        query = {**request.query_params, **request.path_params}
        if _has(request, answers.tag(part)):
            return Response(status_code=304, headers={"ETag": answers.tag(part)})
        try:
            answer = answers.get(part, path, answerer, query)
        except RltuneError as error:
            return JSONResponse(said(error), _status(error))
        return _packed(request, answer.body, answer.packed, answer.tag, "application/json")

    return view


def _file(static: StaticFiles, name: str | None = None) -> Callable:
    def serve(request: Request) -> Response:
        found = static.get(name or request.path_params["name"])
        if found is None:
            return refused(404, "there is nothing here")
        if _has(request, found.tag):
            return Response(status_code=304, headers={"ETag": found.tag})
        return _packed(request, found.body, found.packed, found.tag, found.kind)

    return serve


def _packed(request: Request, body: bytes, packed: bytes | None, tag: str, kind: str) -> Response:
    # Kept by the browser, but never used without asking: with a token the answer is somebody's own.
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding, Cookie"}
    if packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=kind)
    return Response(body, headers=headers, media_type=kind)


def _has(request: Request, tag: str) -> bool:
    """Whether the browser has this version already."""
    known = request.headers.get("if-none-match", "")
    return tag in (each.strip().removeprefix("W/") for each in known.split(","))


def _session(live: Live, terms: Terms) -> Callable:
    def session(request: Request) -> Response:
        refusal = why_not(live)
        return JSONResponse(
            {
                "csrf": terms.csrf,
                "study": live.name,
                "can_steer": refusal is None,
                "why_not": refusal,
                "version": __version__,
            }
        )

    return session


def _requests(live: Live) -> Callable:
    async def requests(request: Request) -> Response:
        try:
            asked = json.loads(await _body(request))
        except (ValueError, RecursionError):
            return refused(400, "a request is one JSON object")
        try:
            made = await run_in_threadpool(ask, live, asked)
        except RltuneError as error:
            return JSONResponse(said(error), 503 if isinstance(error, StoreError) else 400)
        finally:
            request.app.state.watcher.poke()
        return JSONResponse(plain(made), 202)

    return requests


async def _body(request: Request) -> bytes:
    """The request's body.

    Raises:
        ValueError: if it is too large.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise ValueError("too large")
    return body


def _events(live: Live) -> Callable:
    async def events(request: Request) -> Response:
        watcher: Watcher = request.app.state.watcher
        page = watcher.open()
        if page is None:
            return refused(503, "too many pages are open", "close some")

        async def stream() -> AsyncIterator[bytes]:
            try:
                async for event in page.stream(live):
                    yield event
            finally:
                watcher.close(page)

        return StreamingResponse(stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    return events


def _status(error: RltuneError) -> int:
    if isinstance(error, NotFound):
        return 404
    return 400 if isinstance(error, RequestError) else 503


async def _missing(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    return refused(status, "there is nothing here" if status == 404 else "this can't be done here")


async def _broken(request: Request, error: Exception) -> Response:
    logger.error("%s failed", request.url.path, exc_info=error)
    return refused(500, "the server has made a mistake; its terminal says which")
