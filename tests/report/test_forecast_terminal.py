"""Forecasts in the terminal: the picture holds the numbers, fits the width, and reads without colours and in ASCII."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from rltune.analysis.forecasts import LogForecast, Request, forecast_log
from rltune.curves.forecast import Forecast
from rltune.curves.series import LARGEST
from rltune.report.forecast.picture import legend, picture
from rltune.report.forecast.terminal import MOST_PICTURES, tell
from rltune.report.forecast.words import told
from rltune.trainers.logs.base import LoggedRun
from rltune.types import StepMetrics


def rising(step: int) -> float:
    return 0.2 + 0.6 * (1 - math.exp(-step / 25)) + 0.02 * math.sin(37.0 * step)


def answered(
    n: int = 100,
    reward: Callable[[int], float] = rising,
    request: Request | None = None,
    run: str | None = None,
    source: str = "run.log",
) -> LogForecast:
    steps = tuple(StepMetrics(i, {"reward": reward(i)}) for i in range(1, n + 1))
    return forecast_log(LoggedRun(source, run, "csv", steps), request or Request(upto=0.4))


def printed(answers: Sequence[LogForecast], width: int = 80, encoding: str = "utf-8") -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    tell(answers, Console(file=file, width=width, highlight=False))
    file.flush()
    return file.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]


def test_all_that_matters_is_told() -> None:
    answer = answered()
    assert isinstance(answer.result, Forecast) and answer.actual is not None
    text = printed([answer], 100)
    low, high = answer.result.interval
    for word in (
        "run.log",
        "seen to step 40 of 100",
        f"{answer.result.final:.3g} at step 100 (80% interval {low:.3g} to {high:.3g})",
        answer.result.phase.value,
        answer.result.laws[0].law.name,
        f"{answer.actual:.3g} over the last tenth",
        "inside the interval" if answer.inside else "outside the interval",
    ):
        assert word in re.sub(r"\s+", " ", text), text
    assert f"stop at {answer.result.advice.step}" in text or not answer.result.advice.saved


@pytest.mark.parametrize("width", [30, 45, 59, 60, 80, 132])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    answers = [answered(), answered(request=Request()), answered(reward=lambda i: -1e5 * rising(i), n=2000)]
    for line in printed(answers, width).splitlines():
        assert len(line) <= width, line


@settings(max_examples=30, deadline=None)
@example(values=[1e300, 5.5e-216], width=24, share=1.0)
@given(
    values=st.lists(st.one_of(st.floats(), st.floats(-1, 1)), min_size=1, max_size=40),
    width=st.integers(24, 100),
    share=st.floats(0.1, 1.0),
)
def test_any_curve_has_a_picture_of_the_right_width_or_none(values: list[float], width: int, share: float) -> None:
    answer = answered(len(values), lambda i: values[i - 1], Request(upto=share))
    drawn = picture(answer, width)
    if drawn is None:
        assert not any(abs(value) <= LARGEST for value in values)
    else:
        assert max(map(len, drawn.plain.split("\n"))) <= width
    assert told(answer)


def test_the_curve_rises_from_bottom_left_to_top_right() -> None:
    drawn = picture(answered(request=Request()), 80)
    assert drawn is not None
    rows = [line for line in drawn.plain.split("\n") if re.match(r"\s*[-\d.]*\s[│┤]", line)]
    dots = [[i for i, c in enumerate(row) if "⠀" < c <= "⣿"] for row in rows]
    tops, bottoms = dots[1], dots[-2]
    assert min(tops) > max(bottoms) and max(tops) >= 75 and min(bottoms) < 10


def test_band_expectation_and_marks_stand_where_they_belong() -> None:
    answer = answered(request=Request(horizon=400))
    drawn = picture(answer, 80)
    assert drawn is not None and isinstance(answer.result, Forecast)
    lines = drawn.plain.split("\n")
    edge = lines[0].index("│" if "│" in lines[0] else "┤")
    seen = edge + 1 + int((100 - 1) / 399 * (79 - edge))
    shaded = [i for line in lines for i, c in enumerate(line) if c == "░"]
    assert shaded and min(shaded) >= seen - 1
    assert "400" in drawn.plain and "seen to 100" in drawn.plain
    assert ("┃" in drawn.plain) == (answer.result.advice.saved > 0) == ("advised stop" in legend(answer).plain)


def test_a_finished_run_shows_no_future() -> None:
    answer = answered(request=Request())
    drawn = picture(answer, 80)
    assert drawn is not None and "░" not in drawn.plain and "band" not in legend(answer).plain


def test_a_terminal_without_unicode_gets_ascii() -> None:
    text = printed([answered(), answered(5)], encoding="ascii")
    assert "*" in text and "=" in text and text.isascii()


def test_colours_tell_the_parts_apart() -> None:
    drawn = picture(answered(), 80)
    assert drawn is not None
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="standard", highlight=False)
    styles: dict[str, set[str]] = {}
    for segment in console.render(drawn):
        for character in segment.text:
            styles.setdefault("dot" if "⠀" < character <= "⣿" else character, set()).add(str(segment.style))
    assert styles["dot"] == {"cyan", "green"} and styles["░"] == {"magenta"} and styles["└"] == {"dim"}


def test_nothing_but_text_without_a_terminal() -> None:
    assert "\x1b" not in printed([answered()])


def test_a_refusal_is_told_with_the_curve() -> None:
    text = printed([answered(5, request=Request())])
    assert "no forecast: 5 steps are too few" in text and "⠒" in text
    text = printed([answered(9, lambda i: math.nan, Request())])
    assert "no forecast" in text and "┤" not in text


def test_many_curves_are_one_table_with_their_reasons() -> None:
    answers = [answered(run=f"lr-{i}", source="sweep.jsonl") for i in range(MOST_PICTURES)]
    answers.append(answered(5, source="short.csv", request=Request()))
    for width in (60, 80, 120):
        text = printed(answers, width)
        assert "┤" not in text and text.count("sweep.jsonl") == 1
        assert all(f"lr-{i}" in text for i in range(MOST_PICTURES))
        assert "short.csv: no forecast: 5 steps are too few" in text
    rows = [line for line in printed(answers, 120).splitlines() if line.startswith("lr-")]
    result = answers[0].result
    assert isinstance(result, Forecast) and all(f"{result.final:.3g}" in row and "40/100" in row for row in rows)
