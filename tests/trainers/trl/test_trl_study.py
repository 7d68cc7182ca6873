"""Whole studies of RLOO, SFT and DPO on the CPU: search, confirmation, final training, test; and what check tells."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from rltune.config.load import parse_study
from rltune.errors import ConfigError, SpaceError, TaskError, TrainerError
from rltune.store.base import StudyState
from rltune.study.api import create
from rltune.types import METRIC_NAMES, Phase

OF_PAIRS = {"preference_accuracy", "preference_margin"}


def source(folder: Path, algorithm: str, **changes: object) -> dict[str, object]:
    """A small study of an algorithm: a proxy, two rungs, three search trials."""
    study: dict[str, object] = {
        "name": algorithm,
        "models": {"target": "embedded/s", "proxies": ["embedded/xs"]},
        "task": "arithmetic/easy",
        "recipe": f"embedded-{algorithm}",
        "budget": {"time": 900, "search": 0.9, "trials": 3},
        "steps": 4,
        "rungs": [2, 4],
        "validation": {"prompts": 16, "samples": 1},
        "test": {"prompts": 16, "samples": 1},
        "optimizer": "random",
        "transfer": False,
        "confirm": {"top": 1},
        "final": {"seeds": 1},
        "executor": {"slots": 1, "grace_time": 60},
        "output": str(folder),
    }
    if algorithm == "rloo":
        study["fixed"] = {"prompts_per_step": 8}
    return {**study, **changes}


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["rloo", "sft", "dpo"])
def test_a_whole_study(tmp_path: Path, algorithm: str) -> None:
    with create(source(tmp_path, algorithm)) as study:
        assert study.run() is StudyState.FINISHED
        evaluations = [evaluation for _, evaluation in study.store.evaluations()]
        summary = study.summary()
        exported = yaml.safe_load(study.export("trl"))
        curves = [m for run in study.store.runs() for m in study.store.curve(run.id)]
        page = study.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert all(e.score is not None for e in evaluations), [e.stop for e in evaluations]
    assert {e.phase for e in evaluations} == {Phase.SEARCH, Phase.CONFIRM, Phase.FINAL}
    assert summary.winner is not None and summary.winner.mean is not None
    assert exported["learning_rate"] == summary.winner.configuration.values["learning_rate"]
    assert exported["max_steps"] == 4
    seen = {name for metrics in curves for name in metrics.values}
    assert ("reward" in seen) == (algorithm == "rloo") and ("loss" in seen) == (algorithm != "rloo")
    assert seen >= OF_PAIRS if algorithm == "dpo" else not OF_PAIRS & seen
    assert seen <= {*METRIC_NAMES, "validate_seconds", "score/mean", "score/greedy", "score/mean_stderr"}
    assert f"embedded-{algorithm}" in page
    assert ("<h3>Loss</h3>" in page) == (algorithm != "rloo") and "No step was trained" not in page
    assert ("KL to the base model" in page) == (algorithm == "rloo")
    linked = re.findall(r'href="\./(runs/[^"]*/answers/test.jsonl)"', page)
    answers = [json.loads(line) for file in linked for line in (study.folder / file).read_text().splitlines()]
    assert len(linked) in (1, 2) and len(answers) == len(linked) * 16 * 2
    right = [a["score"] for a in answers if a["how"] == "sampled"]
    means = {summary.winner.mean, summary.recipe.mean} if summary.recipe else set()
    assert sum(right) / len(right) == pytest.approx(sum(means) / len(means) if len(means) == 2 else summary.winner.mean)


@pytest.mark.parametrize("algorithm", ["sft", "dpo"])
def test_rules_for_rollouts_are_switched_off(tmp_path: Path, algorithm: str) -> None:
    with create(source(tmp_path, algorithm)) as study:
        rules = [rule["rule"] for rule in study.blueprint.rules]
        notes = " ".join(study.blueprint.notes)
    assert rules == ["non_finite"]
    assert "switched off" in notes and "reward_collapse" in notes and "grad_explosion" in notes


def test_rloo_keeps_them_all(tmp_path: Path) -> None:
    with create(source(tmp_path, "rloo")) as study:
        assert {"reward_collapse", "kl_runaway", "futility"} <= {rule["rule"] for rule in study.blueprint.rules}
        assert not any("switched off" in note for note in study.blueprint.notes)


def test_settings_are_hyperparameters_or_say_how_a_trial_is_launched(tmp_path: Path) -> None:
    settings = {"peft": {"r": 4, "targets": ["q_proj"]}, "accelerate": {"num_processes": 2}, "max_length": 64}
    trainer = {"name": "trl", "settings": settings}
    space = {"from": "recipe", "lora_r": {"type": "categorical", "choices": [4, 8]}}
    settings_searched = {"name": "trl", "settings": {**settings, "peft": {"targets": ["q_proj"]}}}
    with create(source(tmp_path, "sft", trainer=trainer)) as study:
        fixed = study.blueprint.fixed
        assert (fixed["use_peft"], fixed["lora_r"], fixed["lora_target_modules"]) == (True, 4, "q_proj")
        assert fixed["max_length"] == 64 and "accelerate" not in fixed
        assert study.blueprint.trainer_settings == {"accelerate": {"num_processes": 2}}
    changed = {"name": "searched", "trainer": settings_searched, "space": space, "baseline": {"lora_r": 8}}
    with create(source(tmp_path, "sft", **changed)) as study:
        assert "lora_r" in study.blueprint.problem.space.names


@pytest.mark.parametrize(
    ("changes", "error", "message", "place"),
    [
        ({"fixed": {"clip_ratio": 0.2}}, TrainerError, "the algorithm dpo has no clip_ratio", "fixed"),
        ({"task": {"name": "arithmetic/easy", "preferences": "no.jsonl"}}, TaskError, "no such file", "task"),
        (
            {"trainer": {"name": "trl", "settings": {"accelerate": {"num_processes": 5}}}},
            SpaceError,
            "5 must divide batch_size",
            "fixed",
        ),
        ({"trainer": {"name": "trl", "settings": {"peft": {"rank": 3}}}}, TrainerError, "unknown key", "peft.rank"),
        ({"trainer": {"name": "trl", "settings": {"bf16": [1]}}}, ConfigError, "expected a number", "bf16"),
    ],
)
def test_mistakes_are_told_before_anything_is_spent(
    tmp_path: Path, changes: dict[str, object], error: type[Exception], message: str, place: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        create(source(tmp_path, "dpo", **changes))
    assert place in (getattr(caught.value, "where", "") or "")


def test_rows_that_are_left_out_are_told(tmp_path: Path) -> None:
    rows = [{"prompt": f"{n}+1=", "answer": n + 1} for n in range(8)]
    for name, chosen in (("train", rows[:6]), ("test", rows[4:])):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in chosen))
    files = {name: str(tmp_path / f"{name}.jsonl") for name in ("train", "test")}
    task = {"name": "file", **files, "validation_size": 1, "reward": "exact"}
    with create(source(tmp_path, "rloo", task=task)) as study:
        assert any(note.endswith("has no answer: 2 of train") for note in study.blueprint.notes)


@pytest.mark.parametrize("name", ["trl-rloo", "trl-sft", "trl-dpo"])
def test_the_examples_can_be_read(repository: Path, name: str) -> None:
    config = parse_study(yaml.safe_load((repository / "examples" / f"{name}.yaml").read_text(encoding="utf-8")))
    assert config.trainer.name == "trl" and json.loads(config.model_dump_json(by_alias=True))["recipe"]
