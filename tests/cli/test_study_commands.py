"""A study from the command line with real GRPO: run, interrupt, resume, watch, report, export."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow

STUDY = """
name: tiny
models: {target: embedded/s, proxies: [embedded/xs]}
task: arithmetic/easy
budget: {time: 10m, search: 0.9, trials: 5}
steps: 6
rungs: [2, 6]
validation: {prompts: 16, samples: 1}
test: {prompts: 16, samples: 1}
fixed: {prompts_per_step: 8, updates_per_step: 2}
confirm: {top: 1}
final: {seeds: 2}
"""


def rltune(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rltune", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study that was interrupted by Ctrl-C in its search, and then resumed to its end."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "study.yaml").write_text(STUDY)
    process = subprocess.Popen(
        [sys.executable, "-m", "rltune", "run", "study.yaml"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "run 2 on" in line:
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            break
    rest, _ = process.communicate(timeout=120)
    told = "".join(lines) + rest
    assert process.returncode == 130, told
    assert "rltune resume" in told and "Traceback" not in told
    state = json.loads(rltune("status", "studies/tiny", "--json", cwd=folder).stdout)["state"]
    assert state == "interrupted"
    resumed = rltune("resume", "studies/tiny", cwd=folder)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    return folder


def test_status_holds_what_scripts_need(folder: Path) -> None:
    status = json.loads(rltune("status", "studies/tiny", "--json", cwd=folder).stdout)
    assert status["state"] == "finished"
    for name in ("seconds", "configurations", "promotions", "steps_trained", "trial_seconds", "speed_up"):
        assert isinstance(status[name], (int, float)), name
    assert status["steps_retrained"] == 0
    assert isinstance(status["stops"], list) and isinstance(status["failures"], list)
    assert status["evaluations"]["total"] == sum(
        count for rungs in status["evaluations"]["by_model_and_rung"].values() for count in rungs.values()
    )
    for role in ("winner", "recipe"):
        assert set(status[role]["configuration"]) >= {"learning_rate", "rollouts"}
        scores = status[role]["test_by_seed"]
        assert len(scores) == 2 and status[role]["test_mean"] == pytest.approx(sum(scores.values()) / 2)
    assert status["winner"]["test_by_seed"].keys() == status["recipe"]["test_by_seed"].keys()


def test_status_reads_for_people(folder: Path) -> None:
    told = rltune("status", "studies/tiny", cwd=folder)
    assert told.returncode == 0 and "finished" in told.stdout and "winner" in told.stdout


def test_report_is_one_file_that_names_the_winner(folder: Path) -> None:
    assert rltune("report", "studies/tiny", "--output", "r.html", cwd=folder).returncode == 0
    html = (folder / "r.html").read_text()
    assert "embedded-grpo" in html and "Plotly" in html
    assert 'src="http' not in html and "cdn.plot" not in html.split("<body")[0]


def test_exports_can_be_used(folder: Path) -> None:
    winner = json.loads(rltune("status", "studies/tiny", "--json", cwd=folder).stdout)["winner"]["configuration"]
    trl = yaml.safe_load(rltune("export", "studies/tiny", "--format", "trl", cwd=folder).stdout)
    assert trl["learning_rate"] == winner["learning_rate"] and trl["num_generations"] == winner["rollouts"]
    verl = rltune("export", "studies/tiny", "--format", "verl", cwd=folder).stdout
    assert "verl.trainer.main_ppo" in verl and f"actor_rollout_ref.rollout.n={winner['rollouts']}" in verl
    plain = json.loads(rltune("export", "studies/tiny", "--format", "json", cwd=folder).stdout)
    assert plain["configuration"] == winner
    unknown = rltune("export", "studies/tiny", "--format", "xml", cwd=folder)
    assert unknown.returncode == 2 and "trl" in unknown.stderr and "mlflow" in unknown.stderr


def test_a_finished_study_is_not_run_again(folder: Path) -> None:
    again = rltune("run", "study.yaml", cwd=folder)
    assert again.returncode == 2 and "--fresh" in again.stderr
    assert rltune("resume", "studies/tiny", "--quiet", cwd=folder).returncode == 0


def test_plan_says_what_the_budget_buys_and_leaves_nothing(folder: Path) -> None:
    before = sorted(p.name for p in folder.iterdir())
    done = rltune("plan", "study.yaml", "--json", cwd=folder)
    plan = json.loads(done.stdout)
    assert plan["search_trials"] == 5 and plan["full_target_seconds"] > 0
    assert set(plan["timings"]) == {"embedded/s", "embedded/xs"}
    assert all(t["step_seconds"] > 0 for t in plan["timings"].values())
    # A timing run leaves a checkpoint, so that its size is measured: 12 bytes a parameter, and what is written beside.
    assert set(plan["disk"]["measured"]) == set(plan["timings"]) and not plan["guessed"]
    assert 0.9 < plan["disk"]["sizes"]["embedded/s"] / (12 * 795520) < 1.5
    assert set(plan["hours"]) == {"prepare", "search", "confirm", "final", "test"}
    assert sorted(p.name for p in folder.iterdir()) == before


def test_what_a_large_model_takes_is_told_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "seven.yaml").write_text(
        "name: seven\nmodels: {target: org/thing-7B, proxies: [org/thing-0.5B], learning_rate_scaling: none}\n"
        "task: arithmetic/easy\nbudget: 48h\n"
    )
    told = " ".join(rltune("check", "seven.yaml", cwd=tmp_path).stdout.split())
    assert "GPU-hours a full run of the target" in told and "checkpoints of 84 GB of the target" in told
    plan = json.loads(rltune("plan", "seven.yaml", "--from-sizes", "--json", cwd=tmp_path).stdout)
    assert plan["guessed"] and plan["unit"] == "GPU-hours" and plan["disk"]["sizes"]["org/thing-7B"] == 84e9
    assert sorted(p.name for p in tmp_path.iterdir()) == ["seven.yaml"]
