"""Loading study files: what a user writes, what they get, and what they are told when it is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.config.load import load_study, parse_study
from rltune.config.yaml_reader import read_yaml
from rltune.errors import ConfigError

MINIMAL = """\
name: demo
models:
  target: embedded/m
  proxies: [embedded/s]
task: arithmetic/easy
budget: 5m
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "study.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problem(folder: Path, text: str | bytes) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_study(write(folder, text))
    return caught.value


def test_six_lines_make_a_whole_study(tmp_path: Path) -> None:
    config = load_study(write(tmp_path, MINIMAL)).config
    assert config.recipe == "embedded-grpo"
    assert (config.trainer.name, config.optimizer.name, config.executor.name) == (
        "trl",
        "joint_fidelity",
        "local",
    )
    assert config.budget.time == 300
    assert config.rungs == (10, 20, 40) and config.steps == 40


def test_the_default_recipe_and_length_follow_the_models(tmp_path: Path) -> None:
    config = load_study(write(tmp_path, MINIMAL.replace("embedded/m", "Qwen/Qwen2.5-7B"))).config
    assert config.recipe == "verl-grpo" and config.steps == 100


def test_short_and_long_forms_are_the_same(tmp_path: Path) -> None:
    long = MINIMAL.replace("task: arithmetic/easy", "task: {name: arithmetic/easy}").replace(
        "budget: 5m", "budget: {time: 300}\nstopping: {preset: off}\ntrainer: {name: trl}"
    )
    short = MINIMAL + "stopping: off\ntrainer: trl\n"
    assert load_study(write(tmp_path, long)).config == load_study(write(tmp_path, short)).config


def test_numbers_are_read_as_people_mean_them(tmp_path: Path) -> None:
    text = MINIMAL + "fixed: {a: 1e-6, b: 1E3, c: .5, d: 010, e: on, f: '7', g: true, h: -3}\n"
    fixed = load_study(write(tmp_path, text)).config.fixed
    assert fixed == {"a": 1e-6, "b": 1000.0, "c": 0.5, "d": 10, "e": "on", "f": "7", "g": True, "h": -3}
    assert isinstance(fixed["d"], int) and fixed["g"] is True


def test_task_options_stand_beside_its_name(tmp_path: Path) -> None:
    text = MINIMAL.replace("task: arithmetic/easy", "task:\n  name: file\n  train: a.jsonl\n  validation_size: 9")
    task = load_study(write(tmp_path, text)).config.task
    assert task.name == "file" and task.options == {"train": "a.jsonl", "validation_size": 9}


def test_places_of_later_errors(tmp_path: Path) -> None:
    study = load_study(write(tmp_path, MINIMAL + "stopping: off\n"))
    source = str(tmp_path / "study.yaml")
    assert study.where("models.target") == f"{source}:3 models.target"
    assert study.where("models.proxies.0") == f"{source}:4 models.proxies.0"
    assert study.where("stopping.preset") == f"{source}:7 stopping.preset"
    assert study.where("seed") == f"{source} seed"


@pytest.mark.parametrize(
    ("line", "place", "said"),
    [
        ("modles: {}", ":7 modles", "did you mean 'models'"),
        ("executor: {name: local, thread: 2}", ":7 executor.thread", "did you mean 'threads'"),
        ("space: {lr: {type: float, low: 1, high: 2, hihg: 3}}", ":7 space.lr.hihg", "did you mean 'high'"),
        ("space: {lr: {type: float, low: 2, high: 1}}", ":7 space.lr", "low must be below high"),
        ("space: {lr: {low: 1, high: 2}}", ":7 space.lr.type", "float, int, categorical"),
        ("space: {}", ":7 space", "the space is empty"),
        ("space: {a: {type: int, low: 1, high: 2, when: {b: 1}}}", ":7 space.a.when", "got 'b'"),
        ("seed: yes", ":7 seed", "whole number"),
        ("seed: -1", ":7 seed", "greater than or equal to 0"),
        ("steps: 0", ":7 steps", "greater than or equal to 1"),
        ("steps: 2.5", ":7 steps", "whole number"),
        ("rungs: [10, 5, 40]", ":7 rungs", "must increase"),
        ("rungs: [10, 20]", ":7 rungs", "the last rung must be steps (40)"),
        ("rungs: []", ":7 rungs", "at least 1"),
        ("final: {seeds: true}", ":7 final.seeds", "expected a number"),
        ("fixed: {learning_rate: .nan}", ":7 fixed.learning_rate", "finite"),
        ("fixed: {learning_rate: [1]}", ":7 fixed.learning_rate", "[1]"),
        ("validation: {temperature: 0}", ":7 validation.temperature", "greater than 0"),
        ("stopping: {rules: [{threshold: 1}]}", ":7 stopping", "needs the key 'rule'"),
        ("executor: {memory: lots}", ":7 executor.memory", "8GB"),
        ("executor: rai", ":7 executor", "name must be one of local, ray, got 'rai'"),
        ("store: postgresql://me:secret@host/db", ":7 store", "PGPASSWORD"),
        ("confirm: 3", ":7 confirm", "expected a mapping"),
    ],
)
def test_each_slip_is_named_with_place_and_remedy(tmp_path: Path, line: str, place: str, said: str) -> None:
    error = problem(tmp_path, MINIMAL + line + "\n")
    assert error.where is not None and place in error.where
    assert said in str(error)
    assert "secret" not in str(error)


@pytest.mark.parametrize("budget", ["0", "-5m", "soon", "0s", "5 parsecs", "9999999h", "true", ".inf", ".nan", "[]"])
def test_impossible_budgets(tmp_path: Path, budget: str) -> None:
    error = problem(tmp_path, MINIMAL.replace("5m", budget))
    assert ":6 budget" in (error.where or "")


@pytest.mark.parametrize(
    ("budget", "seconds"),
    [("300", 300), ("90s", 90), ("1h30m", 5400), ("0.5h", 1800), ("2d", 172800), ("48 h", 172800)],
)
def test_durations(tmp_path: Path, budget: str, seconds: float) -> None:
    assert load_study(write(tmp_path, MINIMAL.replace("5m", budget))).config.budget.time == seconds


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/b", "..", "a..b", ".hidden", "", "x" * 81, "a b", "a\\n", "é"])
def test_study_names_that_could_leave_their_folder(tmp_path: Path, name: str) -> None:
    error = problem(tmp_path, MINIMAL.replace("name: demo", f'name: "{name}"'))
    assert ":1 name" in (error.where or "")


def test_a_number_is_no_name(tmp_path: Path) -> None:
    assert "expected text" in problem(tmp_path, MINIMAL.replace("name: demo", "name: 5")).message


@pytest.mark.parametrize("proxies", ["[embedded/m]", "[embedded/s, embedded/s]"])
def test_proxies_are_distinct_and_not_the_target(tmp_path: Path, proxies: str) -> None:
    error = problem(tmp_path, MINIMAL.replace("[embedded/s]", proxies))
    assert "models" in (error.where or "") and "proxy" in error.message


def test_several_problems_are_all_listed_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "name: ../x\nmodels: {target: 5}\ntask: arithmetic/easy\nbudget: never\nsede: 1\n"
    message = problem(tmp_path, text).message
    places = [message.index(part) for part in (":1 name", ":2 models.target", ":4 budget", ":5 sede")]
    assert message.startswith("4 problems") and places == sorted(places)


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("", "study.yaml", "empty"),
        ("# only a comment\n", "study.yaml", "empty"),
        ("- a\n- b\n", "study.yaml", "got a list"),
        ("hello", "study.yaml", "single value"),
        ("a: [1, 2\nb: 3\n", "study.yaml:2", "not valid YAML"),
        ("a:\n\tb: 1\n", "study.yaml:2", "tabs"),
        (MINIMAL + "name: again\n", "study.yaml:7 name", "given twice, first in line 1"),
        ("a: !!python/object/apply:os.system ['true']\n", "study.yaml:1 a", "tag"),
        ("a: &a [*a]\n", "study.yaml", "alias"),
        ("? [x]\n: 1\n", "study.yaml:1", "key must be plain text"),
        ("a: " + "[" * 500 + "]" * 500, "study.yaml", "nested"),
        ("a: 1\n---\nb: 2\n", "study.yaml:2", "not valid YAML"),
        (b"name: caf\xe9\n", "study.yaml", "UTF-8"),
        (b"name: a\x00b\n", "study.yaml:1", "not allowed"),
        ("a: " + "x" * 1_000_001, "study.yaml", "kilobytes"),
    ],
)
def test_files_that_are_no_study_file(tmp_path: Path, text: str | bytes, place: str, said: str) -> None:
    error = problem(tmp_path, text)
    assert place in (error.where or "") and said in str(error)


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert "too many values" in problem(tmp_path, "\n".join(lines)).message


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_study(tmp_path / "nothing.yaml")
    with pytest.raises(ConfigError, match="got a folder"):
        load_study(tmp_path)


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    assert load_study(write(tmp_path, b"\xef\xbb\xbf" + MINIMAL.encode())).config.name == "demo"


def test_the_resolved_study_is_itself_a_study(tmp_path: Path) -> None:
    text = MINIMAL + (
        "space:\n  from: recipe\n  top_p: {type: float, low: 0.5, high: 1}\n"
        "  lr_scheduler: {type: categorical, choices: [constant, cosine]}\n"
        "  warmup_steps: {type: int, low: 0, high: 9, when: {lr_scheduler: cosine}}\n"
        "baseline: {top_p: 1.0}\nexecutor: {memory: 8GB, trial_time: 1h}\n"
        "stopping: {preset: off, rules: [{rule: reward_zero, patience: 3}]}\n"
    )
    config = load_study(write(tmp_path, text)).config
    assert parse_study(config.model_dump(mode="json", by_alias=True)) == config


def test_python_users_get_the_same_rules() -> None:
    data = {"name": "x", "models": {"target": "m"}, "task": "t", "budget": "1h"}
    assert parse_study(data).budget.time == 3600
    with pytest.raises(ConfigError) as caught:
        parse_study({**data, "budget": "soon"})
    assert caught.value.where == "budget.time" or caught.value.where == "budget"


def test_a_checked_study_does_not_change() -> None:
    config = parse_study({"name": "x", "models": {"target": "m"}, "task": "t", "budget": 60})
    with pytest.raises(ValueError, match="frozen"):
        config.seed = 3  # pyright: ignore[reportAttributeAccessIssue]


def test_importing_the_loader_is_light() -> None:
    code = (
        "import sys, rltune.config.load, rltune.config.starter\n"
        "print([m for m in ('numpy', 'scipy', 'torch', 'sqlalchemy') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_float_survives_yaml(value: float) -> None:
    parsed, _ = read_yaml(f"a: {value!r}", "x")
    assert parsed == {"a": value}


@given(st.text(max_size=200))
def test_any_text_gives_a_value_or_a_config_error(text: str) -> None:
    try:
        read_yaml(text, "x")
    except ConfigError as error:
        assert error.where is not None and error.where.startswith("x")
