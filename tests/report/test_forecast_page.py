"""The HTML page of forecasts: whole, self-contained, and drawn by a real browser."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from report.test_browser import CHROMIUM, load
from rltune.analysis.forecasts import LogForecast, Request, forecast_log
from rltune.errors import ReportError
from rltune.report.forecast.page import render, write_forecasts
from rltune.trainers.logs.base import LoggedRun
from rltune.types import StepMetrics


def answered(rate: float = 0.04, n: int = 100, source: str = "run.log", **asked: float) -> LogForecast:
    rewards = [0.2 + 0.6 * (1 - math.exp(-rate * i)) + 0.02 * math.sin(37.0 * i) for i in range(1, n + 1)]
    steps = tuple(StepMetrics(i, {"reward": reward}) for i, reward in enumerate(rewards, start=1))
    return forecast_log(LoggedRun(source, None, "csv", steps), Request(**asked))  # type: ignore[arg-type]


def with_nan() -> LogForecast:
    steps = tuple(StepMetrics(i, {"reward": math.nan if i == 9 else 0.1 * i}) for i in range(1, 20))
    return forecast_log(LoggedRun("nan.log", None, "csv", steps), Request())


ANSWERS = (
    answered(upto=0.3),
    answered(horizon=250),
    answered(0.002),
    answered(n=5, source="short.log"),
    with_nan(),
)


def test_the_page_says_what_the_terminal_says() -> None:
    page = render(ANSWERS)
    assert "Forecasts of 5 curves" in page and page.count('class="plot"') == 5
    assert "no forecast: 5 steps are too few" in page and "at step 250" in page and "over the last tenth" in page
    own = page.partition("<body>")[2].partition("plotly.js v")[0]
    assert not re.search(r'(?:src|href)="(?!#)', own)  # nothing is loaded from anywhere


def test_names_from_outside_are_escaped() -> None:
    page = render([answered(source="</script><img src=x onerror=alert(1)>.log")])
    assert "<img src=x" not in page and "&lt;img src=x" in page


def test_a_file_in_a_new_folder_or_an_error(tmp_path: Path) -> None:
    path = write_forecasts(ANSWERS[:1], tmp_path / "new" / "page.html")
    assert path.read_text(encoding="utf-8").endswith("</html>\n")
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="can't be written"):
        write_forecasts(ANSWERS[:1], tmp_path / "file" / "page.html")


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium (Debian: apt-get install chromium)")
@pytest.mark.parametrize(("width", "flags"), [(1200, ()), (500, ("--blink-settings=preferredColorScheme=0",))])
def test_a_browser_draws_twenty_curves_without_an_error(tmp_path: Path, width: int, flags: tuple[str, ...]) -> None:
    answers = [*ANSWERS, *(answered(0.005 * i, upto=0.5) for i in range(1, 16))]
    path = write_forecasts(answers, tmp_path / "page.html")
    dom, console = load(path, tmp_path, "--dump-dom", f"--window-size={width},900", *flags)
    assert "Uncaught" not in console and "Error" not in console
    assert len(re.findall(r'<div class="plot js-plotly-plot" id="plot-curve\d+"', dom)) == 20
    for drawn in ("rapid improvement", "advised stop", "80% band", "what came"):
        assert re.search(rf"<text[^>]*>[^<]*{drawn}", dom), drawn
    assert not re.search(r"<text[^>]*>new text", dom)  # Plotly's own words for an annotation without any
