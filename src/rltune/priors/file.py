"""Prior files: one JSON object a line (broken in two here), first a header, then one evaluation each.

    {"rltune": "prior evaluations", "version": 1, "source": "Optuna study old", "metric": "accuracy", "horizon": 200,
     "task": null}
    {"configuration": {"learning_rate": 1e-06}, "model": "Qwen2.5-0.5B", "parameters": 5e8, "steps": 200,
     "score": 0.61, "seed": 0}

Of an evaluation `configuration` and `score` are needed, of the header `source`; more may stand in it (see `Prior`).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

from rltune.errors import PriorError, suggest
from rltune.priors.evaluation import Prior, PriorEvaluation

KIND, VERSION = "prior evaluations", 1
LARGEST = 512 * 1024**2
"""Bytes. A hundred thousand evaluations take about 30 MB; more than this is no prior file."""

_HEADER = tuple(f.name for f in fields(Prior) if f.name != "evaluations")
_EVALUATION = tuple(f.name for f in fields(PriorEvaluation))


def write_prior(path: str | Path, prior: Prior) -> None:
    """Writes a prior file, whole or not at all.

    Raises:
        PriorError: if the file can't be written.
    """
    path = Path(path)
    head = {"rltune": KIND, "version": VERSION, **{name: _json(getattr(prior, name)) for name in _HEADER}}
    rows = [{name: _json(getattr(e, name)) for name in _EVALUATION} for e in prior.evaluations]
    text = "".join(json.dumps(row, allow_nan=False) + "\n" for row in [head, *rows])
    part = None
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            part = Path(file.name)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        if part is not None:
            with suppress(OSError):
                part.unlink()
        raise PriorError(f"the file can't be written: {error.strerror or error}", where=str(path)) from error


def read_prior(path: str | Path) -> Prior:
    """Reads and checks a prior file.

    Raises:
        PriorError: if it can't be read or isn't one, with the line that is wrong.
    """
    path = Path(path)
    lines = list(_lines(path))
    if not lines:
        raise PriorError("a prior file was expected, this one is empty", where=str(path))
    head = _header(*lines[0], path)
    evaluations = []
    seen: dict[tuple[object, ...], int] = {}
    for number, row in lines[1:]:
        evaluation = _evaluation(number, row, path)
        if (first := seen.setdefault(evaluation.key, number)) != number:
            raise PriorError(
                f"the same configuration, model, steps and seed as in line {first}",
                where=f"{path}:{number}",
                hint="keep one of them, or give the second its own seed",
            )
        evaluations.append(evaluation)
    try:
        return Prior(evaluations=tuple(evaluations), **head)
    except PriorError as error:
        _at(error, path, lines[0][0])


def _lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Number and object of each line that isn't blank."""
    try:
        if path.stat().st_size > LARGEST:
            raise PriorError(f"a prior file may have {LARGEST:,} bytes, this one has more", where=str(path))
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise PriorError(
            f"the file can't be read: {error.strerror or error}", where=str(path), hint="check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise PriorError("the file isn't UTF-8 text", where=str(path), hint="a prior file is JSON lines") from error
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_constant=_no_constant, object_pairs_hook=_each_once)
        except (ValueError, RecursionError) as error:
            raise PriorError(
                f"this line isn't JSON: {error}" if isinstance(error, json.JSONDecodeError) else str(error),
                where=f"{path}:{number}",
                hint="one JSON object a line; null for a score that is not a number",
            ) from None
        if not isinstance(row, dict):
            raise PriorError("each line must be a JSON object", where=f"{path}:{number}")
        yield number, row


def _header(number: int, row: Mapping[str, Any], path: Path) -> dict[str, Any]:
    where = f"{path}:{number}"
    if row.get("rltune") != KIND:
        raise PriorError(
            f'the first line must be a prior file\'s header, with {{"rltune": "{KIND}"}}',
            where=where,
            hint="`rltune import` makes one of an Optuna study or a W&B export",
        )
    if row.get("version") != VERSION:
        raise PriorError(
            f"this rltune reads prior files of version {VERSION}, this one has version {row.get('version')!r}",
            where=where,
            hint="use the version of rltune that wrote it, or a newer one",
        )
    head = {name: value for name, value in row.items() if name not in ("rltune", "version")}
    _check_keys(head, _HEADER, ("source",), where)
    return {name: value for name, value in head.items() if value is not None or name in ("horizon", "task", "width")}


def _evaluation(number: int, row: Mapping[str, Any], path: Path) -> PriorEvaluation:
    _check_keys(row, _EVALUATION, ("configuration", "score"), f"{path}:{number}")
    try:
        return PriorEvaluation(**row)
    except PriorError as error:
        _at(error, path, number)


def _check_keys(row: Mapping[str, Any], known: tuple[str, ...], needed: tuple[str, ...], where: str) -> None:
    for name in row:
        if name not in known:
            raise PriorError(f"unknown key {name!r}", where=where, hint=suggest(name, known))
    for name in needed:
        if name not in row:
            raise PriorError(f"the key {name!r} is missing", where=where)


def _at(error: PriorError, path: Path, number: int) -> NoReturn:
    where = f"{path}:{number} {error.where}" if error.where else f"{path}:{number}"
    raise PriorError(error.message, where=where, hint=error.hint) from None


def _json(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else value


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number here")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the key {name!r} is there twice")
        found[name] = value
    return found
