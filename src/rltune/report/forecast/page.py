"""The forecasts of any number of curves as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rltune import __version__
from rltune.analysis.forecasts import LogForecast
from rltune.curves.forecast import Forecast
from rltune.report.figures.base import Picture
from rltune.report.forecast.figure import forecast_picture
from rltune.report.forecast.words import interval_text, law_text, seen_text, told
from rltune.report.markup import Html, join, paragraph, section, table, tag
from rltune.report.page import whole_page, write_page
from rltune.report.plots import plot


def write_forecasts(answers: Sequence[LogForecast], path: Path) -> Path:
    """Writes the page, whole or not at all; makes its folder.

    Raises:
        ReportError: if the file can't be written.
    """
    return write_page(render(answers), path)


def render(answers: Sequence[LogForecast]) -> str:
    """The page as text; a card for each curve, and first an overview if there are several."""
    cards = [_card(answer, number) for number, answer in enumerate(answers, start=1)]
    overview = [_overview(answers)] if len(answers) > 1 else []
    heading = tag("h1", "Reward forecast" if len(answers) == 1 else f"Forecasts of {len(answers)} curves")
    footer = tag("footer", f"Made by rltune {__version__}: rltune forecast")
    return whole_page("rltune forecast", join([heading, *overview, *cards, footer]))


def _overview(answers: Sequence[LogForecast]) -> Html:
    rows = []
    for number, answer in enumerate(answers, start=1):
        result = answer.result
        link = tag("a", answer.title, href=f"#curve-{number}")
        phase = result.phases[-1].name.value if result.phases else "–"
        if isinstance(result, Forecast):
            stop = f"{result.advice.step} ({result.advice.saved:.0%} saved)" if result.advice.saved else "train on"
            told_here = [f"{result.now:.3g}", f"{result.final:.3g}", interval_text(result), stop]
        else:
            told_here = ["–", "none", "–", "–"]
        rows.append([link, phase, f"{result.last_step} of {answer.horizon}", *told_here])
    headers = ("curve", "phase", "step", "now", "forecast", "interval", "advised stop")
    return section("Overview", "overview", table(headers, rows, numeric=(2, 3, 4, 5, 6)))


def _card(answer: LogForecast, number: int) -> Html:
    lines = [paragraph(join([tag("b", label.capitalize()), f": {said}"])) for label, said in told(answer)]
    picture: Picture = forecast_picture(answer, f"curve{number}")
    parts = [paragraph(seen_text(answer), "fine"), _facts(answer), plot(picture), *lines]
    if isinstance(answer.result, Forecast):
        others = join(tag("li", law_text(fit)) for fit in answer.result.laws[1:])
        parts.append(tag("details", join([tag("summary", "the other laws"), tag("ul", others)])))
    return section(answer.title, f"curve-{number}", *parts)


def _facts(answer: LogForecast) -> Html:
    result = answer.result
    if not isinstance(result, Forecast):
        return Html("")
    facts = [
        (f"{result.now:.3g}", "level now"),
        (f"{result.final:.3g}", f"at step {result.horizon}"),
        (interval_text(result), f"{result.coverage:.0%} interval"),
        (str(result.advice.step) if result.advice.saved else "none", "advised stop"),
        (f"{result.advice.saved:.0%}", "of the steps saved"),
    ]
    if answer.actual is not None:
        facts.insert(3, (f"{answer.actual:.3g}", "what came"))
    boxes = join(tag("div", join([tag("b", value), tag("span", name)])) for value, name in facts)
    return tag("div", boxes, class_="cards")
