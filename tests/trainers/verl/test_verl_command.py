"""The command of a segment: what the study decides, whatever the user's overrides say."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rltune.errors import TrainerError
from rltune.tasks.ood import TaskRef
from rltune.trainers.base import ScoreJob, Scoring, TrainJob
from rltune.trainers.verl.command import HOOK, HOOK_FOLDER, Command, Work, score_command, train_command
from rltune.trainers.verl.options import parse_options
from rltune.trainers.verl.setup import set_up
from rltune.trainers.verl.trainer import VerlTrainer
from rltune.types import Scalar

Make = Callable[..., VerlTrainer]
Job = Callable[..., TrainJob]


@pytest.fixture
def command(make_trainer: Make, tmp_path: Path) -> Callable[..., Command]:
    def make(job: TrainJob, *base: str, **settings: object) -> Command:
        options = make_trainer("", *base, **settings)._options
        assert options is not None
        return train_command(job, set_up(options), Work(tmp_path / "segment"), 4, 64)

    return make


def test_the_horizon_is_the_studys_and_the_stop_is_the_hooks(
    command: Callable[..., Command], make_job: Job, tmp_path: Path
) -> None:
    made = command(make_job(4, validate_at=(2, 4), checkpoint_at=(3,)), "trainer.total_training_steps=999")
    got = {o.key: o.value for o in made.overrides}
    assert got["trainer.total_training_steps"] == "8" and made.environment["RLTUNE_VERL_STOP"] == "4"
    assert (got["trainer.save_freq"], got["trainer.test_freq"], got["trainer.resume_mode"]) == ("9", "9", "disable")
    assert (made.environment["RLTUNE_VERL_SAVES"], made.environment["RLTUNE_VERL_TESTS"]) == ("3", "2,4")
    assert got["trainer.n_gpus_per_node"] == "4" and got["data.seed"] == "3"
    assert got["trainer.max_actor_ckpt_to_keep"] == "null"
    assert made.environment["VERL_FILE_LOGGER_PATH"] == str(tmp_path / "segment/metrics.jsonl")


def test_a_resume_names_the_step_in_the_published_checkpoint(command: Callable[..., Command], make_job: Job) -> None:
    got = {o.key: o.value for o in command(make_job(5, start=3, resume=Path("/runs/step-000003"))).overrides}
    assert got["trainer.resume_mode"] == "resume_path"
    assert got["trainer.resume_from_path"] == "/runs/step-000003/global_step_3"


def test_the_users_trackers_modules_and_paths_are_kept(command: Callable[..., Command], make_job: Job) -> None:
    env = {"VERL_USE_EXTERNAL_MODULES": "mine", "PYTHONPATH": "/mine"}
    made = command(make_job(4), "trainer.logger=['console','wandb']", env=env)
    assert {o.key: o.value for o in made.overrides}["trainer.logger"] == "[console,file,wandb]"
    assert made.environment["VERL_USE_EXTERNAL_MODULES"] == f"{HOOK},mine"
    assert made.environment["PYTHONPATH"] == f"{HOOK_FOLDER}:/mine"


def test_a_cluster_that_runs_already_is_told_what_the_process_needs(
    command: Callable[..., Command], make_job: Job
) -> None:
    own = "++ray_kwargs.ray_init.runtime_env.env_vars.RLTUNE_VERL_STOP='4'"
    named, address = {"env": {"RAY_ADDRESS": "auto"}}, "+ray_kwargs.ray_init.address=10.0.0.1:6379"
    for made in (command(make_job(4), **named), command(make_job(4), nodes=2), command(make_job(4), address)):
        assert own in [o.text for o in made.overrides]


def test_a_trial_does_not_join_a_cluster_that_happens_to_run_here(
    command: Callable[..., Command], make_job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`ray start` leaves its address where every `ray.init` on the machine finds it: the trial's GPUs aren't those."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    for env in ({}, {"RAY_ADDRESS": "local"}):
        texts = [o.text for o in command(make_job(4), env=env).overrides]
        assert "++ray_kwargs.ray_init.address=local" in texts
        assert not any("env_vars" in text for text in texts)


def test_without_data_of_ones_own_the_task_must_have_parquet_files(
    command: Callable[..., Command], make_job: Job
) -> None:
    job = make_job(4)
    bare = set_up(parse_options({"python": str(Path(__file__).with_name("stand_in") / "python")}))
    with pytest.raises(TrainerError, match="verl needs data.train_files"):
        train_command(job, bare, Work(Path("x")), 1, 64)
    files = {"train": "/d/train.parquet", "validation": "/d/validation.parquet"}
    made = train_command(replace(job, task_options=files), bare, Work(Path("x")), 1, 64)
    assert {o.key: o.value for o in made.overrides}["data.val_files"] == "/d/validation.parquet"


def test_a_person_is_told_what_does_nothing_and_what_is_replaced(make_trainer: Make) -> None:
    trainer = make_trainer(
        "",
        "actor_rollout_ref.actor.grad_clip=0.5",
        "actor_rollout_ref.actor.clip_ratio=0.1",
        "custom_reward_function.path=mine.py",
        "data.train_batch_size=512",
        "actor_rollout_ref.actor.optim.lr_warmup_steps_ratio=0.1",
    )
    notes = "\n".join(trainer.notes({"prompts_per_step": 64, "updates_per_step": 1, "clip_ratio": 0.2}))
    assert "actor_rollout_ref.actor.grad_clip changes nothing in verl 0.9.1" in notes
    assert "actor_rollout_ref.actor.clip_ratio alone changes nothing" in notes
    assert "custom_reward_function.path changes nothing" in notes
    assert "data.train_batch_size=512 of your overrides is replaced by the study's prompts_per_step: 64" in notes
    assert "share of the horizon" in notes and "one update a step" in notes


@pytest.mark.parametrize(
    ("base", "hyperparameters", "words"),
    [
        # One update a step, though no hyperparameter says so.
        (["data.train_batch_size=64", "actor_rollout_ref.actor.ppo_mini_batch_size=64"], {"clip_ratio": 0.1}, "one up"),
        (["actor_rollout_ref.actor.policy_loss.loss_mode=gpg"], {"clip_ratio": 0.1}, "clip_ratio .* loss_mode=gpg"),
        (["trainer.use_v1=False"], {"algorithm": "dapo", "filter_groups": True}, "filter_groups changes nothing"),
        ([], {"algorithm": "rloo", "critic.optim.weight_decay": 0.1}, "critic.optim.weight_decay changes nothing"),
    ],
)
def test_a_person_is_told_what_does_nothing_because_of_something_else(
    make_trainer: Make, base: list[str], hyperparameters: dict[str, Scalar], words: str
) -> None:
    assert re.search(words, "\n".join(make_trainer("", *base).notes(hyperparameters)))
    acting = {"algorithm": "ppo", "clip_ratio": 0.1, "critic.optim.weight_decay": 0.1, "critic_learning_rate": 1e-5}
    assert not [note for note in make_trainer().notes(acting) if "changes nothing" in note]


def test_what_acts_for_no_algorithm_of_the_users_own_is_refused(make_trainer: Make) -> None:
    trainer = make_trainer("", "algorithm.adv_estimator=grpo")
    with pytest.raises(TrainerError, match="no value model: critic_learning_rate would change nothing"):
        trainer.check({"critic_learning_rate": 1e-5})
    make_trainer("", "algorithm.adv_estimator=gae").check({"critic_learning_rate": 1e-5})


def test_a_role_without_a_number_of_gpus_is_told_before_a_study_on_several_nodes(make_trainer: Make) -> None:
    trainer = make_trainer("", gpus={"target": 8}, nodes=2)
    assert trainer.gpus("m", "target") is None  # those of the cluster
    with pytest.raises(TrainerError, match="add `proxy: <count>`"):
        trainer.gpus("m", "proxy")


def test_an_engine_whose_checkpoints_are_unknown_is_refused_by_name(make_trainer: Make) -> None:
    trainer = make_trainer("", "actor_rollout_ref.actor.strategy=megatron")
    with pytest.raises(TrainerError, match="expected one of the engines fsdp, fsdp2, got megatron"):
        trainer.constraints({"rollouts": 4}, ())
    with pytest.raises(TrainerError, match="got megatron"):
        trainer.check({})
    make_trainer("", "actor_rollout_ref.actor.strategy=fsdp2").check({})


def test_what_the_study_does_not_name_stays_as_the_users_overrides_have_it(
    command: Callable[..., Command], make_job: Job
) -> None:
    key = "actor_rollout_ref.actor.kl_loss_type"
    assert {o.key: o.value for o in command(make_job(4)).overrides}[key] == "low_var_kl"
    assert {o.key: o.value for o in command(make_job(4), f"{key}=k1").overrides}[key] == "k1"


def test_a_space_may_not_search_what_does_nothing(make_trainer: Make) -> None:
    assert make_trainer().dead(["learning_rate", "clip_ratio"]) == {}
    assert (
        "actor.optim.clip_grad"
        in make_trainer().dead(["actor_rollout_ref.actor.grad_clip"])["actor_rollout_ref.actor.grad_clip"]
    )
    unclipped = make_trainer("", "actor_rollout_ref.actor.policy_loss.loss_mode=gpg")
    assert list(unclipped.dead(["learning_rate", "clip_ratio"])) == ["clip_ratio"]


def test_another_tasks_test_set_is_the_file_that_is_named_for_it(make_trainer: Make, tmp_path: Path) -> None:
    others = ["aime24", {"name": "amc23", "data": "d/amc.parquet"}]
    job = ScoreJob(
        "org/model", None, "file", "test", Scoring(8, 2), 0, {"test_ood": others, "test": "t.parquet"}, other="aime24"
    )
    options = make_trainer("", test_files="own.parquet", other_test_files={"aime24": ["a.parquet"]})._options
    assert options is not None

    def files(job: ScoreJob) -> str | None:
        made = score_command(job, set_up(options), Work(tmp_path), 1, 64)
        return {o.key: o.value for o in made.overrides}["data.val_files"]

    assert files(job) == f"[{Path('a.parquet').absolute()}]"
    assert files(replace(job, other="amc23")) == f"[{Path('d/amc.parquet').absolute()}]"
    assert files(replace(job, other="")) == f"[{Path('own.parquet').absolute()}]"


def test_a_checkpoint_without_its_optimizer_is_scored_by_its_weights(make_trainer: Make, tmp_path: Path) -> None:
    actor = tmp_path / "step-000004" / "global_step_4" / "actor"
    actor.mkdir(parents=True)
    for part in ("model", "optim", "extra_state"):
        (actor / f"{part}_world_size_1_rank_0.pt").write_text(part)
    checkpoint = actor.parents[1]
    options = make_trainer()._options
    assert options is not None
    job = ScoreJob("org/model", str(checkpoint), "file", "validation", Scoring(8, 2), 0, {"validation": "v.parquet"})

    def loads() -> str | None:
        made = score_command(job, set_up(options), Work(tmp_path), 1, 64)
        return {o.key: o.value for o in made.overrides}.get("actor_rollout_ref.actor.checkpoint.load_contents")

    assert loads() is None
    (dropped,) = make_trainer().training_only(checkpoint)
    assert dropped == Path("global_step_4/actor/optim_world_size_1_rank_0.pt")
    (checkpoint / dropped).unlink()
    assert loads() == "[model,extra]"


def test_another_task_without_a_file_for_verl_is_refused(make_trainer: Make) -> None:
    trainer = make_trainer("", other_test_files={"aime24": "a.parquet"})
    trainer.check_other_test(TaskRef("aime24"))
    with pytest.raises(TrainerError, match="verl needs parquet files of the test split of math"):
        trainer.check_other_test(TaskRef("math", {"data": "data/MATH"}))
    with pytest.raises(TrainerError, match=r"other_test_files\.aime24"):
        make_trainer("", other_test_files={"aime24": 3})


def test_verls_trackers_know_a_run_by_its_name() -> None:
    """All segments of a run stand under one name, and no two runs under the same."""
    folder = Path("/studies/s/runs/0007-thing-7B-s0-3bbaca1979/segments/002/workspace")
    assert Work(folder).run_name == "0007-thing-7B-s0-3bbaca1979"
    assert Work(Path("/tmp/rltune-verl-x")).run_name == "rltune-verl-x"
