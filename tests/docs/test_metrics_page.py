"""docs/metrics.md says what the readers do: every canonical metric with its unit and each trainer's name for it."""

from __future__ import annotations

import re

import pytest

from docs.pages import page, tables
from rltune.trainers.logs.build import READERS
from rltune.trainers.logs.names import OTHER_NAMES, STEP_NAMES, TRL_NAMES, canonical, lookup
from rltune.types import METRIC_NAMES

NAME = re.compile(r"`([^`]+)`")
SAMPLES = {"<name>": "gsm8k/acc", "<set>": "math", "<k>": "8", "<env>": "math", "<function>": "accuracy"}
FIRST, OTHERS, FORMATS = (
    next(table for table in tables(page("metrics")) if table[0][: len(head)] == head)
    for head in (["canonical name", "meaning"], ["canonical name", "open-instruct (`grpo_fast`)"], ["format"])
)


def sample(name: str) -> str:
    for placeholder, value in SAMPLES.items():
        name = name.replace(placeholder, value)
    return name


def rows() -> dict[str, list[str]]:
    """By canonical name: the cells in which trainers' names stand."""
    cells: dict[str, list[str]] = {}
    for row, first in (*((row, 3) for row in FIRST[1:]), *((row, 1) for row in OTHERS[1:])):
        for name in NAME.findall(row[0]):
            cells.setdefault(name, []).extend(row[first:])
    return cells


ROWS = rows()


def names_in(cell: str) -> list[str]:
    """A cell's names; what it excuses behind a dash isn't one, nor what a name becomes behind a colon."""
    if cell.startswith("–"):
        return []
    return NAME.findall(re.sub(r"(`[^`]+`): `[^`]+`", r"\1", cell))


@pytest.mark.parametrize("name", [*METRIC_NAMES, "validate_seconds"])
def test_every_metric_has_a_row_with_its_meaning_and_unit(name: str) -> None:
    (row,) = (row for row in FIRST[1:] if NAME.findall(row[0]) == [name])
    _, meaning, unit, *trainers = row
    assert meaning and unit and all(trainers)


@pytest.mark.parametrize("name", [*METRIC_NAMES, "validate_seconds"])
def test_the_names_of_a_metric_are_those_that_are_read(name: str) -> None:
    told = {each for cell in ROWS[name] for each in names_in(cell)}
    known = {*OTHER_NAMES.get(name, ()), *(trl for trl, own in TRL_NAMES.items() if own == name)}
    missing = {each for each in known if each not in told}
    assert not missing, f"the page lacks {missing}"
    for each in told - {"num_tokens"}:  # adds up: a step's tokens are the difference
        read = canonical({sample(each): 0.5})
        assert list(read) == [name], f"{each} is read as {read}, not as {name}"


def test_scores_are_read_as_the_page_says() -> None:
    told = [cell for name, cells in ROWS.items() if name.startswith("score/<name>") for cell in cells]
    pairs = [pair for cell in told for pair in re.findall(r"`([^`]+)`: `(score/[^`]+)`", cell)]
    assert len(pairs) == 4
    pairs += [(name, "score/<name>") for cell in told for name in NAME.findall(cell) if name.endswith("/<name>")]
    for name, score in pairs:
        known = lookup(sample(name))
        assert known is not None and known.name == sample(score), name


def test_steps_and_formats_are_all_named() -> None:
    text = page("metrics")
    assert [name for name in STEP_NAMES if f"`{name}`" not in text] == []
    assert {name for row in FORMATS[1:] for name in NAME.findall(row[0])} == set(READERS)
