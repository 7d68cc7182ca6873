"""Exports: exact, complete, valid for the trainers, and honest about where they come from."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
import yaml

from report.factory import CONFIG, FIXED, Filler, Study, fill_finished
from rltune.errors import ReportError
from rltune.report.data import read_report_data
from rltune.report.export.build import FORMATS, export
from rltune.report.export.trl import config_values
from rltune.report.export.winner import find_winner
from rltune.store.base import StudyState, StudyStore
from rltune.store.open import create_study
from rltune.trainers.base import Scoring, TrainJob
from rltune.trainers.trl.fields import config_fields
from rltune.trainers.trl.settings import parse

# What `verl/trainer/config` of verl 0.9.1 composes without an error.
VERL_KEYS = {
    "algorithm.adv_estimator",
    "algorithm.use_kl_in_reward",
    "data.train_files",
    "data.val_files",
    "data.train_batch_size",
    "data.max_response_length",
    "data.seed",
    "actor_rollout_ref.model.path",
    "actor_rollout_ref.actor.optim.lr",
    "actor_rollout_ref.actor.optim.lr_scheduler_type",
    "actor_rollout_ref.actor.optim.lr_warmup_steps",
    "actor_rollout_ref.actor.optim.lr_warmup_steps_ratio",
    "actor_rollout_ref.actor.optim.clip_grad",
    "actor_rollout_ref.actor.clip_ratio",
    "actor_rollout_ref.actor.clip_ratio_low",
    "actor_rollout_ref.actor.clip_ratio_high",
    "actor_rollout_ref.actor.use_kl_loss",
    "actor_rollout_ref.actor.kl_loss_coef",
    "actor_rollout_ref.actor.kl_loss_type",
    "actor_rollout_ref.actor.ppo_mini_batch_size",
    "actor_rollout_ref.actor.ppo_epochs",
    "actor_rollout_ref.actor.use_dynamic_bsz",
    "actor_rollout_ref.rollout.name",
    "actor_rollout_ref.rollout.n",
    "actor_rollout_ref.rollout.temperature",
    "actor_rollout_ref.rollout.tensor_model_parallel_size",
    "trainer.total_training_steps",
    "trainer.total_epochs",
    "trainer.nnodes",
    "trainer.n_gpus_per_node",
    "trainer.project_name",
    "trainer.experiment_name",
    "trainer.save_freq",
    "trainer.test_freq",
}


def overrides_of(text: str) -> dict[str, str]:
    command = text[text.index("python3 -m") :].replace("\\\n", " ")
    words = shlex.split(command)
    assert words[:3] == ["python3", "-m", "verl.trainer.main_ppo"]
    return dict(word.split("=", 1) for word in words[3:])


def refilled(tmp_path: Path, **changes: object) -> StudyStore:
    """A finished study whose winner has other settings."""
    store = create_study(tmp_path, "changed", CONFIG)
    study = fill_finished(store, count=9)
    values = {**study.winner.values, **changes}
    store.set_fact("winner", {"configuration": values, "id": "x", "reason": "changed"})
    return store


@pytest.mark.parametrize("form", sorted({*FORMATS} - {"command"}))
def test_each_export_names_its_study_score_and_caveat(finished: Study, form: str) -> None:
    text = export(finished.store, form)
    for fact in ("demo", finished.winner.id, "0.8780", "0, 1, 2", "embedded/m", "tune again for another model"):
        assert fact in text
    assert text.endswith("\n")


def test_trl_fields_are_exact(finished: Study) -> None:
    fields = yaml.safe_load(export(finished.store, "trl"))
    values = finished.winner.values
    assert set(fields) <= set(config_fields())
    assert fields["learning_rate"] == values["learning_rate"] and fields["beta"] == values["kl_coef"]
    assert fields["epsilon"] == values["clip_ratio"] and fields["max_grad_norm"] == values["grad_clip"]
    assert fields["num_generations"] == values["rollouts"]
    # two updates a rollout step: TRL counts updates
    assert fields["max_steps"] == 120 and fields["warmup_steps"] == 6 and fields["steps_per_generation"] == 2
    assert fields["per_device_train_batch_size"] * 2 == 32 * int(values["rollouts"])


@pytest.mark.slow
def test_trl_takes_the_exported_file_and_trains_with_what_the_study_trained_with(finished: Study) -> None:
    trl = pytest.importorskip("trl")
    from rltune.trainers.trl.config import build_config  # noqa: PLC0415 - imports TRL, which takes seconds

    fields = yaml.safe_load(export(finished.store, "trl"))
    ours = trl.GRPOConfig(**{**fields, "use_cpu": True, "bf16": False})
    winner = find_winner(read_report_data(finished.store))
    job = TrainJob("m", "t", winner.hyperparameters, winner.horizon, winner.horizon, winner.seed, Scoring(1, 1))
    trained = build_config(parse(winner.hyperparameters), job, output=Path("x"), max_response=8, cpu=True)
    own = {"output_dir", "logging_steps"}
    assert "max_completion_length" in config_values(parse(winner.hyperparameters), winner)
    for name in set(config_values(parse(winner.hyperparameters), winner)) - own:
        assert getattr(ours, name) == getattr(trained, name), name


def test_the_verl_command_sets_live_keys_exactly(finished: Study) -> None:
    text = export(finished.store, "verl")
    got, values = overrides_of(text), finished.winner.values
    actor = "actor_rollout_ref.actor"
    assert set(got) <= VERL_KEYS and f"{actor}.grad_clip" not in got
    assert float(got[f"{actor}.optim.lr"]) == values["learning_rate"]
    assert float(got[f"{actor}.optim.clip_grad"]) == values["grad_clip"]
    for key in ("clip_ratio", "clip_ratio_low", "clip_ratio_high"):
        assert float(got[f"{actor}.{key}"]) == values["clip_ratio"]
    assert got[f"{actor}.use_kl_loss"] == "True" and float(got[f"{actor}.kl_loss_coef"]) == values["kl_coef"]
    assert got["data.train_batch_size"] == "32" and got[f"{actor}.ppo_mini_batch_size"] == "16"
    assert got["trainer.total_training_steps"] == "60" and got[f"{actor}.optim.lr_warmup_steps"] == "3"
    assert got["actor_rollout_ref.model.path"] == "$MODEL" and "MODEL=/path/to/your/model" in text


@pytest.mark.parametrize(("given", "length"), [({}, 8), ({"max_completion_length": 24}, 24)])
def test_the_response_length_that_was_trained_with_is_exported(
    tmp_path: Path, given: dict[str, object], length: int
) -> None:
    store = refilled(tmp_path, **given)
    assert yaml.safe_load(export(store, "trl"))["max_completion_length"] == length
    text = export(store, "verl")
    assert overrides_of(text)["data.max_response_length"] == str(length) and "not exported" not in text
    store.close()


def test_no_kl_means_no_reference_model_in_verl(tmp_path: Path) -> None:
    store = refilled(tmp_path, kl_coef=0.0)
    assert overrides_of(export(store, "verl"))["actor_rollout_ref.actor.use_kl_loss"] == "False"
    store.close()


def test_verl_refuses_a_linear_schedule_and_says_what_it_has(tmp_path: Path) -> None:
    store = refilled(tmp_path, lr_scheduler="linear")
    with pytest.raises(ReportError, match="linear.*constant, cosine") as caught:
        export(store, "verl")
    assert caught.value.hint and "trl or json" in caught.value.hint
    assert yaml.safe_load(export(store, "trl"))["lr_scheduler_type"] == "linear"
    store.close()


def test_a_field_that_only_trl_has_is_named_and_not_dropped_in_silence(tmp_path: Path) -> None:
    store = refilled(tmp_path, loss_type="grpo")
    assert "TRL's own fields: loss_type" in export(store, "verl")
    assert yaml.safe_load(export(store, "trl"))["loss_type"] == "grpo"
    store.close()


def test_rloo_and_its_adapter_are_exported(tmp_path: Path) -> None:
    lora = {"use_peft": True, "lora_r": 8, "lora_target_modules": "q_proj v_proj"}
    store = refilled(tmp_path, algorithm="rloo", kl_coef=0.001, **lora)
    text = export(store, "trl")
    fields = yaml.safe_load(text)
    assert "trl rloo --config" in text and fields["beta"] == 0.001
    adapter = {"use_peft": True, "lora_r": 8, "lora_target_modules": ["q_proj", "v_proj"]}
    assert {name: fields[name] for name in adapter} == adapter
    assert overrides_of(export(store, "verl"))["algorithm.adv_estimator"] == "rloo"
    assert "TRL's own fields: use_peft" in export(store, "verl")
    store.close()


def test_what_saved_memory_is_exported(tmp_path: Path) -> None:
    store = refilled(tmp_path)
    plain = yaml.safe_load(export(store, "trl"))
    store.set_fact("memory", {CONFIG["models"]["target"]: {"level": 1, "settings": "smaller"}})
    lean = yaml.safe_load(export(store, "trl"))
    assert lean["gradient_accumulation_steps"] >= 4 and "# memory: smaller" in export(store, "trl")
    batches = [f["per_device_train_batch_size"] * f.get("gradient_accumulation_steps", 1) for f in (plain, lean)]
    assert batches[0] == batches[1] and plain["per_device_train_batch_size"] > lean["per_device_train_batch_size"]
    assert lean["steps_per_generation"] == lean["gradient_accumulation_steps"] * plain["steps_per_generation"]
    store.close()


@pytest.mark.parametrize("algorithm", ["sft", "dpo"])
def test_what_learns_from_rows_is_exported_to_trl_alone(tmp_path: Path, algorithm: str) -> None:
    store = refilled(tmp_path)
    values = {"learning_rate": 1e-4, "batch_size": 32, "lr_scheduler": "linear"}
    store.set_fact("winner", {"configuration": values, "id": "x", "reason": "changed"})
    store.set_fact("fixed", {"algorithm": algorithm, "warmup_steps": 3, "gradient_accumulation_steps": 2})
    text = export(store, "trl")
    fields = yaml.safe_load(text)
    assert f"trl {algorithm} --config" in text and set(fields) <= set(config_fields(algorithm))
    assert (fields["per_device_train_batch_size"], fields["max_steps"], fields["warmup_steps"]) == (16, 60, 3)
    with pytest.raises(ReportError, match=f"main_ppo can't do what the study did: {algorithm}"):
        export(store, "verl")
    store.close()


def test_a_name_with_a_line_break_cannot_add_a_command(tmp_path: Path) -> None:
    store = create_study(tmp_path, "evil", CONFIG)
    fill_finished(store, count=9)
    target = "org/model\nrm -rf x; $(echo y)"
    store.set_fact("target", target)
    text = export(store, "verl")
    store.close()
    comments, rest = text.split("MODEL=", 1)
    assert all(line.startswith("#") for line in comments.splitlines())
    assert shlex.split(f"MODEL={rest}", comments=True)[0] == f"MODEL={target}"


def test_json_holds_configuration_scores_and_provenance(finished: Study) -> None:
    found = json.loads(export(finished.store, "json"))
    assert found["configuration"] == dict(finished.winner.values)
    assert found["hyperparameters"] == {**FIXED, **finished.winner.values}
    assert found["scores"]["test_by_seed"] == pytest.approx({"0": 0.877, "1": 0.889, "2": 0.868})
    assert found["provenance"]["study"] == "demo" and found["steps"] == 60
    assert found["scores"]["test_by_group"] == found["scores"]["other_tests"] == {}


def test_json_holds_scores_of_groups_and_other_tests(tmp_path: Path) -> None:
    store = create_study(tmp_path, "parts", CONFIG)
    study = fill_finished(store)
    Filler(store).test_parts(study.winner, 1, {"level_5": 0.5}, {"aime24": 0.25})
    scores = json.loads(export(store, "json"))["scores"]
    assert scores["test_by_group"] == {"level_5": {"1": 0.5}}
    assert scores["other_tests"] == {"aime24": {"1": 0.25}, "aime24/hard": {"1": 0.125}}
    store.close()


def test_an_unknown_format_lists_the_known_ones(finished: Study) -> None:
    with pytest.raises(ReportError, match="command, json, trl, verl|trl, verl, command, json"):
        export(finished.store, "yaml")


def test_a_study_without_a_winner_says_which_phase_is_missing(half: Study, empty: StudyStore, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="confirm phase.*running.*phase search") as caught:
        export(half.store, "json")
    assert caught.value.hint and "wait" in caught.value.hint
    with pytest.raises(ReportError, match="rltune run"):
        export(empty, "json")
    store = create_study(tmp_path, "stopped", CONFIG)
    store.set_state(StudyState.INTERRUPTED, "search")
    with pytest.raises(ReportError, match="rltune resume"):
        export(store, "json")
    store.close()
