"""The real test sets: reference solutions are right, deliberately wrong answers are wrong, in all 6,319 problems."""

import os
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from rltune.tasks import SPLITS, Example, Task, build_task
from rltune.tasks.answers import as_number

pytestmark = pytest.mark.slow

_SHARED = os.environ.get("RLTUNE_SHARED_DATA")
DATA = Path(_SHARED) if _SHARED else Path(__file__).parents[3] / "shared" / "data"


def task(name: str, folder: str, **more: object) -> Task:
    if not (DATA / folder).exists():
        pytest.skip(f"no {folder} beside the repository; name the data folder in RLTUNE_SHARED_DATA")
    pytest.importorskip("pyarrow")
    pytest.importorskip("math_verify")
    return build_task(name, {"data": str(DATA / folder), **more})


@pytest.fixture(scope="module")
def gsm8k() -> Task:
    return task("gsm8k", "gsm8k")


@pytest.fixture(scope="module")
def math() -> Task:
    return task("math", "math")


def solutions() -> dict[str, str]:
    """GSM8K's own worked solutions by question."""
    rows = pytest.importorskip("pyarrow.parquet").read_table(DATA / "gsm8k" / "test.parquet").to_pylist()
    return {row["extra_info"]["question"].strip(): row["extra_info"]["answer"] for row in rows}


def question(example: Example) -> str:
    return example.prompt.partition(" Let's think step by step and output")[0].strip()


def changed(answer: str, last: bool) -> str | None:
    """The answer with its last (or first) digit changed, digits of units left alone; None without digits."""
    visible = re.sub(r"\\(?:text|mbox)\s*\{[^{}]*\}(?:\^\d)?", lambda unit: "~" * len(unit[0]), answer)
    places = [place for place, character in enumerate(visible) if character.isdigit()]
    if not places:
        return None
    place = places[-1 if last else 0]
    return f"{answer[:place]}{(int(answer[place]) + 1) % 10}{answer[place + 1 :]}"


def _number(example: Example) -> Fraction | None:
    return as_number(example.answer.replace("^\\circ", ""))


def test_splits(gsm8k, math):
    assert [len(gsm8k.examples(split)) for split in SPLITS] == [6973, 500, 1319]
    # Two of MATH's train problems have no answer, one is in its test split too, and one is there twice.
    assert [len(math.examples(split)) for split in SPLITS] == [7500 - 2 - 1 - 1 - 500, 500, 5000]
    for one in (gsm8k, math):
        prompts = [example.prompt for split in SPLITS for example in one.examples(split)]
        assert len(set(prompts)) == len(prompts)
    groups = Counter(group for example in math.examples("test") for group in example.groups)
    assert groups["level_5"] == 1324
    assert len(groups) == 12
    assert sum(groups[f"level_{n}"] for n in range(1, 6)) == 5000


def test_all_references_of_gsm8k(gsm8k):
    worked = solutions()
    test = gsm8k.examples("test")
    assert len(test) == 1319
    assert sum(gsm8k.reward(e, worked[question(e)]) for e in test) == 1319
    assert sum(gsm8k.reward(e, f"In all \\boxed{{{e.answer}}}.") for e in test) == 1319
    assert sum(gsm8k.correct(e, f"#### ${int(e.answer):,}.00") for e in test) == 1319


def test_all_wrong_answers_of_gsm8k(gsm8k):
    test = gsm8k.examples("test")
    for wrong in (
        lambda e: f"#### {changed(e.answer, True)}",
        lambda e: f"#### {changed(e.answer, False)}",
        lambda e: f"\\boxed{{{e.answer}1}}",
        lambda e: f"It is {e.answer}, so\n#### {int(e.answer) + 1}",
        lambda e: f"#### {-int(e.answer) or 1}",
        lambda e: f"#### {e.answer} or {int(e.answer) + 1}",
        lambda e: f"\\boxed{{{e.answer}, {int(e.answer) + 1}}}",
        lambda e: f"#### {e.answer}/{int(e.answer) + 7}",
        lambda e: f"#### {-int(e.answer) or 1}".replace("-", "\N{MINUS SIGN}"),
        lambda e: f"#### {e.answer} thousand",
        lambda e: f"#### {e.answer}\n#### {int(e.answer) + 1}",
        lambda e: "\\boxed{}",
        lambda e: "",
    ):
        assert [e.answer for e in test if gsm8k.reward(e, wrong(e))] == []


def test_all_references_of_math(math):
    test = math.examples("test")
    assert len(test) == 5000
    assert sum(math.reward(e, f"Hence it is $\\boxed{{{e.answer}}}$.") for e in test) == 5000


@pytest.mark.parametrize("last", [True, False])
def test_all_wrong_answers_of_math(math, last):
    test = math.examples("test")
    wrong = [(e, changed(e.answer, last) or "\\text{none}") for e in test]
    assert [(e.answer, w) for e, w in wrong if math.reward(e, f"Hence it is $\\boxed{{{w}}}$.")] == []


def test_another_problems_answer_is_wrong(math):
    test = math.examples("test")
    numbers = [e for e in test if as_number(e.answer) is not None]
    others = zip(test, numbers[::-1] + numbers, strict=False)
    # Degrees don't count: 180^\circ is 180.
    pairs = [(e, other.answer) for e, other in others if _number(e) != _number(other)]
    assert len(pairs) > 4900
    assert [(e.answer, other) for e, other in pairs if math.reward(e, f"\\boxed{{{other}}}")] == []


@pytest.mark.parametrize(("name", "file", "count"), [("amc23", "amc2023", 40), ("aime24", "aime2024", 30)])
def test_competitions(name, file, count):
    competition = task(name, f"olympiad/{file}.parquet", train_data=str(DATA / "math"))
    test = competition.examples("test")
    assert len(test) == count
    assert len(competition.examples("validation")) == 500
    assert all(e.prompt.endswith("output the final answer within \\boxed{}.") for e in test)
    assert not any(e.prompt.startswith("You are a knowledgeable") for e in test)
    assert sum(competition.reward(e, f"\\boxed{{{e.answer}}}") for e in test) == count
    assert sum(competition.reward(e, f"\\boxed{{{changed(e.answer, True)}}}") for e in test) == 0


def test_math_500_is_a_part_of_the_test_split(math):
    if not (DATA / "olympiad" / "math__math_500.parquet").exists():
        pytest.skip("no MATH-500 beside the repository; name the data folder in RLTUNE_SHARED_DATA")
    part = task("math", "olympiad/math__math_500.parquet").examples("test")
    whole = {question(e): e.answer for e in math.examples("test")}
    known = [e for e in part if question(e) in whole]
    assert len(part) == 500
    assert len(known) >= 490
    assert all(math.correct(e, f"\\boxed{{{whole[question(e)]}}}") for e in known)
