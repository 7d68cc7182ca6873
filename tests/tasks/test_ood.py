"""Other test sets that the winner is tried on."""

import pytest

from rltune.errors import TaskError
from rltune.tasks import SPLITS, TaskRef, build_task, other_tests
from rltune.tasks.ood import other_of, split_of


def test_any_task_names_others_and_stays_what_it_is():
    options = {"train_size": 10, "test_ood": ["arithmetic/hard", {"name": "gsm8k", "data": "somewhere"}]}
    assert other_tests(options) == (TaskRef("arithmetic/hard"), TaskRef("gsm8k", {"data": "somewhere"}))
    task = build_task("arithmetic/easy", options)
    assert task.name == "arithmetic/easy"
    assert len(task.examples("train")) == 10
    others = [build_task(ref.name, ref.options) for ref in other_tests(options)]
    assert [other.name for other in others] == ["arithmetic/hard", "gsm8k"]
    assert other_tests({}) == ()


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ("gsm8k", "must be a list of tasks"),
        (["gsm9k"], "did you mean 'gsm8k'"),
        (["gsm8k", {"name": "gsm8k", "data": "x"}], "names a task twice"),
        ([{"data": "x"}], "expected a task's name"),
        ([{"name": "gsm8k", "dta": "x"}], "did you mean 'data'"),
        ([{"name": "gsm8k", "test_ood": ["math"]}], "expected a task's name"),
        ([3], "expected a task's name"),
    ],
)
def test_mistakes_are_found_when_the_task_is_made(listed, message):
    with pytest.raises(TaskError) as caught:
        build_task("arithmetic/easy", {"test_ood": listed})
    assert message in str(caught.value)


@pytest.mark.parametrize("task", ["aime24", "arithmetic/hard", "test"])
def test_scores_on_another_task_are_told_from_those_of_the_own(task):
    assert other_of(split_of(task)) == task
    assert split_of("") == "test" and [other_of(split) for split in SPLITS] == [None, None, None]
