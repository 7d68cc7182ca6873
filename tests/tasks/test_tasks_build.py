"""Building tasks by name."""

import subprocess
import sys

import pytest

from rltune.config.parts import TaskConfig
from rltune.errors import TaskError
from rltune.tasks import Example, build_task, task_names


def test_known_names():
    assert set(task_names()) == {
        *("arithmetic/easy", "arithmetic/hard", "file"),
        *("gsm8k", "math", "openbookqa", "mmlu", "amc23", "aime24", "aime25"),
    }


def test_the_study_files_description_names_every_task():
    described = TaskConfig.model_fields["name"].description or ""
    assert all(name in described for name in task_names())


def test_unknown_name_lists_the_known_and_the_closest():
    with pytest.raises(TaskError) as caught:
        build_task("arithmetic/hrad", {})
    assert all(name in str(caught.value) for name in task_names())
    assert "did you mean 'arithmetic/hard'" in str(caught.value)


def test_unknown_option_lists_the_known_and_the_closest():
    with pytest.raises(TaskError, match="did you mean 'validation_size'"):
        build_task("file", {"train": "a.jsonl", "test": "b.jsonl", "validation_sise": 3})


def test_missing_options_are_named():
    with pytest.raises(TaskError, match="train, test"):
        build_task("file", {"validation_size": 3})


def test_examples_are_frozen():
    with pytest.raises(AttributeError):
        Example("1+1=", "2").answer = "3"


def test_importing_and_using_tasks_loads_nothing_heavy():
    code = (
        "import sys; from rltune.tasks import build_task; build_task('arithmetic/hard').examples('train');"
        "heavy = {'torch', 'transformers', 'datasets', 'pandas', 'pyarrow', 'math_verify', 'sympy', 'numpy'};"
        "sys.exit(','.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
