"""`rltune forecast`: where the curves of logs go, and when more training stops paying."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rltune.analysis.forecasts import LogForecast, Request, forecast_log
from rltune.cli.calling import USAGE_STATUS, show
from rltune.cli.console import TextConsole
from rltune.cli.logs import progress_of, read_each
from rltune.errors import CurveError, RltuneError
from rltune.report.forecast.json_ import to_json
from rltune.report.forecast.page import write_forecasts
from rltune.report.forecast.terminal import tell


def main(
    files: Sequence[Path],
    metric: str,
    upto: str | None,
    horizon: int | None,
    bounds: tuple[float, float] | None,
    coverage: float,
    worth: float | None,
    form: str | None,
    html: Path | None,
    as_json: bool,
) -> int:
    """Tells of every curve that can be read; the exit status says whether that was all."""
    request = Request(metric, _number(upto), horizon, bounds, coverage, worth)
    runs, problems = read_each(files, form)
    answers: list[LogForecast] = []
    with progress_of(len(runs)) as progress:
        for run in progress.track(runs, description="forecasting"):
            try:
                answers.append(forecast_log(run, request))
            except RltuneError as problem:
                problems.append(problem)
                continue
            if as_json:
                print(json.dumps(to_json(answers[-1]), allow_nan=False), flush=True)
    written: Path | None = None
    if html is not None and answers:
        try:
            written = write_forecasts(answers, html)
        except RltuneError as problem:
            problems.append(problem)
    if not as_json:
        tell(answers, TextConsole())
    if written is not None:
        TextConsole(stderr=as_json).print(f"wrote {written}", markup=False, soft_wrap=True)
    for problem in problems:
        show(problem)
    return USAGE_STATUS if problems else 0


def _number(upto: str | None) -> float | None:
    """The value of --upto. Raises CurveError if it is no number."""
    try:
        return None if upto is None else float(upto)
    except ValueError:
        raise CurveError(
            f"expected a share of the steps or a step number, got {upto!r}", where="upto", hint="such as 0.3 or 300"
        ) from None
