"""Requests to the study's controller: what was asked for, and what became of it."""

from __future__ import annotations

from rltune.web.live import Live


def newest_requests(live: Live, most: int) -> list[object]:
    """The newest requests, the newest first."""
    return []
