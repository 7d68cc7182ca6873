"""Answers kept for reading: a file of JSON lines, one answer each, as a test has graded them.

    {"prompt": "47+8=", "reference": "55", "groups": [], "how": "greedy", "answer": "55", "score": 1.0}

`how` is `greedy` or `sampled`. Answers to the same prompt stand together, in the order of the split, which is mixed:
what fits into the file is a fair sample of it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rltune.tasks.base import Example

MOST_BYTES = 64 << 20
"""A file isn't made longer: GSM8K with four samples has about 10 MB, MMLU with long answers could have gigabytes."""


@dataclass(frozen=True, slots=True)
class Graded:
    """An answer, its grade in [0, 1], and whether it is the most likely one or was sampled."""

    text: str
    grade: float
    how: str


def keep_answers(path: Path, examples: Sequence[Example], answers: Sequence[Sequence[Graded]]) -> None:
    """Writes the answers to each example; see `keep_lines`."""
    keep_lines(path, _lines(examples, answers))


def keep_lines(path: Path, lines: Iterable[Mapping[str, object]]) -> None:
    """Writes answers, one JSON object a line, whole or not at all. What can't be written, or read from where the lines
    come from, is left out, and that is printed: a score must not fail because of it."""
    temporary = path.with_name(f".{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8", errors="backslashreplace") as stream:
            size = 0
            for line in (json.dumps(line, ensure_ascii=False) + "\n" for line in lines):
                size += len(line.encode("utf-8", "backslashreplace"))
                if size > MOST_BYTES:
                    break
                stream.write(line)
        temporary.replace(path)
    except (OSError, ValueError) as error:
        print(f"the answers can't be kept in {path}: {error}", flush=True)
        with contextlib.suppress(OSError):
            temporary.unlink()


def _lines(examples: Sequence[Example], answers: Sequence[Sequence[Graded]]) -> Iterator[Mapping[str, object]]:
    for example, given in zip(examples, answers, strict=True):
        asked = {"prompt": example.prompt, "reference": example.answer, "groups": list(example.groups)}
        for one in given:
            yield {**asked, "how": one.how, "answer": one.text, "score": one.grade}
