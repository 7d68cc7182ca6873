"""The ledger: who decided what, from which inputs, newest first."""

from __future__ import annotations

from collections.abc import Mapping

from rltune.store.pages import ledger_page
from rltune.web.live import Live
from rltune.web.parameters import number_of, text_of

MOST_ROWS = 500


def ledger(live: Live, query: Mapping[str, str]) -> object:
    """`GET /api/ledger`."""
    page = live.reading(
        ledger_page,
        kind=text_of(query, "kind"),
        words=text_of(query, "q").split(),
        offset=number_of(query, "offset", 0),
        limit=number_of(query, "limit", 100, most=MOST_ROWS),
    )
    return {
        "total": page.total,
        "matching": page.matching,
        "kinds": sorted(page.kinds),
        "counts": page.kinds,
        "rows": page.rows,
    }
