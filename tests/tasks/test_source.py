"""Data sets on disk in the layouts that people have them in, and on the hub."""

import json
from pathlib import Path

import pytest

from rltune.errors import TaskError
from rltune.tasks.hub import HubData
from rltune.tasks.readers import read_rows
from rltune.tasks.source import FolderData, source

HUB = HubData("openai/gsm8k", "main")


def rows(*numbers: int) -> list[dict]:
    return [{"question": f"{n}?", "answer": str(n)} for n in numbers]


def write(path: Path, found: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in found))
    elif path.suffix == ".json":
        path.write_text(json.dumps(found[0] if len(found) == 1 else found))
    else:
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        table = pa.Table.from_pylist(found)
        if path.suffix == ".parquet":
            pq.write_table(table, path)
        else:
            with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
                writer.write_table(table)


LAYOUTS = {
    "the authors' files": ["train.jsonl", "test.jsonl"],
    "verl": ["train.parquet", "test.parquet"],
    "a clone from the hub": ["main/train-00000-of-00001.parquet", "main/test-00000-of-00001.parquet"],
    "a clone without configurations": ["data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet"],
    "a converted branch": ["main/train/0000.parquet", "main/test/0000.parquet"],
    "save_to_disk": ["train/data-00000-of-00001.arrow", "test/data-00000-of-00001.arrow"],
    "the cache of datasets": ["gsm8k-train.arrow", "gsm8k-test.arrow"],
    "lists": ["train.json", "test.json"],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout, tmp_path):
    train, test = (tmp_path / name for name in LAYOUTS[layout])
    write(train, rows(1, 2))
    write(test, rows(3, 4))
    data = source(tmp_path, HUB)
    assert data.rows(["train"]) == rows(1, 2)
    assert data.rows(["test"]) == rows(3, 4)
    assert data.rows(["validation", "val"]) is None
    assert data.rows(["validation", "test"]) == rows(3, 4)


def test_shards_come_in_order_and_other_configurations_stay_out(tmp_path):
    write(tmp_path / "main/train-00000-of-00002.parquet", rows(1))
    write(tmp_path / "main/train-00001-of-00002.parquet", rows(2))
    write(tmp_path / "socratic/train-00000-of-00001.parquet", rows(9))
    assert source(str(tmp_path), HUB).rows(["train"]) == rows(1, 2)


def test_a_file_a_problem(tmp_path):
    for n in (1, 2, 3):
        write(tmp_path / f"train/algebra/{n}.json", rows(n))
    assert source(tmp_path, HUB).rows(["train"]) == rows(1, 2, 3)


def test_the_same_data_in_two_kinds_counts_once(tmp_path):
    write(tmp_path / "train.parquet", rows(1))
    write(tmp_path / "train.jsonl", rows(1))
    write(tmp_path / "train/state.json", [{"_split": "train"}])
    assert source(tmp_path, HUB).rows(["train"]) == rows(1)


def test_names_that_only_contain_a_split(tmp_path):
    for name in ("auxiliary_train-00000-of-00001.parquet", "constraints.jsonl", "latest.jsonl", "train_notes.jsonl"):
        write(tmp_path / name, rows(1))
    data = source(tmp_path, HUB)
    assert data.rows(["train"]) is None
    assert data.rows(["test"]) is None
    assert data.rows(["auxiliary_train", "train"]) == rows(1)


def test_one_file_is_every_split(tmp_path):
    write(tmp_path / "aime.jsonl", rows(1, 2))
    assert source(tmp_path / "aime.jsonl", HUB).rows(["test"]) == rows(1, 2)


def test_no_such_folder(tmp_path):
    with pytest.raises(TaskError, match="nowhere: no such folder"):
        source(tmp_path / "nowhere", HUB).rows(["train"])
    assert str(FolderData(tmp_path, "main")) == str(tmp_path)


def test_json_files(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"a": 1}\n{"a": 2}\n')
    assert read_rows(path) == [{"a": 1}, {"a": 2}]
    path.write_text("[1, 2]")
    with pytest.raises(TaskError, match="row 1: expected a JSON object, got int"):
        read_rows(path)
    path.write_text("[]")
    with pytest.raises(TaskError, match="no rows"):
        read_rows(path)
    path.write_text("[{")
    with pytest.raises(TaskError, match="a.json:1: not a line of JSON"):
        read_rows(path)


def test_arrow_files(tmp_path):
    pa = pytest.importorskip("pyarrow")
    table = pa.Table.from_pylist([{"a": 1, "b": 2}])
    with pa.OSFile(str(tmp_path / "file.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    assert read_rows(tmp_path / "file.arrow", columns=["b", "c"]) == [{"b": 2}]
    (tmp_path / "broken.arrow").write_bytes(b"nothing of the kind")
    with pytest.raises(TaskError, match="damaged"):
        read_rows(tmp_path / "broken.arrow")


@pytest.mark.slow  # imports the datasets library
class TestHub:
    @pytest.fixture(autouse=True)
    def _library(self, tmp_path, monkeypatch):
        datasets = pytest.importorskip("datasets")
        monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")

    def test_the_library_loads_the_rows(self, tmp_path):
        # A folder in the hub's layout stands in for a repository: the library reads both in the same way.
        write(tmp_path / "repository/data/train-00000-of-00001.parquet", rows(1, 2))
        write(tmp_path / "repository/data/test-00000-of-00001.parquet", rows(3))
        data = source(None, HubData(str(tmp_path / "repository"), "default"))
        assert data.rows(["test"]) == rows(3)
        assert data.rows(["auxiliary_train", "train"]) == rows(1, 2)
        assert data.rows(["validation"]) is None

    def test_without_network_it_says_what_to_do(self, monkeypatch):
        datasets = pytest.importorskip("datasets")

        def offline(*_, **__):
            raise ConnectionError("no route to the hub")

        monkeypatch.setattr(datasets, "get_dataset_split_names", offline)
        with pytest.raises(TaskError) as caught:
            HUB.rows(["train"])
        assert "hub:openai/gsm8k/main" in str(caught.value)
        assert "no route to the hub" in str(caught.value)
        assert "data: path/to/folder" in str(caught.value)
