"""`rltune status --json`: a study summed up for scripts."""

from __future__ import annotations

import json

from rltune.analysis.summary import summarize
from rltune.study.looking import look_at


def main(study_at: str) -> None:
    """Prints where a study stands, as one JSON object."""
    look = look_at(study_at)
    summary = summarize(look.store, look.alive())
    look.store.close()
    print(json.dumps(summary.to_json()))
