"""optuna-dashboard on a storage, served from this process.

The dashboard can change and delete what it shows, and knows no passwords. So on a loopback address it answers only
what was asked of that address and, for writes, from one of its own pages: another site that is open in the same
browser can't drive it.
"""

# pyright: reportMissingImports=false
# The package is an extra.

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import optuna_dashboard

from rltune.errors import TrackerError
from rltune.trackers.optuna_storage import open_storage

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: whoever looks at the page knows what was asked for."""


@contextmanager
def dashboard(place: str, study: str, host: str, port: int) -> Iterator[str]:
    """Serves optuna-dashboard in its `with` block, from threads of its own. Yields the address of a study's page.

    Args:
        place: as `OptunaOptions.storage`. study: the name of an Optuna study there. port: 0: any that is free.

    Raises:
        TrackerError: if the storage can't be read, or the address can't be listened at.
    """
    storage = open_storage(place, must_exist=True)
    number = storage.get_study_id_from_name(study)
    application: Application = optuna_dashboard.wsgi(storage)
    if is_loopback(host):
        application = _guarded(application)
    try:
        server = make_server(host, port, application, server_class=_Server, handler_class=_Quiet)
    except OSError as error:
        raise TrackerError(
            f"nothing can be served at {host}:{port}: {error.strerror or error}",
            where="rltune optuna",
            hint="another program may use it: choose another --port (0: any that is free)",
        ) from error
    thread = threading.Thread(target=server.serve_forever, name="optuna-dashboard", daemon=True)
    thread.start()
    try:
        yield f"http://{_shown(host)}:{server.server_port}/dashboard/studies/{number}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        storage.remove_session()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _guarded(inner: Application) -> Application:
    """Refuses requests that name another host, and writes that come from another site's page."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked = environ.get("HTTP_HOST", "")
        origin = environ.get("HTTP_ORIGIN")
        reads = environ.get("REQUEST_METHOD") in ("GET", "HEAD", "OPTIONS")
        foreign = origin is not None and urlsplit(origin).netloc != asked
        if not is_loopback(urlsplit(f"//{asked}").hostname or "") or (foreign and not reads):
            start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
            return [b"this page is for this machine only\n"]
        return inner(environ, start_response)

    return application


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
