"""The first thing that a reader sees: what the study found, in one sentence, one figure and a few numbers."""

from __future__ import annotations

from rltune.analysis.finalists import Finalist
from rltune.report.data import ReportData, percent_text, seconds_text
from rltune.report.figures.seeds import seeds_picture
from rltune.report.markup import Html, join, missing, paragraph, table, tag
from rltune.report.plots import plot

_STATES = {
    "created": "This study has been created and not started yet.",
    "running": "This study is still running; the page shows what it had found when the page was written.",
    "interrupted": "This study was interrupted and can be resumed: what is shown is not its final result.",
    "crashed": "The process that ran this study has vanished; the study can be resumed: no final result yet.",
    "failed": "This study has failed and can be resumed once the cause is mended: no final result yet.",
}


def headline(data: ReportData) -> Html:
    """Title, state, verdict, key numbers and the figure of the seeds."""
    summary = data.summary
    parts: list[object] = [tag("h1", summary.name)]
    if summary.state in _STATES:
        state = "The study is paused." if summary.paused else _STATES[summary.state]
        parts.append(paragraph(f"{state} Phase: {summary.phase or 'none'}.", "note"))
    parts.append(paragraph(_verdict(data).replace(" %", "\N{NO-BREAK SPACE}%"), "verdict"))
    if summary.gain is not None and summary.gain.seeds > 1:
        parts.append(paragraph(f"{summary.gain.method[0].upper()}{summary.gain.method[1:]}.", "fine"))
    parts.append(_numbers(data))
    picture = seeds_picture(data)
    if picture is not None:
        parts += [plot(picture), _scores(data)]
    parts += [paragraph(note, "fine") for note in _notes(data)]
    return tag("section", join(parts), id="headline")


def _verdict(data: ReportData) -> str:
    summary = data.summary
    if summary.gain is not None:
        return summary.gain.sentence
    if summary.undecided is not None:
        return summary.undecided
    if summary.best is not None:
        best = summary.best
        return (
            f"No test result yet. Best so far: {percent_text(best.score)} on the validation questions "
            f"({best.configuration} on {best.model}, step {best.step})."
        )
    return "No result yet: nothing has been evaluated."


def _numbers(data: ReportData) -> Html:
    summary = data.summary
    budget = f" of {seconds_text(summary.budget_seconds)}" if summary.budget_seconds else ""
    numbers = [
        (seconds_text(summary.seconds), f"spent{budget}"),
        (str(summary.work.configurations), "configurations"),
        (str(summary.work.evaluations), "evaluations"),
        (str(summary.work.promotions), "promotions"),
        (str(len(summary.stops)), "stopped early"),
        (str(sum(f.kind != "lost" for f in summary.failures)), "failed"),
    ]
    cards = join(tag("div", join([tag("b", value), tag("span", label)])) for value, label in numbers)
    return tag("div", cards, class_="cards")


def _finalists(data: ReportData) -> list[tuple[str, Finalist]]:
    both = (("winner", data.summary.winner), ("recipe", data.summary.recipe))
    return [(name, finalist) for name, finalist in both if finalist is not None]


def _notes(data: ReportData) -> list[str]:
    """What a reader must know of the table: which runs failed, and which seeds the means are over."""
    found = _finalists(data)
    notes = []
    for name, finalist in found:
        if finalist.failed_seeds:
            seeds = ", ".join(str(seed) for seed in finalist.failed_seeds)
            notes.append(
                f"Failed final runs of the {name}: seed {seeds}. A run that was stopped, diverged or crashed counts as "
                "the untrained model, with its score on the validation questions."
            )
    counted = next((f.counted for _, f in found if f.counted), ())
    if counted and any(set(f.test) != set(counted) for _, f in found):
        notes.append(f"Means are over seed {', '.join(str(s) for s in counted)}, of which both have a score.")
    return notes


def _scores(data: ReportData) -> Html:
    finalists = _finalists(data)
    if not finalists:
        return missing("Neither winner nor recipe is known.")
    seeds = sorted({s for _, f in finalists for s in f.test})
    headers = ["", *[f"seed {s}" for s in seeds], "mean", "s.d.", "greedy", "validation"]
    rows = [_score_row(name, finalist, seeds) for name, finalist in finalists]
    return table(headers, rows, numeric=range(1, len(headers)))


def _score_row(name: str, finalist: Finalist, seeds: list[int]) -> list[object]:
    return [
        name,
        *[_seed_text(finalist, s) for s in seeds],
        tag("b", percent_text(finalist.mean)),
        percent_text(finalist.sd),
        percent_text(finalist.greedy_mean),
        percent_text(finalist.validation_mean),
    ]


def _seed_text(finalist: Finalist, seed: int) -> str:
    text = percent_text(finalist.test.get(seed))
    return f"{text} (failed)" if seed in finalist.failed_seeds else text
