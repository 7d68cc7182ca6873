"""What the page's server keeps of its answers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rltune.web import answers
from rltune.web.answers import Answers
from rltune.web.live import Live


@pytest.fixture
def kept(finished_place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    monkeypatch.setattr(answers, "KEPT_BYTES", 100_000)
    live = Live(finished_place)
    yield Answers(live)
    live.close()


def test_short_answers_to_long_questions_are_not_kept_without_end(kept: Answers) -> None:
    for number in range(50):
        answer = kept.get("runs", "/api/runs", lambda live, query: None, {"x": f"{number:010000}"})
        assert answer.body == b"null"
    held = sum(sys.getsizeof(value) for _, parameters in kept._kept for _, value in parameters)
    assert 0 < held < 110_000


def test_an_answer_is_made_once_for_a_version(kept: Answers) -> None:
    asked: list[int] = []
    for _ in range(3):
        kept.get("runs", "/api/runs", lambda live, query: asked.append(1), {"q": "a"})
    assert asked == [1]
