"""Finding the final answer that a completion states."""

import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rltune.tasks.answers import after_mark, as_number, final_expression, final_letter, final_number, last_boxed


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        (r"so $\boxed{5}$.", "5"),
        (r"\boxed{1}, no, \boxed{2}", "2"),
        (r"\boxed{\frac{1}{2}} it is", r"\frac{1}{2}"),
        (r"\boxed{\left\{ 1 \right.} end", r"\left\{ 1 \right."),
        (r"\boxed {x}", "x"),
        (r"$\boxed 2$", "2"),
        (r"\fbox{7}", "7"),
        (r"\boxed{\boxed{3}}", "3"),
        (r"\boxed{}", ""),
        (r"\boxed{1} and then \boxed{2", None),
        ("none", None),
        (r"\boxedx{3}", None),
    ],
)
def test_last_box(text, inside):
    assert last_boxed(text) == inside


balanced = st.recursive(
    st.text(alphabet="ab^_ 1", max_size=4),
    lambda inner: st.tuples(inner, inner).map(lambda two: f"{two[0]}{{{two[1]}}}\\{{"),
    max_leaves=6,
)


@given(inside=balanced)
@settings(max_examples=50, deadline=None)
def test_a_box_gives_back_what_was_put_in(inside):
    assert last_boxed(f"first \\boxed{{0}}, then \\boxed{{{inside}}}.") == inside


def test_after_the_last_mark_to_the_end_of_the_line():
    assert after_mark("#### 1\nmore\n#### 2 dollars \nand on") == "2 dollars"
    assert after_mark("####\n18") == "18"
    assert after_mark("18") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("18", 18),
        ("-18.50", Fraction(-37, 2)),
        ("1,234,567", 1234567),
        (r"10,\!080", 10080),
        ("10{,}080", 10080),
        (r"\$7.50", Fraction(15, 2)),
        (".5", Fraction(1, 2)),
        ("+3", 3),
        ("1,23", None),
        ("1/2", None),
        ("0x10", None),
        ("1e3", None),
        ("", None),
        ("9" * 500, None),
    ],
)
def test_plain_numbers(text, value):
    assert as_number(text) == value


# None of them is 18: listing candidates, or a number in a larger expression, must not pay.
SEVERAL = [
    *("18 or 19", "18 and 19", "18, 19", "18; 19", "18 19", "18 (or 19)", "18-19", "18 to 19", "x = 18, y = 19"),
    *("18/19", "18 1/2", "18^2", "18e3", "18x10^3", "18+1", "18.5.5", "18:30", "18k", "18 thousand", "18 million"),
    *("<18", "> 18", "not 18", "18 hours 30 minutes", "18 dollars and 50 cents", "18 \\text{ or } 19"),
]
MARKED = [
    ("20 - 2 = 18\n#### 18", 18),
    ("#### $1,080.", 1080),
    ("#### 18 dollars", 18),
    ("#### **18**", 18),
    ("#### -3", -3),
    (r"#### \boxed{18}", 18),
    (r"#### x = 18", 18),
    (r"so $\boxed{18}$", 18),
    (r"\boxed{18 \text{ dollars}}", 18),
    (r"\boxed{\$18}", 18),
    (r"\boxed{50\%}", 50),
    (r"#### \(18\)", 18),
    (r"\boxed{\textbf{18}}", 18),
    ("#### \u22123", -3),
    ("#### - 3", -3),
    ("#### 2 * 9 = 18", 18),
    (r"\boxed{2 + 16 = 18}", 18),
    ("#### 18. That is 2 * 9.", 18),
    ("#### 18 (2 * 9)", 18),
    ("#### $18/hour", 18),
    ("#### eighteen", None),
    ("#### about 18 or 19", None),
    (r"\boxed{\frac{36}{2}}", None),
    ("", None),
    *[(f"#### {several}", None) for several in SEVERAL],
    *[(f"\\boxed{{{several}}}", None) for several in SEVERAL],
]


@pytest.mark.parametrize(("completion", "value"), MARKED)
@pytest.mark.parametrize("final", ["marked", "any"])
def test_a_marked_number(completion, value, final):
    assert final_number(completion, final) == value


@pytest.mark.parametrize(
    ("completion", "value"),
    [("She has 16-3 = 13, then 5-3.", 3), ("The answer is -4", -4), ("It costs $1,200.", 1200), ("no number", None)],
)
def test_the_last_number_counts_only_if_any_may(completion, value):
    assert final_number(completion, "any") == value
    assert final_number(completion, "marked") is None


def test_final_expression():
    assert final_expression(r"#### 3, so \boxed{ x^2 }") == "x^2"
    assert final_expression("#### $\\frac12$") == "\\frac12"
    assert final_expression("the answer is 3") is None


@pytest.mark.parametrize(
    ("completion", "letter"),
    [
        (r"\boxed{B}", "B"),
        (r"$\boxed{\text{(C)}}$", "C"),
        (r"\boxed{B. the moon}", "B"),
        ("#### D", "D"),
        ("The answer is (B).", "B"),
        ("Answer: **C**", "C"),
        ("answer: C\nbecause it is so", "C"),
        ("The answer is B because A is wrong", "B"),
        ("the right choice is A) water", "A"),
        ("A", "A"),
        (" (D) ", "D"),
        ("C. mercury", "C"),
        ("The answer is A. No, wait: the answer is (D)", "D"),
        ("The answer is A or B", None),
        (r"\boxed{A, B}", None),
        (r"\boxed{A} and \boxed{C}", "C"),
        (r"\boxed{A/C}", None),
        (r"\boxed{A; C}", None),
        (r"\boxed{A | C}", None),
        (r"\boxed{A \text{ or } C}", None),
        (r"\boxed{A \lor C}", None),
        (r"\boxed{A$ or $C}", None),
        ("The answer is A or maybe C", None),
        (r"\boxed{\mathrm{B}}", "B"),
        (r"So the answer is: \( B \)", "B"),
        ("The correct answer is option B.", "B"),
        ("<answer>B</answer>", "B"),
        ("Answer: (A) and (B)", None),
        ("Answer: A person", None),
        ("The answer is Because", None),
        ("A person would say so", None),
        ("the answer is b", None),
        (r"\boxed{E}", None),
        ("", None),
    ],
)
def test_a_marked_letter(completion, letter):
    assert final_letter(completion, "ABCD", "marked") == letter


def test_the_last_letter_counts_only_if_any_may():
    completion = "Not A, but I think it must be C since metals conduct."
    assert final_letter(completion, "ABCD", "any") == "C"
    assert final_letter(completion, "ABCD", "marked") is None
    assert final_letter("It's D'Artagnan in the UBC", "ABCD", "any") is None


@given(st.text(alphabet="ABCD ()*:#boxed\\{}answeris,\n1234.$-", max_size=80))
def test_nothing_that_a_model_writes_is_an_error(text):
    assert final_letter(text, "ABCD", "any") in (None, *"ABCD")
    final_number(text, "any")
    final_expression(text)


@pytest.mark.parametrize("filler", [" ", "(", "\n", "\\boxed ", "answer is ", "{", "$", "1,", "-", "#### "])
def test_floods_take_no_time(filler):
    flood = "answer is" + filler * 20_000
    start = time.process_time()
    final_letter(flood, "ABCD", "any")
    final_number(flood, "any")
    final_expression(flood)
    assert time.process_time() - start < 0.9
