"""Settings of a study file: mistakes are found before anything runs, each with its place."""

from __future__ import annotations

import pytest
from command_toys import HYPERPARAMETERS, fake_settings, job

from rltune.errors import TrainerError
from rltune.trainers.build import build_trainer
from rltune.trainers.capabilities import Constrained
from rltune.trainers.command.settings import parse
from rltune.trainers.command.variables import gpus_for, save_every, training_variables


@pytest.mark.parametrize(
    ("changes", "where", "said"),
    [
        ({"comand": []}, "comand", "unknown key 'comand'"),
        ({"command": []}, "command", ""),
        ({"score": "vllm"}, "score", "expected transformers"),
        ({"score": {"comand": ["x"]}}, "score.comand", "unknown key"),
        ({"checkpoint": "{output}/last"}, "checkpoint", "needs {step}"),
        ({"checkpoint": {"path": "{step}", "beside": ["a/latest", "b/latest"]}}, "checkpoint", "different names"),
        ({"metrics": {"format": "jsonl"}}, "metrics.format", "expected json_lines"),
        ({"metrics": {"format": "pattern"}}, "metrics", "belong together"),
        ({"metrics": {"format": "pattern", "pattern": ["(a"]}}, "metrics", "no regular expression"),
        ({"metrics": {"format": "pattern", "pattern": ["a"]}}, "metrics", "no named group"),
        ({"metrics": {"names": {"rewrd": "r"}}}, "metrics", "no canonical metric"),
        ({"metrics": {"format": "printed_dicts", "names": {"reward": "r"}}}, "metrics", "its own names"),
        ({"gpus": {"proxi": 1}}, "gpus.proxi", ""),
        ({"exit_time": "5x"}, "exit_time", "expected a duration"),
        ({"started": "("}, "started", "no regular expression"),
        ({"arguments": ["{x"]}, "arguments", "without its counterpart"),
    ],
)
def test_a_mistake_is_told_with_its_place(changes: dict[str, object], where: str, said: str) -> None:
    with pytest.raises(TrainerError, match=said) as error:
        parse(fake_settings(**changes))
    assert (error.value.where or "").startswith(f"trainer.settings.{where}")


def test_numbers_in_an_argument_list_are_text() -> None:
    assert parse(fake_settings(arguments=[1, 2.5, True, "x"])).arguments == ("1", "2.5", "true", "x")


def test_it_stops_by_itself_if_it_is_told_where() -> None:
    assert parse(fake_settings()).ends_by_itself
    assert not parse(fake_settings(command=["train", "{horizon}"])).ends_by_itself
    assert not parse(fake_settings(stops_itself=False)).ends_by_itself


def test_searching_what_no_argument_holds_is_dead() -> None:
    trainer = build_trainer("command", fake_settings())
    dead = trainer.dead(["learning_rate", "rollouts"])  # pyright: ignore[reportAttributeAccessIssue]
    assert list(dead) == ["rollouts"] and "{rollouts}" in dead["rollouts"]


def test_divisions_in_arguments_are_constraints_of_the_search() -> None:
    arguments = ["{prompts_per_step * rollouts / updates_per_step}", "{learning_rate / 2}", "{8 * rollouts / 4 + 1}"]
    arguments += ["{prompts_per_step / rollouts if rollouts > 9 else 1}", "{gpus / rollouts}"]
    trainer = build_trainer("command", fake_settings(arguments=arguments))
    assert isinstance(trainer, Constrained)
    given = {"prompts_per_step": 64, "rollouts": 4, "updates_per_step": 2, "learning_rate": 0.1}
    found = {c.text: c.reason for c in trainer.constraints(given, ("rollouts",))}
    assert list(found) == ["updates_per_step divides prompts_per_step * rollouts", "4 divides 8 * rollouts"]
    assert "{prompts_per_step * rollouts / updates_per_step}" in next(iter(found.values()))


def test_a_batch_that_cannot_be_divided_is_refused() -> None:
    trainer = build_trainer("command", fake_settings(arguments=["{prompts_per_step / updates_per_step}"]))
    trainer.check(HYPERPARAMETERS)
    with pytest.raises(TrainerError, match="64 is not divisible by 3"):
        trainer.check({**HYPERPARAMETERS, "updates_per_step": 3})


def test_a_missing_hyperparameter_is_named() -> None:
    with pytest.raises(TrainerError, match="{learning_rate} has no value"):
        build_trainer("command", fake_settings()).check({"rollouts": 4})


def test_a_hyperparameter_cannot_take_the_name_of_a_fact() -> None:
    with pytest.raises(TrainerError, match="can't be called 'seed'"):
        build_trainer("command", fake_settings()).check({**HYPERPARAMETERS, "seed": 1})


def test_it_can_be_imported_without_settings_but_not_used() -> None:
    build_trainer("command").preload()
    with pytest.raises(TrainerError, match="expected the settings of the program"):
        build_trainer("command").check({})


def test_gpus_follow_the_models_role() -> None:
    settings = parse(fake_settings(gpus={"target": 8, "proxy": 1}))
    assert (gpus_for(settings, "target"), gpus_for(settings, "proxy")) == (8, 1)
    with pytest.raises(TrainerError, match="for the proxy"):
        gpus_for(parse(fake_settings(gpus={"target": 8})), "proxy")


@pytest.mark.parametrize(
    ("stop", "wanted", "every"),
    [(40, (5, 10, 15, 20, 25, 30, 35, 40), 5), (10, (4, 8), 2), (12, (4, 8, 12), 4), (7, (3, 6), 7), (7, (), 7)],
)
def test_the_last_step_is_always_saved(stop: int, wanted: tuple[int, ...], every: int) -> None:
    assert save_every(job(stop, horizon=40, checkpoint_at=wanted)) == every


def test_what_a_launch_is_told(tmp_path) -> None:
    settings = parse(fake_settings())
    told = training_variables(settings, job(8, start_step=4, resume_from="x", validate_at=(6, 8)), tmp_path, "y")
    assert (told["start_step"], told["stop_step"], told["horizon"]) == (4, 8, 10)
    assert (told["validate_at"], told["validate_every"], told["resume_from"]) == ("6,8", 2, "y")
