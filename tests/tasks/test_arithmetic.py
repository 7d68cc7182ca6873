"""The arithmetic tasks: right answers, disjoint and stable splits, strict rewards."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.errors import TaskError
from rltune.tasks import SPLITS, Task, build_task

NAMES = ("arithmetic/easy", "arithmetic/hard")
PATTERNS = {
    "arithmetic/easy": r"\d{1,2}[+-]\d{1,2}=",
    "arithmetic/hard": r"\d\d[+-]\d\d[+-]\d=",
}


@pytest.fixture(params=NAMES)
def task(request):
    return build_task(request.param)


def test_is_a_task(task):
    assert isinstance(task, Task)
    assert task.name in NAMES
    assert task.max_response_length == 8


def test_split_sizes(task):
    assert {split: len(task.examples(split)) for split in SPLITS} == {"train": 4096, "validation": 256, "test": 512}


def test_no_prompt_is_twice_in_or_across_splits(task):
    prompts = [example.prompt for split in SPLITS for example in task.examples(split)]
    assert len(set(prompts)) == len(prompts)


def test_answers_are_the_results_of_the_prompts(task):
    for split in SPLITS:
        for example in task.examples(split):
            assert re.fullmatch(PATTERNS[task.name], example.prompt)
            terms = re.findall(r"[+-]?\d+", example.prompt)
            assert sum(map(int, terms)) == int(example.answer) >= 0


@pytest.mark.parametrize(
    ("name", "digest"), [("arithmetic/easy", "6558a8a887372cdd"), ("arithmetic/hard", "524b2f2fe8d63a6f")]
)
def test_held_out_prompts_never_change(name, digest):
    # Recorded: scores of different versions, and what the embedded models have never seen, depend on it.
    task = build_task(name)
    text = "".join(e.prompt for split in ("validation", "test") for e in task.examples(split))
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest


def test_train_size_changes_only_the_train_split():
    small, default = build_task("arithmetic/easy", {"train_size": 100}), build_task("arithmetic/easy")
    assert small.examples("train") == default.examples("train")[:100]
    assert small.examples("test") == default.examples("test")
    assert small.examples("validation") == default.examples("validation")


def test_both_signs_and_carries_occur(task):
    prompts = [example.prompt for example in task.examples("validation")]
    assert 0.2 < sum("-" in p for p in prompts) / len(prompts) < 0.8
    assert any(int(e.answer) > 99 for e in task.examples("validation"))


@given(index=st.integers(0, 255), text=st.text(max_size=10))
def test_reward_is_one_for_the_answer_alone(index, text):
    task = build_task("arithmetic/hard")
    example = task.examples("validation")[index]
    assert task.reward(example, example.answer) == 1.0
    assert task.reward(example, text) == float(text == example.answer)
    assert task.correct(example, text) == (text == example.answer)


@pytest.mark.parametrize("form", ["0{}", " {}", "{} ", "{}.", "={}", "+{}", "{}\n", "is {}", "{0}{0}"])
def test_a_wrong_format_is_wrong(task, form):
    example = task.examples("train")[0]
    assert task.reward(example, form.format(example.answer)) == 0.0


@pytest.mark.parametrize("size", [0, -1, 10_001, True, 1.5, "100"])
def test_impossible_train_size(size):
    with pytest.raises(TaskError, match="train_size"):
        build_task("arithmetic/easy", {"train_size": size})


def test_unknown_split(task):
    with pytest.raises(TaskError, match="validation"):
        task.examples("dev")
