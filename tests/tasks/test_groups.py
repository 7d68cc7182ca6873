"""Groups of examples, and the scores of each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.errors import TaskError
from rltune.tasks import Example, breakdown
from rltune.tasks.base import GROUP_NAME
from rltune.tasks.groups import slug


@pytest.mark.parametrize(
    ("text", "name"),
    [("Counting & Probability", "counting_and_probability"), ("Level 5", "level_5"), ("STEM", "stem"), ("é a", "a")],
)
def test_slug(text, name):
    assert slug(text) == name


@given(st.text(max_size=12))
def test_a_slug_is_always_a_group_name(text):
    try:
        name = slug(text)
    except TaskError:
        return
    assert GROUP_NAME.fullmatch(name)
    assert Example("p", "a", (name,)).groups == (name,)


@pytest.mark.parametrize("text", ["", "??", "Mean", "greedy", "mean stderr"])
def test_impossible_names(text):
    with pytest.raises(TaskError, match="can't be called"):
        slug(text)


@pytest.mark.parametrize("group", ["mean", "Level 5", "a/b", ""])
def test_an_example_refuses_a_group_that_would_hide_a_score(group):
    with pytest.raises(ValueError, match="group names"):
        Example("p", "a", (group,))


def test_breakdown_is_the_mean_of_each_group():
    examples = [Example("1", "", ("level_5", "algebra")), Example("2", "", ("level_5",)), Example("3", "")]
    assert breakdown(examples, [1.0, 0.5, 0.0]) == {"algebra": 1.0, "level_5": 0.75}
    assert list(breakdown(examples, [True, False, True])) == ["algebra", "level_5"]
    assert breakdown([examples[2]], [1.0]) == {}
    with pytest.raises(ValueError):
        breakdown(examples, [1.0])
