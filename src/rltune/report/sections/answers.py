"""Where the answers are that the final models gave on test questions."""

from __future__ import annotations

from urllib.parse import quote

from rltune.report.data import ReportData
from rltune.report.markup import Html, paragraph, section, table, tag
from rltune.tasks.ood import other_of


def answers(data: ReportData) -> Html:
    """A row for each file; nothing if none was kept."""
    rows = []
    for place, value in data.records.fact("answers").items():
        run_id, split = value if isinstance(value, list | tuple) and len(value) == 2 else ("", "")
        run = data.records.runs.get(run_id)
        if run is not None:
            role = data.role(run.configuration.id) or run.configuration.id
            test = other_of(split) or "the study's own"
            rows.append([role, run.seed, test, tag("a", place, href=f"./{quote(place)}")])
    if not rows:
        return Html("")
    note = (
        "One answer a line, with its prompt, the reference answer and its score; the files lie in the study's folder."
    )
    return section(
        "Answers to test questions",
        "answers",
        table(["", "seed", "test", "file"], rows, numeric=(1,)),
        paragraph(note, "fine"),
    )
