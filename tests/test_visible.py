"""Text from outside can't act on a terminal or a page, and stays readable."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rltune.visible import is_plain, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b2J", r"\x9b2J"),
        ("a\rb", r"a\x0db"),
        ("safe\u202egnp.exe", r"safe\u202egnp.exe"),
        ("lone \ud800", r"lone \ud800"),
        ("tag \U000e0041", r"tag \U000e0041"),
        ("two\nlines\tand é 漢 👩\u200d🔬", "two\nlines\tand é 漢 👩\u200d🔬"),
    ],
)
def test_what_acts_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert is_plain(text) == (text == shown)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(), max_size=100))
def test_what_is_shown_can_be_encoded_and_shown_again(text: str) -> None:
    shown = visible(text)
    assert shown.encode() and visible(shown) == shown if text else shown == ""
    assert not any(c < " " and c not in "\n\t" for c in shown)
