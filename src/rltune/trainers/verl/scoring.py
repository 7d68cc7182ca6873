"""Scoring a model: one run of verl that only validates."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping

from rltune.errors import TrainerError
from rltune.trainers.base import Scores
from rltune.trainers.external.endings import Position
from rltune.trainers.external.program import Program, Running
from rltune.trainers.verl.command import Work
from rltune.trainers.verl.endings import ended
from rltune.trainers.verl.metrics import scores
from rltune.trainers.verl.segment import MetricsFile

_POLL_SECONDS = 0.2


def dumped_answers(work: Work) -> Iterator[Mapping[str, object]]:
    """The answers of a validation (`trainer.validation_data_dir`), as rltune keeps them: `rltune.trainers.answers`.

    Raises:
        OSError, ValueError: if a file can't be read.
    """
    for file in sorted(work.answers.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            said = json.loads(line)
            yield {
                "prompt": said.get("input"),
                "reference": said.get("gts"),
                "groups": [],
                "how": "sampled",
                "answer": said.get("output"),
                "score": said.get("acc", said.get("score")),  # as in verl's own val-core
            }


def score_model(program: Program, work: Work, alive: Callable[[], None]) -> Scores:
    """`mean`: mean@k over all data sources; with several, each source's own too.

    Raises:
        TrainerError: if verl fails, or logs no validation.
    """
    work.checkpoints.mkdir(parents=True)
    found: dict[str, float] = {}
    metrics, printed = MetricsFile(work.metrics), 0
    with Running(program) as running:
        while True:
            status = running.status()
            size = work.console.stat().st_size
            if size != printed:
                printed = size
                alive()
            for _, raw in metrics.fresh():
                found.update(scores(raw))
            if status is not None:
                break
            time.sleep(_POLL_SECONDS)
    if found:
        return found
    if status != 0:
        reason = ended(status, program, Position(0, 1, 0, work.checkpoints))
        raise TrainerError(reason.reason, where="trainer verl")
    raise TrainerError(
        "verl validated and logged no score of the form val-core/<data source>/<acc or reward>/mean@k",
        where="trainer verl",
        hint="are there prompts in data.val_files, each with a data_source?",
    )
