"""Curves from studies and logs alike, and the steps that a log plans."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rltune.analysis.logs import STUDY, gather
from rltune.errors import LogError
from rltune.store.base import StudyStore
from rltune.store.open import create_study
from rltune.types import Configuration, Cost, Fidelity, Phase, Proposal, StepMetrics, StopKind, StopReason


def fill(store: StudyStore, rewards: list[list[float]], tmp_path: Path) -> None:
    """A run for each list of rewards; the study's last rung is 20."""
    store.set_fact("rungs", [10, 20])
    for seed, curve in enumerate(rewards):
        configuration = Configuration({"learning_rate": 1e-4})
        run = store.run(configuration, "embedded/xs", seed)
        proposal = Proposal(configuration, Fidelity("embedded/xs", 20), seed, Phase.SEARCH, "a test")
        segment = store.begin_segment(proposal, run.id, 0, tmp_path / run.id)
        steps = [StepMetrics(i, {"reward": reward}) for i, reward in enumerate(curve, start=1)]
        stop = StopReason(StopKind.REACHED, max(len(curve), 1), "done")
        store.finish_segment(segment.id, stop, Cost(1.0), steps, [], [])


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "study"
    store = create_study(folder, "study", {"name": "study"})
    fill(store, [[0.1, 0.2, 0.3], [], [0.4, 0.5]], tmp_path)
    store.close()
    yield folder


@pytest.mark.parametrize("name", ["", "study.db"])
def test_a_study_gives_its_runs_that_have_a_step(study: Path, name: str) -> None:
    runs = gather([study / name])
    assert [run.run for run in runs] == ["run 1 on embedded/xs", "run 3 on embedded/xs"]
    assert [[s.values["reward"] for s in run.steps] for run in runs] == [[0.1, 0.2, 0.3], [0.4, 0.5]]
    assert {run.format for run in runs} == {STUDY} and {run.horizon for run in runs} == {20}
    assert {run.source for run in runs} == {str(study / name)}


def test_a_study_file_leads_to_its_store(study: Path) -> None:
    text = "name: study\nmodels: {target: embedded/s, proxies: [embedded/xs]}\ntask: arithmetic/easy\nbudget: 5m\n"
    (study / "study.yaml").write_text(text)
    assert [run.run for run in gather([study / "study.yaml"])] == [run.run for run in gather([study])]


def test_a_folder_of_studies_names_them(study: Path) -> None:
    other = create_study(study.parent / "other", "other", {"name": "other"})
    fill(other, [[0.5, 0.6]], study.parent)
    other.close()
    assert {run.run for run in gather([study.parent])} == {
        "study run 1 on embedded/xs",
        "study run 3 on embedded/xs",
        "other run 1 on embedded/xs",
    }


def test_a_folder_without_a_study_and_a_study_without_a_step(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="folder without a study") as caught:
        gather([tmp_path])
    assert "trainer_state.json" in (caught.value.hint or "")
    create_study(tmp_path / "new", "new", {"name": "new"}).close()
    with pytest.raises(LogError, match="no step yet"):
        gather([tmp_path / "new"])


def test_runs_are_named_only_where_a_file_holds_several(tmp_path: Path) -> None:
    rows = [{"run": name, "step": 1, "reward": 0.5} for name in ("a", "b")]
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    one.write_text(json.dumps(rows[0]) + "\n")
    two.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [run.run for run in gather([one, two])] == [None, "a", "b"]


def test_verl_says_how_many_steps_it_plans(tmp_path: Path) -> None:
    line = "step:{} - critic/score/mean:0.5 - actor/kl_loss:0.001 - actor/grad_norm:0.2\n"
    path = tmp_path / "verl.log"
    said = "(TaskRunner pid=12) Total training steps: 300\n"
    path.write_text("I plan. Total training steps: 7\n" + said + line.format(1) + line.format(2))
    assert gather([path])[0].horizon == 300
    path.write_text(said + line.format(1) + said.replace("300", "500") + line.format(2))  # started again, longer
    assert gather([path])[0].horizon == 500
    path.write_text(line.format(1))
    assert gather([path])[0].horizon is None


@pytest.mark.parametrize(("updates", "horizon"), [(1, 90), (2, 45), (4, 23)])
def test_trl_plans_updates_that_are_counted_as_rollout_steps(tmp_path: Path, updates: int, horizon: int) -> None:
    history = [
        {"step": step, "loss": 0.1, "kl": 0.01} | ({"reward": 0.5} if (step - 1) % updates == 0 else {})
        for step in range(1, 33)
    ]
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps({"max_steps": 90, "log_history": history}))
    (run,) = gather([path])
    assert len(run.steps) == 32 // updates and run.horizon == horizon
