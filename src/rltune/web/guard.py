"""Who may ask, and what an answer may be used for: the one door through which every request to the live page goes.

- `Host` must be one of the server's own names: a page of another site whose name was made to point here (DNS
  rebinding) is refused.
- With a token, every request needs it, in a cookie that only this server's pages send, or as `Authorization: Bearer`.
  Tokens are compared in constant time.
- A request that a browser says comes from another site is refused, whatever it asks for.
- A request that writes needs `Origin` (where the browser sends it) to be ours, and a header with a secret that only
  our own page can have read. A form of another site can send neither.
- No other site may read, embed or frame an answer, and the page runs no script but its own files.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CSRF_HEADER = "X-Rltune"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_READS = ("GET", "HEAD")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """Whom a server lets in.

    Attributes:
        hosts: names that it may be called by, in lower case, without ports.
        token: that every request needs; None: none is needed.
        cookie: the name of the cookie that holds it: browsers keep the cookies of all ports of a host together.
        csrf: that a request which writes needs.
    """

    hosts: frozenset[str]
    token: str | None = None
    cookie: str = "rltune"
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, terms: Terms) -> None:
        self._app = app
        self._terms = terms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = Headers(raw=message["headers"])
                more = {**HEADERS, **({} if "cache-control" in given else {"Cache-Control": "no-store"})}
                message["headers"] = [
                    *message["headers"], *((k.lower().encode(), v.encode()) for k, v in more.items())
                ]  # fmt: skip
            await send(message)

        refusal = self._refusal(Request(scope))
        await (refusal or self._app)(scope, receive, guarded)

    def _refusal(self, request: Request) -> Response | None:
        """The answer to a request that may not go on."""
        terms, headers = self._terms, request.headers
        if host_of(headers.get("host", "")) not in terms.hosts:
            return refused(421, "the server isn't known by this name", "name it with --allow-host")
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none") and not _is_link(request):
            return refused(403, "requests from other sites are refused")
        if terms.token is not None:
            entry = self._enter(request, terms.token)
            if entry is not None:
                return entry
        return None if request.method in _READS else self._writes(request)

    def _enter(self, request: Request, token: str) -> Response | None:
        """None for a request with the right token; a first visit with it gets its cookie."""
        given = request.query_params.get("token", "")
        if request.url.path == "/" and request.method == "GET" and given and _same(given, token):
            # No redirect: a cookie for this site alone isn't sent along one that began at another site's link.
            page = HTMLResponse('<!doctype html><meta http-equiv="refresh" content="0;url=/"><a href="/">rltune</a>')
            page.set_cookie(self._terms.cookie, token, httponly=True, samesite="strict", path="/")
            return page
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        known = [request.cookies.get(self._terms.cookie, ""), bearer if scheme.lower() == "bearer" else ""]
        if _same(known[0], token) | _same(known[1], token):
            return None
        return refused(401, "the token is missing or wrong", "open the address that `rltune dashboard` has printed")

    def _writes(self, request: Request) -> Response | None:
        """None for a request that comes from our own page, or from a program that knows its secret."""
        headers = request.headers
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
            return refused(403, "requests from other sites are refused")
        if not _same(headers.get(CSRF_HEADER, ""), self._terms.csrf):
            return refused(403, f"the header {CSRF_HEADER} is missing or old", "reload the page")
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        return None if kind == "application/json" else refused(415, "a request is one JSON object", "application/json")


def host_of(header: str) -> str:
    """The name in a Host header, in lower case, without port and brackets; empty if it isn't one."""
    try:
        return (urlsplit(f"//{header}").hostname or "").rstrip(".") if header and "/" not in header else ""
    except ValueError:
        return ""


def refused(status: int, message: str, hint: str | None = None) -> JSONResponse:
    """An error as the page expects it."""
    return JSONResponse({"error": {"message": message, "where": None, "hint": hint}}, status)


def _is_link(request: Request) -> bool:
    """A link to the page itself may stand anywhere; what the page shows may not be fetched from anywhere."""
    navigates = request.headers.get("sec-fetch-mode") == "navigate" and request.method == "GET"
    return navigates and request.url.path == "/"


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
