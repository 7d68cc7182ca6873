"""Demonstrations and preferences: the usual schemas, what is refused, and that nothing of a held-out prompt is seen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from rltune.errors import TaskError
from rltune.tasks.arithmetic import ArithmeticTask
from rltune.tasks.build import build_task
from rltune.tasks.pairs import Demonstration, Preference, demonstrations, preferences


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def says(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def written(path: Path, *rows: Mapping[str, object]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def sft(folder: Path, *rows: Mapping[str, object]) -> tuple[Demonstration, ...]:
    options = {"demonstrations": written(folder / "rows.jsonl", *rows)}
    return demonstrations(build_task("arithmetic/easy", options), options)


def dpo(folder: Path, *rows: Mapping[str, object]) -> tuple[Preference, ...]:
    options = {"preferences": written(folder / "rows.jsonl", *rows)}
    return preferences(build_task("arithmetic/easy", options), options)


@pytest.mark.parametrize("level", ["easy", "hard"])
def test_arithmetic_makes_its_own(level: str) -> None:
    task = build_task(f"arithmetic/{level}")
    assert isinstance(task, ArithmeticTask)
    train = task.examples("train")
    shown, compared = demonstrations(task, {}), preferences(task, {})
    assert [row.prompt for row in shown] == [row.prompt for row in compared] == [e.prompt for e in train]
    assert all(task.correct(e, row.completion) for e, row in zip(train, shown, strict=True))
    for example, row in zip(train, compared, strict=True):
        assert task.correct(example, row.chosen) and not task.correct(example, row.rejected)
        assert row.rejected.isdigit(), "a wrong number, not noise"
    assert preferences(build_task(f"arithmetic/{level}"), {}) == compared


def test_the_usual_schemas_of_demonstrations(tmp_path: Path) -> None:
    rows = sft(
        tmp_path,
        {"prompt": "a", "completion": "b"},
        {"prompt": [user("a"), user("c")], "completion": [says("b")]},
        {"messages": [{"role": "system", "content": "s"}, user("a"), says("x"), user("d"), says("b")]},
    )
    assert rows == (Demonstration("a", "b"), Demonstration("a\n\nc", "b"), Demonstration("s\n\na\n\nx\n\nd", "b"))


def test_the_usual_schemas_of_preferences(tmp_path: Path) -> None:
    rows = dpo(
        tmp_path,
        {"prompt": "a", "chosen": "b", "rejected": "c"},
        {"prompt": [user("a")], "chosen": [says("b")], "rejected": [says("c")]},
        {"chosen": [user("a"), says("b")], "rejected": [user("a"), says("c")]},
        {"prompt": "a", "chosen": [user("a"), says("b")], "rejected": [user("a"), says("c")]},
    )
    assert set(rows) == {Preference("a", "b", "c")} and len(rows) == 4


def test_parquet_is_read_as_well(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pytest.importorskip("pyarrow").Table.from_pylist(
        [{"prompt": "a", "chosen": [user("a"), says("b")], "rejected": [user("a"), says("c")]}]
    )
    parquet.write_table(table, tmp_path / "rows.parquet")
    options = {"preferences": str(tmp_path / "rows.parquet")}
    assert preferences(build_task("arithmetic/easy", options), options) == (Preference("a", "b", "c"),)


def test_held_out_prompts_are_left_out(tmp_path: Path) -> None:
    task = build_task("arithmetic/easy")
    held = [task.examples(split)[3].prompt for split in ("validation", "test")]
    rows = [{"prompt": prompt, "completion": "1"} for prompt in (*held, "new=")]
    assert sft(tmp_path, *rows) == (Demonstration("new=", "1"),)
    with pytest.raises(TaskError, match="all demonstrations are of prompts in the validation or test split"):
        sft(tmp_path, *rows[:2])


def test_the_file_tasks_own_train_file_may_hold_them(tmp_path: Path) -> None:
    rows = [{"prompt": f"{i}=", "answer": str(i), "chosen": str(i), "rejected": "x"} for i in range(9)]
    test = written(tmp_path / "test.jsonl", {"prompt": "t", "answer": "1"})
    options = {"train": written(tmp_path / "train.jsonl", *rows), "test": test, "validation_size": 3}
    task = build_task("file", options)
    found = preferences(task, options)
    assert len(found) == 6
    assert {row.prompt for row in found} == {example.prompt for example in task.examples("train")}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "a"}, "expected prompt and completion, got the columns text"),
        ({"prompt": " ", "completion": "b"}, "the prompt is empty"),
        ({"prompt": "a", "completion": ""}, "completion is empty"),
        ({"prompt": 3, "completion": "b"}, r"expected text or chat messages \(role, content\) in prompt, got 3"),
        ({"messages": [user("a")]}, "expected in messages a prompt and an answer by the assistant, got 1 messages"),
        ({"messages": [says("a"), user("b")]}, "the last of role 'user'"),
        ({"messages": [{"content": None}]}, "expected text or chat messages"),
    ],
)
def test_demonstrations_that_cant_be_used(tmp_path: Path, row: dict[str, object], message: str) -> None:
    with pytest.raises(TaskError, match=message) as caught:
        sft(tmp_path, {"prompt": "fine", "completion": "yes"}, row)
    assert "rows.jsonl, row 2" in (caught.value.where or "")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"prompt": "a", "chosen": "b"}, "expected chosen and rejected, got the columns prompt, chosen"),
        ({"prompt": "a", "chosen": "b", "rejected": "b"}, "the chosen and the rejected answer are the same"),
        ({"chosen": [user("a"), says("b")], "rejected": [user("z"), says("c")]}, "differ before their last message"),
        ({"chosen": "b", "rejected": "c"}, "expected text or chat messages"),
    ],
)
def test_preferences_that_cant_be_used(tmp_path: Path, row: dict[str, object], message: str) -> None:
    with pytest.raises(TaskError, match=message) as caught:
        dpo(tmp_path, row)
    assert "rows.jsonl, row 1" in (caught.value.where or "")


def test_a_task_that_has_none_says_so(tmp_path: Path) -> None:
    test = written(tmp_path / "test.jsonl", {"question": "1+1?", "answer": "#### 2"})
    options = {"data": str(tmp_path), "preferences": 3}
    task = build_task("arithmetic/easy", {"preferences": 3})
    with pytest.raises(TaskError, match="preferences must be a file's name, got 3"):
        preferences(task, options)

    class Bare:
        name = "bare"

    with pytest.raises(TaskError, match="the task bare has no demonstrations of its own") as caught:
        demonstrations(Bare(), {})  # pyright: ignore[reportArgumentType]
    assert "demonstrations: data/demonstrations.jsonl" in (caught.value.hint or "") and test


def test_unknown_options_name_these_too() -> None:
    with pytest.raises(TaskError, match="demonstrations, preferences"):
        build_task("arithmetic/easy", {"demonstration": "x"})
