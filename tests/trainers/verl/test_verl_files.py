"""Data of each split is there before a study starts, and its winner isn't chosen on its own test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rltune.errors import TrainerError
from rltune.trainers.verl.trainer import VerlTrainer

Make = Callable[..., VerlTrainer]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with the files that the trainer's own overrides name, and others."""
    monkeypatch.chdir(tmp_path)
    for name in ("train", "val", "mine", "more", "other", "x"):
        Path(f"{name}.parquet").touch()


@pytest.fixture
def test_file(tmp_path: Path) -> str:
    path = tmp_path / "test.parquet"
    path.touch()
    return str(path)


def test_a_study_with_files_for_each_split_passes(make_trainer: Make, test_file: str) -> None:
    make_trainer("", test_files=test_file).check_data("gsm8k", {}, {})
    make_trainer().check_data("file", {"test": test_file}, {})


def test_a_study_that_could_not_be_tested_at_its_end_is_refused(make_trainer: Make) -> None:
    with pytest.raises(TrainerError, match="verl needs parquet files of the test split") as caught:
        make_trainer().check_data("file", {"test": "rows.jsonl"}, {})
    assert "test_files" in str(caught.value)
    with pytest.raises(TrainerError, match="there is no file .*/nowhere.parquet"):
        make_trainer("", test_files="nowhere.parquet").check_data("gsm8k", {}, {})


@pytest.mark.parametrize("key", ["data.train_files", "data.val_files"])
def test_a_file_that_is_not_there_is_told_before_anything_runs(make_trainer: Make, test_file: str, key: str) -> None:
    with pytest.raises(TrainerError, match=r"there is no file .*gone\.parquet .*" + key):
        make_trainer("", f"{key}=[x.parquet,gone.parquet]", test_files=test_file).check_data("gsm8k", {}, {})


def test_the_validation_may_not_be_the_test(make_trainer: Make, test_file: str) -> None:
    """As in most launch scripts of verl's examples, which validate on the test split."""
    trainer = make_trainer("", f"data.val_files=['x.parquet', '{test_file}']", test_files=test_file)
    with pytest.raises(TrainerError, match="chosen on its own test"):
        trainer.check_data("gsm8k", {}, {})
    with pytest.raises(TrainerError, match="chosen on its own test"):
        make_trainer("", test_files=test_file).check_data("file", {}, {"data.val_files": test_file})


@pytest.mark.parametrize(("key", "split"), [("data.train_files", "train"), ("data.val_files", "validation")])
def test_the_task_and_the_overrides_name_the_same_file(
    make_trainer: Make, test_file: str, tmp_path: Path, key: str, split: str
) -> None:
    """verl would read the one of the overrides, whatever the study file says."""
    mine = str(tmp_path / "mine.parquet")
    with pytest.raises(TrainerError, match=f"the task's {split} split is .*mine.parquet, but {key} names .*other"):
        make_trainer("", f"{key}=other.parquet", test_files=test_file).check_data("file", {split: mine}, {})
    both = make_trainer("", f"{key}=[{mine},more.parquet]", test_files=test_file)
    both.check_data("file", {split: mine}, {})


def test_a_relative_validation_file_is_in_the_programs_folder(make_trainer: Make, test_file: str) -> None:
    folder = str(Path(test_file).parent)
    train = f"data.train_files={folder}/train.parquet"
    trainer = make_trainer("", train, "data.val_files=test.parquet", test_files=test_file, folder=folder)
    with pytest.raises(TrainerError, match="chosen on its own test"):
        trainer.check_data("gsm8k", {}, {})
