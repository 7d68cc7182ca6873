"""Scoring by a program of its own, so that no memory of it stays behind when the next one trains.

The program tells its result as a JSON object of numbers, `{"mean": 0.5, "greedy": 0.6, "mean_stderr": 0.02}`, in a file
or as the last such line that it prints. `mean` is the score; names beside these are groups of the split.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from rltune.errors import TrainerError
from rltune.trainers.base import ScoreJob, Scores
from rltune.trainers.external.diagnosis import diagnose
from rltune.trainers.external.endings import failure
from rltune.trainers.external.program import Program, Running
from rltune.trainers.logs.numbers import number_of
from rltune.trainers.logs.verl_jsonl import parse_row

OWN_PROGRAM = "rltune.trainers.external.score_main"
_POLL_SECONDS = 0.2
_LOOK_BACK_LINES = 200


def run_scoring(program: Program, result: Path, alive: Callable[[], None]) -> Scores:
    """Runs a scoring program to its end.

    Args:
        result: file that the program may write its result to.
        alive: called whenever the program has printed something.

    Raises:
        OutOfMemoryError: if memory ran out. KilledError: if it was killed.
        TrainerError: if it fails otherwise, or tells no score between 0 and 1.
    """
    size = -1
    with Running(program) as running:
        while (status := running.status()) is None:
            printed = program.output.stat().st_size
            if printed != size:
                size = printed
                alive()
            time.sleep(_POLL_SECONDS)
    lines = program.last_lines(_LOOK_BACK_LINES)
    if status != 0:
        print("\n".join([f"--- the last lines of {program.output} ---", *lines[-40:]]), flush=True)
        raise failure(diagnose(status, lines), "scoring", program)
    return _scores(result, lines, program)


def own_scoring(job: ScoreJob, folder: Path) -> Program:
    """rltune's own scoring with transformers, as a program: on the first of the visible GPUs, if there are several.

    Args:
        folder: existing, for its input and output.
    """
    order = folder / "score-job.json"
    order.write_text(json.dumps(asdict(job)))
    environment = {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible != "":
        environment["CUDA_VISIBLE_DEVICES"] = visible.split(",")[0] if visible else "0"
    arguments = (sys.executable, "-m", OWN_PROGRAM, str(order), str(folder / "scores.json"))
    return Program(arguments, Path.cwd(), folder / "log.txt", environment)


def _scores(result: Path, lines: list[str], program: Program) -> Scores:
    rows = [parse_row(result.read_text()) if result.is_file() else None, *map(parse_row, reversed(lines))]
    row = next((row for row in rows if row is not None and "mean" in row), None)
    if row is None:
        raise TrainerError(
            "the scoring program told no result",
            where=str(program),
            hint='it has to print {"mean": 0.5} as its last line, or to write that to {result}',
        )
    scores = {name: number for name, value in row.items() if (number := number_of(value)) is not None}
    mean = scores.get("mean", math.nan)
    if not 0 <= mean <= 1:
        raise TrainerError(
            f"expected a score between 0 and 1, got {row['mean']!r}",
            where=str(program),
            hint="a share of right answers",
        )
    return {name: value for name, value in scores.items() if math.isfinite(value)}
