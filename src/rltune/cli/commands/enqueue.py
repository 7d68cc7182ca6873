"""`rltune enqueue`: a configuration to try next, from the command line or a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rltune.cli.commands import ask
from rltune.config.source import read_source
from rltune.config.yaml_reader import read_yaml
from rltune.errors import StudyError


def main(
    study: str,
    pairs: Sequence[str],
    file: Path | None,
    model: str | None,
    steps: int | None,
    wait: bool,
    as_json: bool,
) -> int:
    """Asks a study to try a configuration; gives the exit status."""
    given: dict[str, object] = {**(read_source(file)[1] if file is not None else {}), **_pairs(pairs)}
    if not given:
        raise StudyError(
            "no configuration is given",
            where="rltune enqueue",
            hint="such as `rltune enqueue STUDY learning_rate=1e-5`, or --file config.yaml",
        )
    return ask.main(study, "enqueue", {"configuration": given, "model": model, "steps": steps}, wait, as_json)


def _pairs(pairs: Sequence[str]) -> Mapping[str, object]:
    """Values of `name=value`, read as in a study file."""
    found: dict[str, object] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name or not value:
            raise StudyError(
                f"expected name=value, got {pair!r}", where="rltune enqueue", hint="such as learning_rate=1e-5"
            )
        found[name], _ = read_yaml(value, name)
    return found
