"""Equality of mathematical answers: what is judged at once, and what math-verify judges in its own process."""

import multiprocessing
import os
import signal
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.errors import TaskError
from rltune.tasks import mathematics
from rltune.tasks.grader import Grader, grader

EQUAL_AT_ONCE = [
    (r"\frac{1}{2}", r"\dfrac{1}{2}"),
    (r"\left( 3, \frac{\pi}{2} \right)", r"(3,\frac{\pi}{2})"),
    (r"\text{(E)}", "E"),
    (r"\text{Evelyn}", "Evelyn"),
    (r"\text{C,E}", "C, E"),
    (r"\text{June 20}", "June 20."),
    ("1080", r"1,\!080.0"),
    ("x^2+1", "x^2 + 1"),
    ("-5", "\N{MINUS SIGN}5"),
]
SAYS_ELSE = [  # math-verify alone takes all these for equal
    *[("5", answer) for answer in (r"\neq 5", r"\le 5", "< 5", r"6 \implies 5", r"6 \lor 5", r"6 \to 5")],
    *[("5", answer) for answer in (r"5 \text{ million}", r"5 \text{ or possibly 6}")],
    ("(1,2)", r"\{1, 2\}"),
    (r"\text{CBAD}", "ABCD"),
]
DIFFERENT_AT_ONCE = [
    *SAYS_ELSE,
    ("5", "\N{MINUS SIGN}5"),
    ("18", "17"),
    ("18", ""),
    ("18", "  "),
    ("25_6", "25_7"),
    ("25_{6}", "24_{6}"),
    ("x", "x" * 501),
]


@pytest.fixture
def no_process(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("math-verify isn't needed for this")

    monkeypatch.setattr(Grader, "equal", refuse)


@pytest.mark.parametrize(("reference", "answer"), EQUAL_AT_ONCE)
def test_what_is_written_alike_is_equal(reference, answer, no_process):
    assert mathematics.equal(reference, answer)
    assert mathematics.equal(answer, reference)


@pytest.mark.parametrize(("reference", "answer"), DIFFERENT_AT_ONCE)
def test_plain_differences(reference, answer, no_process):
    assert not mathematics.equal(reference, answer)


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_whole_numbers_are_compared_exactly(a, b):
    assert mathematics.equal(str(a), f"{b:,}") == (a == b)


@pytest.mark.slow  # starts math-verify
class TestVerified:
    @pytest.fixture(autouse=True)
    def _library(self):
        pytest.importorskip("math_verify")

    @pytest.mark.parametrize(
        ("reference", "answer"),
        [
            (r"\frac{1}{2}", "0.5"),
            (r"\frac{3}{4}", r"\frac{6}{8}"),
            ("x^2+1", "1+x^2"),
            ("15", "k = 15"),
            ("k = 15", "15"),
            ("575", r"575\text{ students}"),
            (r"45 \text{ units}^2", "45"),
            (r"\$42409", "42409"),
            (r"90^\circ", "90"),
            (r"20\%", "20"),
            ("2, -3, 4", "-3,2,4"),
            (r"19 \text{ and }43", "19, 43"),
            ("25_{6}", "25"),
            (r"\frac \pi4 + 2 - \sqrt2", r"2 + \frac{\pi}{4} - \sqrt{2}"),
            (r"\frac{7}{5} + \frac{1}{5} i.", r"\frac{7+i}{5}"),
            (r"\frac{1}{2004!}", r"\frac{2}{2 \cdot 2004!}"),
            (r"\frac{1}{1000000}", "10^{-6}"),
            ("4t", r"t \cdot 4"),
            ("a + b + c", "b + a + c"),
            ("t + 4", "4 + t"),
            ("12", "12 m"),
            (r"-\frac{1}{2}", "\N{MINUS SIGN}0.5"),
            (r"-2 \text{ or } -12", "-12, -2"),
            (r"x \in (0,1)", "(0,1)"),
        ],
    )
    def test_equal(self, reference, answer):
        assert mathematics.equal(reference, answer)

    @pytest.mark.parametrize(
        ("reference", "answer"),
        [
            (r"\frac{1}{2}", r"\frac{1}{3}"),
            ("(1,2)", "[1,2]"),
            ("(1,2)", "(2,1)"),
            (r"(-5,\sqrt{26}]", r"(-5,\sqrt{26})"),
            ("3:1", "1:3"),
            (r"\text{Evelyn}", r"\text{Angela}"),
            (r"12\text{ and }13", "12"),
            ("0.333", r"\frac{1}{3}"),
            # math-verify alone takes all these for equal.
            ("4t", "4"),
            ("a + b + c", "a + b + m"),
            (r"\frac \pi4 + 2 - \sqrt2", r"\frac \pi4 + 2 - \sqrt3"),
            (r"\frac{7}{5} + \frac{1}{5} i.", r"\frac{8}{5} + \frac{1}{5} i."),
            (r"\frac{1}{2004!}", r"\frac{1}{2005!}"),
            (r"\frac{1}{2004!}", "0"),
            ("5", r"\frac{1}{"),
            ("5", "\ud800"),
            ("5", "\\" * 400),
        ],
    )
    def test_different(self, reference, answer):
        assert not mathematics.equal(reference, answer)

    def test_the_last_expression_of_a_text(self):
        assert mathematics.found_in("18", "First 3, then 15, so it is $18$.")
        assert not mathematics.found_in("15", "First 3, then 15, so it is $18$.")

    @pytest.mark.parametrize("endless", ["9^{9^{9^9}}", r"(10^{10})!"])
    def test_what_takes_forever_is_wrong_and_the_next_one_is_judged(self, endless):
        one = Grader()
        assert not one.equal("5", endless, is_answer=True)
        assert one.equal("5", "2+3", is_answer=True)

    def test_a_killed_process_is_replaced_and_the_answer_judged_again(self):
        one = Grader()
        assert one.equal("5", "2+3", is_answer=True)
        os.kill(one._process.pid, signal.SIGKILL)
        assert one.equal("6", "2 \\cdot 3", is_answer=True)

    def test_a_trial_that_is_told_to_stop_can_finish_its_step(self):
        one = Grader()
        assert one.equal("5", "2+3", is_answer=True)
        pid = one._process.pid
        os.kill(pid, signal.SIGTERM)
        assert one.equal("6", "2 \\cdot 3", is_answer=True)
        assert one._process.pid == pid

    def test_many_threads(self):
        results: dict[int, bool] = {}

        def ask(n: int) -> None:
            results[n] = grader().equal(str(n), f"{n - 1} + 1" if n % 2 else f"{n} + 1", is_answer=True)

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == {n: n % 2 == 1 for n in range(8)}

    def test_a_forked_process_uses_a_grader_of_its_own(self):
        assert grader().equal("5", "2+3", is_answer=True)
        fork = multiprocessing.get_context("fork")
        with fork.Pool(1) as pool:
            child = pool.apply_async(_judge_in_child)
            here = [mathematics.equal("7", f"{n}+{7 - n}") for n in range(6)]
            assert child.get(timeout=60) == (True, [True] * 6)
        assert here == [True] * 6
        assert grader()._process.poll() is None


def _judge_in_child() -> tuple[bool, list[bool]]:
    fresh = grader()._process is None
    return fresh, [mathematics.equal("8", f"{n}+{8 - n}") for n in range(6)]


def test_a_library_that_is_missing_is_named(monkeypatch, tmp_path):
    script = tmp_path / "broken.py"
    script.write_text("import no_such_library_here\n")
    monkeypatch.setattr("rltune.tasks.grader._SCRIPT", str(script))
    with pytest.raises(TaskError, match="no_such_library_here"):
        Grader().equal("1", "2", is_answer=True)
