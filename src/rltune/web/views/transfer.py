"""Whether the proxies tell the truth."""

from __future__ import annotations

from collections.abc import Mapping

from rltune.analysis.summary import Summary
from rltune.analysis.transfer import measure_transfer
from rltune.report.figures.transfer import transfer_picture
from rltune.web.figures.wire import wire_picture
from rltune.web.live import Live
from rltune.web.records import records_of

_ = Summary, transfer_picture, wire_picture


def transfer(live: Live, query: Mapping[str, str]) -> object:
    """`GET /api/transfer`."""
    records = records_of(live, whole=True)
    found = measure_transfer(records)
    if not found.pairs and not found.check:
        return {"none": "No configuration has been trained both on a proxy and to the end on the target yet."}
    return {"pairs": found.pairs, "check": found.check}
