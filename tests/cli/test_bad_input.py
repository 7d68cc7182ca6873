"""Each mistake ends within two seconds with one message that names the place and the remedy, and exit status 2."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rltune.cli.main import main

Command = Callable[..., tuple[int, str, str]]

GOOD = """
name: demo
models:
  target: embedded/s
  proxies: [embedded/xs]
task: arithmetic/easy
budget: 5m
"""

MISTAKES = {
    "unknown key": (GOOD + "bugdet: 5m\n", "bugdet", "study.yaml:8"),
    "unknown nested key": (GOOD.replace("proxies:", "proxys:"), "proxies", "study.yaml:5"),
    "unknown model": (GOOD.replace("embedded/s\n", "embedded/xxl\n"), "embedded/xxl", "study.yaml:4"),
    "unknown recipe": (GOOD + "recipe: verl-gpro\n", "verl-grpo", "study.yaml:8"),
    "misspelt hyperparameter": (
        GOOD + "space: {from: recipe, learnign_rate: {type: float, low: 1.e-6, high: 1.e-4}}\n",
        "did you mean 'learning_rate'?",
        "study.yaml:8",
    ),
    "unknown optimizer": (GOOD + "optimizer: joint\n", "joint_fidelity", "study.yaml:8"),
    "an Optuna sampler as optimizer": (GOOD + "optimizer: tpe\n", "{sampler: tpe}", "study.yaml:8"),
    "empty optimizer": (GOOD + "optimizer:\n", "leave the key out", "study.yaml:8"),
    "option beside the name": (
        GOOD + "optimizer: {name: joint_fidelity, acquisition: ei_per_cost}\n",
        "options stand under `options`",
        "study.yaml:8 optimizer.acquisition",
    ),
    "impossible option": (
        GOOD + "optimizer:\n  name: bohb\n  options:\n    eta: 3\n    min_points_in_model: 2\n",
        "at least 7",
        "study.yaml:12 optimizer.options.min_points_in_model",
    ),
    "option for an unknown model": (
        GOOD + "optimizer: {name: joint_fidelity, options: {step_seconds: {embedded/x: 1}}}\n",
        "did you mean 'embedded/xs'?",
        "study.yaml:8",
    ),
    "transfer: no": (GOOD + "transfer: no\n", "write `false`", "study.yaml:8"),
    "unknown rule": (GOOD + "stopping: {rules: [{rule: kl_grow}]}\n", "kl_growth", "study.yaml:8"),
    "low > high": (
        GOOD + "space:\n  learning_rate: {type: float, low: 1e-3, high: 1e-5}\n",
        "low",
        "study.yaml:9",
    ),
    "empty space": (GOOD + "space: {}\n", "space", "study.yaml:8"),
    "impossible budget": (GOOD.replace("5m", "-5m"), "budget", "study.yaml:7"),
    "no budget": (GOOD.replace("5m", "0"), "budget", "study.yaml:7"),
    "budget of words": (GOOD.replace("5m", "soon"), "budget", "study.yaml:7"),
    "proxy larger than the target": (
        GOOD.replace("target: embedded/s", "target: embedded/xs").replace("[embedded/xs]", "[embedded/s]"),
        "smaller",
        "study.yaml:5",
    ),
    "name that climbs": (GOOD.replace("name: demo", "name: ../../demo"), "name", "study.yaml:2"),
    "missing data": (
        GOOD.replace(
            "task: arithmetic/easy", "task: {name: file, train: no.jsonl, validation: no.jsonl, test: no.jsonl}"
        ),
        "no.jsonl",
        "study.yaml:6",
    ),
    "broken yaml": ("name: [demo\n", "study.yaml", "study.yaml"),
    "empty file": ("", "empty", "study.yaml"),
}


@pytest.fixture
def rltune(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """The command in a folder of its own: arguments -> (exit status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["rltune", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capfd.readouterr()
        return int(end.value.code or 0), out, err

    return call


def assert_told(result: tuple[int, str, str], *words: str) -> None:
    status, out, err = result
    assert status == 2, (out, err)
    assert err.count("error:") == 1, err
    for word in words:
        assert word in err, err


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_study_file(mistake: str, rltune: Command, tmp_path: Path) -> None:
    text, word, where = MISTAKES[mistake]
    (tmp_path / "study.yaml").write_text(text)
    assert_told(rltune("check", "study.yaml"), word, where)


OPTIMIZERS = {
    "joint_fidelity": ("embedded/xs (0.135 M) and embedded/s", "the target is searched on too", "kg_per_cost"),
    "random": ("on embedded/xs (0.135 M), with random, full runs of 40 steps",),
    "grid": ("full runs of 40 steps", "at most 55 runs, over learning_rate and kl_coef", "stays at the recipe"),
    "recipe": ("searches  nothing", "trains the recipe on the target with 3 fresh seeds"),
    "{name: bohb, options: {eta: 2}}": ("steps 10, 20 and 40", "eta 2", "min_points_in_model 7"),
    "{name: grid, options: {points: 400}}": ("160,030 runs, and the search has 2.5 min",),
    "{name: joint_fidelity, options: {initial: 5000}}": ("5,000 configurations before results guide it",),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_check_says_what_the_optimizer_would_do(optimizer: str, rltune: Command, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(GOOD + f"optimizer: {optimizer}\n")
    status, out, _ = rltune("check", "study.yaml")
    assert status == 0
    assert [words for words in OPTIMIZERS[optimizer] if words not in out] == []
    assert not [line for line in out.splitlines() if " " not in line.strip()]  # nothing wrapped in a pipe


def test_check_says_that_transfer_does_nothing_without_proxies(rltune: Command, tmp_path: Path) -> None:
    alone = GOOD.replace("  proxies: [embedded/xs]\n", "")
    (tmp_path / "study.yaml").write_text(alone + "transfer: {pairs: 5}\n")
    assert "`transfer` does nothing here" in rltune("check", "study.yaml")[1]
    (tmp_path / "study.yaml").write_text(alone + "final: {seeds: 1}\nconfirm: {top: 1}\n")
    out = rltune("check", "study.yaml")[1]
    assert "transfer" not in out and "1 configuration on" in out and "1 fresh seed each" in out


def test_check_prints_the_commands_of_a_program(rltune: Command, repository: Path) -> None:
    example = repository / "examples" / "bring_your_own" / "study.yaml"
    status, out, err = rltune("check", str(example), "--commands")
    assert (status, err) == (0, "")
    assert "# embedded/xs: the recipe from step 50 to step 200\n" in out and "  --stop_at 200 \\\n" in out
    assert subprocess.run(["bash", "-n"], input=out, text=True).returncode == 0


def test_run_tells_the_same_and_leaves_nothing_behind(rltune: Command, tmp_path: Path) -> None:
    text, word, where = MISTAKES["proxy larger than the target"]
    (tmp_path / "study.yaml").write_text(text)
    assert_told(rltune("run", "study.yaml"), word, where)
    assert [p.name for p in tmp_path.iterdir()] == ["study.yaml"]


def test_a_task_without_validation_data(rltune: Command, tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"prompt": "1+1=", "answer": "2"}\n')
    (tmp_path / "validation.jsonl").write_text("")
    task = "task: {name: file, train: train.jsonl, validation: validation.jsonl, test: train.jsonl}"
    (tmp_path / "study.yaml").write_text(GOOD.replace("task: arithmetic/easy", task))
    assert_told(rltune("check", "study.yaml"), "validation", "study.yaml:6", "hint:")


def test_a_missing_file(rltune: Command, tmp_path: Path) -> None:
    assert_told(rltune("check", "nowhere.yaml"), "nowhere.yaml", "rltune init")


def test_a_folder_that_is_no_study(rltune: Command, tmp_path: Path) -> None:
    for command in ("status", "resume", "report", "export"):
        assert_told(rltune(command, str(tmp_path)), "no study", "hint:")


def test_an_output_folder_that_is_a_file(rltune: Command, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    (tmp_path / "study.yaml").write_text(GOOD + "output: taken\n")
    assert_told(rltune("check", "study.yaml"), "taken", "study.yaml:8")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_output_folder_that_cannot_be_written(rltune: Command, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    (tmp_path / "study.yaml").write_text(GOOD + "output: locked\n")
    assert_told(rltune("check", "study.yaml"), "locked", "study.yaml:8")


def test_a_name_on_the_command_line_that_climbs(rltune: Command, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(GOOD)
    assert_told(rltune("run", "study.yaml", "--name", "../up"), "name")


def test_init_does_not_overwrite(rltune: Command, tmp_path: Path) -> None:
    assert rltune("init", "mine.yaml")[0] == 0
    assert_told(rltune("init", "mine.yaml"), "mine.yaml", "--force")
    assert rltune("check", "mine.yaml")[0] == 0


def test_a_mistake_is_told_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(MISTAKES["unknown model"][0])
    command = [sys.executable, "-X", "importtime", "-m", "rltune", "check", "study.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "Traceback" not in done.stderr and "error:" in done.stderr
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "rltune.config.load" in loaded
    assert not loaded & {"torch", "transformers", "trl", "datasets", "sklearn", "optuna", "plotly", "pandas"}
