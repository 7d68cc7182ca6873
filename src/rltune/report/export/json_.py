"""The winner as one JSON object: configuration, all hyperparameters, scores and provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping

from rltune.report.export.winner import Winner


def export_json(winner: Winner) -> str:
    """The JSON text, keys in reading order."""
    finalist = winner.finalist
    content = {
        "configuration": dict(finalist.configuration.values),
        "hyperparameters": dict(winner.hyperparameters),
        "target": winner.target,
        "steps": winner.horizon,
        "scores": {
            "test_by_seed": {str(s): v for s, v in finalist.test.items()},
            "test_mean": finalist.mean,
            "test_sd": finalist.sd,
            "failed_seeds": list(finalist.failed_seeds),
            "counted_seeds": list(finalist.counted or finalist.test),
            "validation_by_seed": {str(s): v for s, v in finalist.validation.items()},
            "test_by_group": _by_seed(finalist.groups),
            "other_tests": _by_seed(finalist.others),
        },
        "provenance": dict(winner.provenance),
    }
    return json.dumps(content, indent=2) + "\n"


def _by_seed(scores: Mapping[str, Mapping[int, float]]) -> dict[str, dict[str, float]]:
    return {name: {str(seed): value for seed, value in seeds.items()} for name, seeds in scores.items()}
