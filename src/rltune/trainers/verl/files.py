"""Which parquet files verl reads: those of the user's overrides and settings, else the task's own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence

from rltune.errors import TrainerError
from rltune.tasks.ood import TaskRef
from rltune.trainers.verl.options import Options
from rltune.trainers.verl.override import Override, setting
from rltune.trainers.verl.setup import Setup
from rltune.types import Scalar

_VALIDATION = "data.val_files"
_KEYS = {"data.train_files": "train", _VALIDATION: "validation"}
_TEST_FILES = "trainer.settings.test_files"


def data_overrides(
    setup: Setup, task_options: Mapping[str, object], hyperparameters: Mapping[str, Scalar]
) -> Iterator[Override]:
    """Training and validation files, for a user who names none.

    Raises:
        TrainerError: if the task has no parquet file either.
    """
    for key, split in _KEYS.items():
        if setup.own(key) is None and key not in hyperparameters:
            yield setting(key, _parquet(task_options.get(split), key, split))


def test_files(options: Options, task_options: Mapping[str, object], split: str = "test") -> list[str]:
    """The parquet files that final models are tested on.

    Raises:
        TrainerError: if there are none.
    """
    given = options.test_files or task_options.get(split)
    paths = [given] if isinstance(given, str) else given
    if not isinstance(paths, Sequence) or not paths or not all(str(path).endswith(".parquet") for path in paths):
        raise TrainerError(
            f"verl needs parquet files of the {split} split, and the task has none",
            where=_TEST_FILES,
            hint="name the files that the final models are tested on",
        )
    return [os.path.abspath(str(path)) for path in paths]


def other_test_files(other: TaskRef, options: Options) -> list[str]:
    """The parquet files of another task's test split: as the settings name them, else a file of the task's own.

    Raises:
        TrainerError: if there are none.
    """
    own = next((f for f in map(other.options.get, ("test", "data")) if str(f).endswith(".parquet")), None)
    given = options.other_test_files.get(other.name) or ((str(own),) if own else ())
    if not given:
        raise TrainerError(
            f"verl needs parquet files of the test split of {other.name}, one of test_ood",
            where="trainer.settings.other_test_files",
            hint=f"name them: {{{other.name}: <file>}}",
        )
    return [os.path.abspath(path) for path in given]


def check_files(setup: Setup, task_options: Mapping[str, object], hyperparameters: Mapping[str, Scalar]) -> None:
    """Passes if there are files for each split, all of them here, no others than the task names, and none of those
    for validation is for the tests at the end.

    Raises:
        TrainerError: a study is told before it starts, not after its search.
    """
    own = {o.key: o.value for o in data_overrides(setup, task_options, hyperparameters)}
    tested = test_files(setup.options, task_options)
    for path in (*tested, *(f for files in setup.options.other_test_files.values() for f in files)):
        _require(path, _TEST_FILES, "the final models would be tested on it")
    read = {
        key: _paths(own.get(key) or str(hyperparameters.get(key) or setup.own(key)), setup.options) for key in _KEYS
    }
    for path, named in sorted((path, key) for key, paths in read.items() for path in paths):
        _require(path, "trainer.settings", f"{named} names it")
    for key, split in _KEYS.items():
        named = task_options.get(split)
        if isinstance(named, str) and named.endswith(".parquet") and os.path.abspath(named) not in read[key]:
            raise TrainerError(
                f"the task's {split} split is {named}, but {key} names {', '.join(sorted(read[key]))}",
                where="trainer.settings",
                hint="verl would read the latter: name the same file in both, or in the study file alone",
            )
    validated = read[_VALIDATION]
    if shared := sorted(validated & set(tested)):
        raise TrainerError(
            f"{_VALIDATION} names the file that the final models are tested on, {shared[0]}: the winner would be "
            "chosen on its own test",
            where=_TEST_FILES,
            hint="split a validation file off the training data, and name that in data.val_files",
        )


def _require(path: str, where: str, hint: str) -> None:
    """Raises TrainerError if a file of this machine isn't there; what a URL names can't be looked at."""
    if "://" not in path and not os.path.exists(path):
        raise TrainerError(f"there is no file {path}", where=where, hint=hint)


def _paths(value: str, options: Options) -> set[str]:
    """The absolute paths of a file, or of a list of files, as an override has it."""
    found = re.findall(r"[^\[\],'\"\s]+", value)
    return {p if "://" in p else os.path.abspath(os.path.join(options.folder or ".", p)) for p in found}


def _parquet(path: object, key: str, split: str) -> str:
    if not isinstance(path, str) or not path.endswith(".parquet"):
        raise TrainerError(
            f"verl needs {key}, and the task has no parquet file of its {split} split",
            where="trainer.settings.base",
            hint=f"add `{key}=<file>` to it, or `{split}: <file>` to the task `file`",
        )
    return os.path.abspath(path)
