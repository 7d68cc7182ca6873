"""One thread that looks at the store for all pages that are open, and tells them what has changed."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import suppress

from rltune.web.live import PARTS, Live
from rltune.web.plain import encode

LOOK_SECONDS = 0.7
"""Between two looks: with the time that they take, a commit is on its way to the page within two seconds."""
PING_SECONDS = 15.0
MOST_PAGES = 64

logger = logging.getLogger(__name__)


class Watcher:
    """Looks until it is closed. `pages` come and go on the server's event loop."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._pages: dict[Page, asyncio.AbstractEventLoop] = {}
        self._guard = threading.Lock()
        self._over, self._wanted = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="rltune dashboard watcher", daemon=True)
        self._thread.start()

    def poke(self) -> None:
        """Looks at once: something was written just now."""
        self._wanted.set()

    def open(self) -> Page | None:
        """A new page's news; None if too many are open. To be called on the event loop."""
        page = Page()
        with self._guard:
            if len(self._pages) >= MOST_PAGES:
                return None
            self._pages[page] = asyncio.get_running_loop()
        return page

    def close(self, page: Page) -> None:
        """The page has gone."""
        with self._guard:
            self._pages.pop(page, None)

    def dismiss(self) -> None:
        """Ends the streams of all pages: a server waits for its answers to end before it does."""
        self._tell(None)

    def stop(self) -> None:
        """Ends the thread."""
        self._over.set()
        self._wanted.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            try:
                changed = self._live.refresh()
            except Exception:  # whatever goes wrong with one look, there is a next one
                logger.exception("the study couldn't be looked at")
                changed = ()
            if changed:
                self._tell(changed)
            self._wanted.wait(LOOK_SECONDS)
            self._wanted.clear()

    def _tell(self, changed: tuple[str, ...] | None) -> None:
        with self._guard:
            pages = list(self._pages.items())
        for page, loop in pages:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(page.tell, changed)


class Page:
    """What one open page has yet to be told. News that it hasn't read yet add up instead of piling up."""

    def __init__(self) -> None:
        self._changed: set[str] = set()
        self._over = False
        self._news = asyncio.Event()

    def tell(self, changed: tuple[str, ...] | None) -> None:
        """These parts have changed; None: the server ends."""
        self._changed.update(changed or ())
        self._over = self._over or changed is None
        self._news.set()

    async def stream(self, live: Live) -> AsyncIterator[bytes]:
        """Server-sent events until the server ends."""
        yield b"retry: 2000\n\n" + _event("change", {"version": live.version.of("overview"), "parts": []})
        while not self._over:
            try:
                await asyncio.wait_for(self._news.wait(), PING_SECONDS)
            except TimeoutError:
                yield _event("ping", {})
                continue
            self._news.clear()
            parts = [part for part in PARTS if part in self._changed]
            self._changed.clear()
            if parts:
                yield _event("change", {"version": live.version.of("overview"), "parts": parts})


def _event(name: str, data: object) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + encode(data) + b"\n\n"
