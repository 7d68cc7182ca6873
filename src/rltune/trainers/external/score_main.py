"""rltune's own scoring as a program: `python -m rltune.trainers.external.score_main JOB.json RESULT.json`."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from rltune.trainers.base import ScoreJob, Scoring
from rltune.trainers.external.bare_weights import loadable
from rltune.trainers.trl.run import score_model


def main() -> None:
    """Scores; prints a line for each batch, as a sign of life."""
    job_file, result = map(Path, sys.argv[1:])
    plain = json.loads(job_file.read_text())
    job = ScoreJob(**{**plain, "scoring": Scoring(**plain["scoring"])})
    with tempfile.TemporaryDirectory(prefix="rltune-weights-") as scratch:
        if job.checkpoint is not None:
            job = replace(job, checkpoint=str(loadable(Path(job.checkpoint), job.model, Path(scratch))))
        scores = score_model(job, lambda: print("batch", flush=True))
    result.write_text(json.dumps(dict(scores)))


if __name__ == "__main__":
    main()
