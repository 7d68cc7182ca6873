"""Comparing completions with reference answers."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.errors import TaskError
from rltune.tasks.checks import check_named


@given(answer=st.text(min_size=1), completion=st.text())
def test_exact_ignores_white_space_around_only(answer, completion):
    exact = check_named("exact")
    assert exact(answer, f"\n {answer}\t")
    assert exact(answer, completion) == (answer.strip() == completion.strip())


def test_unknown_name():
    with pytest.raises(TaskError, match="exact, math"):
        check_named("fuzzy")


@pytest.mark.slow  # the first use imports SymPy
class TestMath:
    @pytest.fixture(autouse=True)
    def _library(self):
        pytest.importorskip("math_verify")

    @pytest.mark.parametrize(
        ("answer", "completion", "right"),
        [
            ("18", "first 3, then 15, so #### 18", True),
            ("18", "\\boxed{18.0}", True),
            ("18", "\\boxed{17}", False),
            ("\\frac{1}{2}", "so it is $0.5$", True),
            ("\\frac{3}{4}", "\\boxed{\\frac{6}{8}}", True),
            ("x^2+1", "\\boxed{1+x^2}", True),
            ("18", "", False),
            ("18", "I don't know.", False),
            ("18", "\\boxed{\\frac{1}{", False),
        ],
    )
    def test_equal_as_mathematics(self, answer, completion, right):
        assert check_named("math")(answer, completion) is right

    def test_works_outside_the_main_thread(self):
        results = []
        thread = threading.Thread(target=lambda: results.append(check_named("math")("18", "\\boxed{18}")))
        thread.start()
        thread.join()
        assert results == [True]
