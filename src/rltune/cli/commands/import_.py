"""`rltune import`: an Optuna study or an export of W&B as a prior file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rltune.cli.console import TextConsole
from rltune.errors import PriorError
from rltune.importers.build import read_table
from rltune.importers.convert import Wishes, convert
from rltune.priors import write_prior


def main(
    source: str,
    output: Path,
    mapping: tuple[str, ...],
    wishes: Mapping[str, Any],
    form: str | None,
    study: str | None,
    as_json: bool,
) -> None:
    """Writes a prior file from an Optuna study or an export of W&B."""
    found = convert(read_table(source, form, study), Wishes(mapping=_pairs(mapping), **wishes))
    write_prior(output, found.prior)
    if as_json:
        told = {"file": str(output), "evaluations": len(found.prior.evaluations), "notes": found.lines}
        print(json.dumps(told))
        return
    console = TextConsole(soft_wrap=True)
    for line in found.lines:
        console.print(line)
    console.print(f"wrote {output}; a study learns from it with `warm_start: [{output}]`")


def _pairs(mapping: tuple[str, ...]) -> dict[str, str]:
    """OLD=NEW, as name there -> name here. The name there may hold `=` itself."""
    pairs = {}
    for text in mapping:
        old, equals, new = text.rpartition("=")
        if not (old and equals and new):
            raise PriorError(f"expected OLD=NEW, got {text!r}", where="--map", hint="such as --map lr=learning_rate")
        pairs[old] = new
    return pairs
