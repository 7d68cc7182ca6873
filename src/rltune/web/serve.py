"""A study's page, served until it is stopped."""

from __future__ import annotations

import ipaddress
import secrets
import socket
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import uvicorn

from rltune.errors import RltuneError
from rltune.web.app import make_app
from rltune.web.guard import LOOPBACK, Terms
from rltune.web.live import Live

FIRST_PORT = 8265
_PORTS = 20
SHORTEST_TOKEN = 16
_GRACE_SECONDS = 2


class ServerError(RltuneError):
    """The live page can't be served as it was asked for."""


@dataclass(frozen=True, slots=True)
class Serving:
    """How a page is served.

    Attributes:
        host: name or address to bind. port: 0 takes a free one; None: the first free one from FIRST_PORT on.
        token: that is needed; None: none on loopback, a random one elsewhere. `random`: a random one anywhere.
        allowed: further names that it may be called by.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    token: str | None = None
    allowed: Sequence[str] = ()


def serve(place: str | Path, serving: Serving, tell: Callable[[str], None], *, browse: bool = False) -> None:
    """Serves the page of a study until the process is told to stop (Ctrl-C, SIGTERM).

    Args:
        tell: is given the page's address, with its token, once it can be opened.
        browse: opens it in the browser too.

    Raises:
        RltuneError: if there is no such study, or the address can't be used.
    """
    token = _token(serving)
    with closing(_bound(serving)) as listening, closing(Live(place)) as live:
        port = listening.getsockname()[1]
        terms = Terms(_names(serving), token, f"rltune_{port}")
        app = make_app(live, terms)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,  # an address may hold the token
            server_header=False,
            ws="none",
            http="h11",
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        address = f"http://{_shown(serving.host)}:{port}/{f'?token={token}' if token else ''}"
        server = _Server(config, lambda: _ready(address, tell, browse), lambda: app.state.watcher.dismiss())
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """Says when it can be reached, and when it begins to end."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready, self._ending = ready, ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ending()
        await super().shutdown(sockets)


def _ready(address: str, tell: Callable[[str], None], browse: bool) -> None:
    tell(address)
    if browse:
        webbrowser.open(address)


def _token(serving: Serving) -> str | None:
    """The token that is needed.

    Raises:
        ServerError: if the given one could be guessed.
    """
    if serving.token in (None, "random"):
        return secrets.token_urlsafe(32) if serving.token or not _is_loopback(serving.host) else None
    if len(serving.token or "") < SHORTEST_TOKEN:
        raise ServerError(
            f"a token needs at least {SHORTEST_TOKEN} characters",
            where="--token",
            hint="leave it out: a random one is made",
        )
    return serving.token


def _is_loopback(host: str) -> bool:
    return host.lower() in LOOPBACK


def _bound(serving: Serving) -> socket.socket:
    """A socket that listens where it was asked for.

    Raises:
        ServerError: if that can't be.
    """
    ports = [serving.port] if serving.port is not None else [*range(FIRST_PORT, FIRST_PORT + _PORTS), 0]
    for port in ports:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                serving.host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            listening = socket.socket(family, kind, protocol)
            try:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listening.bind(address)
                listening.listen(128)
            except OSError:
                listening.close()
                raise
            return listening
        except OSError as error:
            if port == ports[-1]:
                raise ServerError(
                    f"the page can't be served at {serving.host}:{port}: {error.strerror or error}",
                    where="--port" if serving.port else "--host",
                    hint="--port 0 takes a free one" if serving.port else "name an address of this machine",
                ) from error
    raise AssertionError("there is always a last port")


def _names(serving: Serving) -> frozenset[str]:
    """What a request may call the server: names that can't be made to point here by somebody else."""
    names = {name.lower() for name in serving.allowed}
    if _is_loopback(serving.host):
        return frozenset(names | LOOPBACK)
    own = {serving.host.lower(), socket.gethostname().lower(), socket.getfqdn().lower()}
    for addresses in psutil.net_if_addrs().values():
        own |= {a.address.partition("%")[0] for a in addresses if a.family in (socket.AF_INET, socket.AF_INET6)}
    return frozenset(names | own | LOOPBACK)


def _shown(host: str) -> str:
    """The host as an address names it: of all interfaces, this machine's name."""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host
    if found.is_unspecified:
        return socket.gethostname()
    return f"[{host}]" if found.version == 6 else host
