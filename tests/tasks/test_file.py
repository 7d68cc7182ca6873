"""The file task: formats, columns, splits, and errors that say what, where and what to do."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rltune.errors import TaskError
from rltune.tasks import SPLITS, build_task
from rltune.tasks.file import FileTask


def write(path: Path, rows) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def rows(start: int, stop: int) -> list[dict]:
    return [{"prompt": f"{n}+1=", "answer": n + 1} for n in range(start, stop)]


@pytest.fixture
def files(tmp_path):
    return {
        "train": write(tmp_path / "train.jsonl", rows(0, 20)),
        "validation": write(tmp_path / "validation.jsonl", rows(20, 25)),
        "test": write(tmp_path / "test.jsonl", rows(25, 35)),
    }


def options(files, **more):
    return {**{split: str(path) for split, path in files.items()}, "reward": "exact", **more}


def test_json_lines(files):
    task = build_task("file", options(files, max_response_length=64))
    assert [len(task.examples(split)) for split in SPLITS] == [20, 5, 10]
    first = task.examples("train")[0]
    assert (first.prompt, first.answer) == ("0+1=", "1")
    assert task.max_response_length == 64
    assert task.reward(first, " 1\n") == 1.0
    assert task.reward(first, "1.0") == 0.0


def test_verl_parquet(files, tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = pa.Table.from_pylist(
        [
            {
                "prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"{n}?"}],
                "reward_model": {"style": "rule", "ground_truth": str(n)},
                "extra_info": {"index": n},
            }
            for n in range(8)
        ]
    )
    pq.write_table(table, tmp_path / "train.parquet")
    task = build_task("file", options(files, train=str(tmp_path / "train.parquet")))
    assert task.examples("train")[3].prompt == "Be brief.\n\n3?"
    assert task.examples("train")[3].answer == "3"


def test_own_columns_and_mark(files):
    write(files["train"], [{"q": {"text": "1+1?"}, "a": "One and one is two. #### 2"}])
    write(files["validation"], [{"q": {"text": "1+2?"}, "a": "#### 3"}])
    write(files["test"], [{"q": {"text": "1+3?"}, "a": "#### 4"}])
    task = build_task("file", options(files, prompt_column="q.text", answer_column="a", answer_after="####"))
    assert [(e.prompt, e.answer) for split in SPLITS for e in task.examples(split)] == [
        ("1+1?", "2"),
        ("1+2?", "3"),
        ("1+3?", "4"),
    ]


def test_prompts_of_held_out_splits_leave_the_others(files):
    write(files["train"], rows(0, 22) + rows(3, 5) + rows(30, 31))
    task = build_task("file", options(files))
    prompts = [e.prompt for split in SPLITS for e in task.examples(split)]
    assert len(set(prompts)) == len(prompts)
    assert task.dropped == {"test": 0, "validation": 0, "train": 5}


def test_white_space_makes_no_other_prompt(files):
    write(files["train"], [*rows(0, 3), {"prompt": "25+1= ", "answer": 26}])
    write(files["validation"], [{"prompt": "25+1=\n", "answer": 26}, *rows(20, 22)])
    task = build_task("file", options(files))
    assert [len(task.examples(split)) for split in SPLITS] == [3, 2, 10]
    assert task.dropped == {"test": 0, "validation": 1, "train": 1}


def test_the_first_n_of_a_sorted_file_are_a_fair_sample(files):
    write(files["test"], [{"prompt": f"{kind} {n}", "answer": n} for kind in "ab" for n in range(100)])
    first = build_task("file", options(files)).examples("test")[:40]
    assert 10 <= sum(example.prompt.startswith("a") for example in first) <= 30


@given(size=st.integers(1, 19), shuffled=st.permutations(rows(0, 20)))
@settings(max_examples=20, deadline=None)
def test_held_out_validation_does_not_depend_on_the_order(tmp_path_factory, size, shuffled):
    folder = tmp_path_factory.mktemp("held")
    test = str(write(folder / "test.jsonl", rows(25, 35)))
    plain = FileTask(str(write(folder / "a.jsonl", rows(0, 20))), test, validation_size=size, reward="exact")
    other = FileTask(str(write(folder / "b.jsonl", shuffled)), test, validation_size=size, reward="exact")
    assert plain.examples("validation") == other.examples("validation")
    assert len(plain.examples("validation")) == size
    assert len(plain.examples("train")) == 20 - size
    assert not set(plain.examples("train")) & set(plain.examples("validation"))


def test_a_few_rows_of_the_train_file_may_have_no_answer(files):
    """As two of MATH's have, in verl's schema; in a test file it is a mistake."""
    empty = {"prompt": "what?", "answer": " "}
    write(files["train"], [*rows(0, 20), *rows(100, 180), empty])
    task = build_task("file", options(files))
    assert len(task.examples("train")) == 100
    assert task.dropped == {"train": 1, "validation": 0, "test": 0}
    write(files["train"], [*rows(0, 20), empty, empty])
    with pytest.raises(TaskError, match="answer is empty, as it is in 2 of 22 rows"):
        build_task("file", options(files)).examples("train")
    write(files["train"], rows(0, 20))
    write(files["test"], [*rows(1000, 1200), empty])
    with pytest.raises(TaskError, match="row 201"):
        build_task("file", options(files)).examples("test")


BROKEN = {
    "empty": ("", "no rows"),
    "blank": ("\n\n", "no rows"),
    "not JSON": ('{"prompt": "a", "answer": "b"}\n{"prompt"', "train.jsonl:2"),
    "a list": ('[{"prompt": "a", "answer": "b"}]\n', "one JSON object a line"),
    "no answer": ('{"prompt": "a", "solution": "b"}\n', "no column 'answer'; the columns are prompt, solution"),
    "no prompt": ('{"question": "a", "answer": "b"}\n', "set prompt_column"),
    "a prompt of blanks": ('{"prompt": "  ", "answer": "b"}\n', "row 1"),
    "a number for a prompt": ('{"prompt": 3, "answer": "b"}\n', "expected a prompt"),
    "messages without content": ('{"prompt": [{"role": "user"}], "answer": "b"}\n', "expected a prompt"),
    "no value": ('{"prompt": "a", "answer": null}\n', "expected an answer"),
    "an empty answer": ('{"prompt": "a", "answer": ""}\n', "answer is empty"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files(files, case):
    text, expected = BROKEN[case]
    files["train"].write_text(text, encoding="utf-8")
    with pytest.raises(TaskError) as caught:
        build_task("file", options(files)).examples("train")
    assert expected in str(caught.value)
    assert "train.jsonl" in str(caught.value)
    assert caught.value.hint


def test_missing_file(files):
    with pytest.raises(TaskError, match=r"nowhere.jsonl: no such file"):
        build_task("file", options(files, test="nowhere.jsonl")).examples("train")


def test_a_folder_and_an_unknown_kind(files, tmp_path):
    with pytest.raises(TaskError, match="got a folder"):
        build_task("file", options(files, train=str(tmp_path))).examples("train")
    (tmp_path / "train.csv").write_text("prompt,answer\n")
    with pytest.raises(TaskError, match=".parquet"):
        build_task("file", options(files, train=str(tmp_path / "train.csv"))).examples("train")


def test_damaged_parquet(files, tmp_path):
    pytest.importorskip("pyarrow")
    (tmp_path / "train.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(TaskError, match="damaged"):
        build_task("file", options(files, train=str(tmp_path / "train.parquet"))).examples("train")


def test_validation_is_needed_once(files):
    given = options(files)
    del given["validation"]
    with pytest.raises(TaskError, match="got neither.*validation_size"):
        build_task("file", given)
    with pytest.raises(TaskError, match="got both"):
        build_task("file", options(files, validation_size=3))


def test_validation_file_equal_to_the_test_file(files):
    with pytest.raises(TaskError, match="validation split is empty"):
        build_task("file", options(files, validation=str(files["test"]))).examples("test")


def test_validation_size_takes_the_whole_train_file(files):
    given = options(files, validation_size=20)
    del given["validation"]
    with pytest.raises(TaskError, match="at most 19"):
        build_task("file", given).examples("train")


@pytest.mark.parametrize("more", [{"reward": "close"}, {"max_response_length": 0}, {"max_response_length": True}])
def test_impossible_options(files, more):
    with pytest.raises(TaskError):
        build_task("file", options(files, **more))


def test_unknown_split(files):
    with pytest.raises(TaskError, match="unknown split"):
        build_task("file", options(files)).examples("dev")


@pytest.mark.slow
def test_gsm8k():
    shared = os.environ.get("RLTUNE_SHARED_DATA")
    folder = Path(shared) if shared else Path(__file__).parents[3] / "shared" / "data"
    if not (folder / "gsm8k" / "train.parquet").is_file():
        pytest.skip("the GSM8K files are not beside the repository; name their folder in RLTUNE_SHARED_DATA")
    pytest.importorskip("pyarrow")
    pytest.importorskip("math_verify")
    train, test = (str(folder / "gsm8k" / f"{split}.parquet") for split in ("train", "test"))
    task = build_task("file", {"train": train, "test": test, "validation_size": 256})
    assert [len(task.examples(split)) for split in SPLITS] == [7473 - 256, 256, 1319]
    for example in task.examples("validation")[:20]:
        assert task.correct(example, f"So we add them.\n#### {example.answer}")
        assert task.correct(example, f"The answer is \\boxed{{{example.answer}}}.")
        assert not task.correct(example, f"#### {example.answer}1")
