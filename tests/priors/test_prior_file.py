"""Prior files: what is written is read again; what can't be is refused with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rltune.errors import PriorError
from rltune.priors import Prior, PriorEvaluation, read_prior, write_prior

HEAD = {"rltune": "prior evaluations", "version": 1, "source": "by hand"}
ROW = {"configuration": {"learning_rate": 1e-3}, "score": 0.5}

names = st.text(min_size=1, max_size=8).filter(lambda t: "\x00" not in t)
scalars = st.one_of(st.booleans(), st.integers(-(10**9), 10**9), st.floats(-1e100, 1e100), st.text(max_size=8))
evaluations = st.builds(
    PriorEvaluation,
    configuration=st.dictionaries(names, scalars, max_size=4),
    model=st.none() | names,
    parameters=st.none() | st.floats(1, 1e12),
    steps=st.none() | st.integers(1, 10**6),
    score=st.none() | st.floats(-1e6, 1e6),
    seed=st.integers(0, 100),
)
texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)


@settings(deadline=None)
@given(
    st.lists(evaluations, max_size=5, unique_by=lambda e: e.key),
    texts,
    st.none() | st.integers(1, 1000),
    st.dictionaries(texts, scalars.filter(lambda v: not isinstance(v, str)), max_size=3),
)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory,
    found: list[PriorEvaluation],
    source: str,
    horizon: int | None,
    fixed: dict[str, float],
) -> None:
    prior = Prior(source, tuple(found), horizon=horizon, fixed=fixed)
    path = tmp_path_factory.mktemp("prior") / "prior.jsonl"
    write_prior(path, prior)
    assert read_prior(path) == prior


def test_half_a_character_pair_is_written_and_read_again(tmp_path: Path) -> None:
    prior = Prior("half \ud83d", (PriorEvaluation({"half \ud83d": 1}, score=0.5),))
    write_prior(tmp_path / "prior.jsonl", prior)
    assert read_prior(tmp_path / "prior.jsonl") == prior


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("rows", "where", "message"),
    [
        ([], "", "empty"),
        (["not json"], ":1", "isn't JSON"),
        ([[1]], ":1", "object"),
        ([{"some": "thing"}], ":1", "header"),
        ([{**HEAD, "version": 2}], ":1", "version 2"),
        ([{"rltune": "prior evaluations", "version": 1}], ":1", "'source' is missing"),
        ([{**HEAD, "horizn": 3}], ":1", "unknown key 'horizn'"),
        ([{**HEAD, "horizon": 0}], ":1 horizon", "above 0"),
        ([HEAD, ROW, {**ROW, "score": "high"}], ":3 score", "finite number"),
        ([HEAD, ROW, '{"configuration": {}, "score": NaN}'], ":3", "NaN is no number"),
        ([HEAD, '{"configuration": {}, "score": 1, "score": 2}'], ":2", "'score' is there twice"),
        ([HEAD, {**ROW, "configuration": {"rate": None}}], ":2 configuration.rate", "finite number"),
        ([HEAD, {**ROW, "configuration": [1]}], ":2 configuration", "names with values"),
        ([HEAD, {**ROW, "steps": 1.5}], ":2 steps", "whole number"),
        ([HEAD, {**ROW, "steps": True}], ":2 steps", "whole number"),
        ([HEAD, {**ROW, "parameters": -1}], ":2 parameters", "from 1"),
        ([HEAD, {**ROW, "parameters": 5e-324}], ":2 parameters", "from 1"),
        ([HEAD, {**ROW, "parameters": 10**400}], ":2 parameters", "from 1"),
        ([HEAD, {**ROW, "score": 10**400}], ":2 score", "finite number, got 10000"),
        ([HEAD, {**ROW, "score": 1.7e308}], ":2 score", "finite number"),
        ([HEAD, {**ROW, "steps": 10**400}], ":2 steps", "whole number"),
        ([HEAD, {**ROW, "configuration": {"rate": 10**400}}], ":2 configuration.rate", "finite number"),
        ([{**HEAD, "base_scores": {"m": 10**400}}], ":1 base_scores.m", "finite number"),
        ([HEAD, {"configuration": {}}], ":2", "'score' is missing"),
        ([HEAD, "", ROW, {**ROW, "score": 0.6}], ":4", "as in line 3"),
        ([HEAD, {**ROW, "modle": "m"}], ":2", "unknown key 'modle'"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, rows: list[object], where: str, message: str) -> None:
    path = write(tmp_path / "prior.jsonl", *rows)
    with pytest.raises(PriorError) as caught:
        read_prior(path)
    assert message in caught.value.message
    assert caught.value.where == f"{path}{where}"


def test_a_file_that_is_missing_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(PriorError, match="can't be read"):
        read_prior(tmp_path / "none.jsonl")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PriorError, match="UTF-8"):
        read_prior(tmp_path / "binary")


def test_an_infinite_score_is_refused_when_made() -> None:
    with pytest.raises(PriorError, match="null for a run that failed"):
        PriorEvaluation({"a": 1}, score=float("inf"))


def test_the_same_run_twice_is_refused_when_made() -> None:
    with pytest.raises(PriorError, match="evaluations 1 and 3"):
        Prior("x", (PriorEvaluation({"a": 1}), PriorEvaluation({"a": 2}), PriorEvaluation({"a": 1}, score=1.0)))


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "prior.jsonl", HEAD, ROW)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(PriorError, match="No space left"):
        write_prior(path, Prior("new", ()))
    assert read_prior(path).source == "by hand"
    assert list(tmp_path.iterdir()) == [path]
