"""What an error tells its reader."""

from __future__ import annotations

import pytest

from rltune.errors import ConfigError, did_you_mean, suggest

KNOWN = ("rungs", "budget", "models")


def test_an_error_says_where_what_and_the_remedy() -> None:
    error = ConfigError("expected a number, got 'soon'", where="study.yaml:6 budget", hint="write 5m")
    assert str(error) == "study.yaml:6 budget: expected a number, got 'soon' (write 5m)"
    assert str(ConfigError("expected a number")) == "expected a number"


@pytest.mark.parametrize(("word", "meant"), [("modles", "models"), ("budgets", "budget"), ("rung", "rungs")])
def test_a_slip_finds_the_name_that_was_meant(word: str, meant: str) -> None:
    assert did_you_mean(word, KNOWN) == f"did you mean {meant!r}?"
    assert suggest(word, KNOWN) == f"did you mean {meant!r}? known: budget, models, rungs"


def test_a_word_like_none_of_them_only_lists_the_known() -> None:
    assert did_you_mean("xyzzy", KNOWN) is None
    assert did_you_mean("modles", KNOWN, similarity=0.99) is None
    assert suggest("xyzzy", KNOWN) == "known: budget, models, rungs"
    assert suggest("xyzzy", ()) == ""
