"""A study of a user's own program, from the study file to the tested winner."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_toys import fake_settings, job

from executors.orders import carry_out
from rltune.errors import ConfigError, ReportError, StudyError, TrainerError
from rltune.executors.base import Depot, Order
from rltune.executors.local.executor import LocalExecutor
from rltune.store import storage
from rltune.store.base import StudyState
from rltune.store.remote import fetch
from rltune.study.api import create, read_source
from rltune.study.blueprint import draw_blueprint
from rltune.study.preview import first_launches
from rltune.types import StopKind


def source(folder: Path, **changes: object) -> dict[str, object]:
    """A study of the fake program, whose score grows with the learning rate."""
    study: dict[str, object] = {
        "name": "own",
        "models": {"target": "embedded/s", "proxies": ["embedded/xs"], "learning_rate_scaling": "none"},
        "task": "arithmetic/easy",
        "trainer": {"name": "command", "settings": fake_settings()},
        "space": {"learning_rate": {"type": "float", "low": 0.1, "high": 10.0, "log": True}},
        "baseline": {"learning_rate": 0.5},
        "budget": {"time": 600, "search": 0.9, "trials": 3},
        "steps": 4,
        "rungs": [2, 4],
        "optimizer": "random",
        "stopping": "off",
        "transfer": False,
        "confirm": {"top": 1},
        "final": {"seeds": 1},
        "executor": {"slots": 2, "grace_time": 10},
        "output": str(folder),
    }
    return {**study, **changes}


@pytest.mark.slow
def test_a_study_of_ones_own_program(tmp_path: Path) -> None:
    with create(source(tmp_path)) as study:
        assert study.run() is StudyState.FINISHED
        evaluations = [evaluation for _, evaluation in study.store.evaluations()]
        summary, exported = study.summary(), study.export()
        with pytest.raises(ReportError, match="a program of your own.*export it as command or json"):
            study.export("trl")
    reached = [e for e in evaluations if e.score is not None]
    assert len(reached) == len(evaluations) >= 5
    for evaluation in reached:
        rate = evaluation.configuration.values["learning_rate"]
        assert isinstance(rate, float)
        assert evaluation.score == pytest.approx(rate * evaluation.fidelity.steps / 100)
    assert summary.winner is not None
    rate = summary.winner.configuration.values["learning_rate"]
    assert "fake_program.py" in exported and f"--lr {rate}" in exported and "--stop 4" in exported


@pytest.mark.slow
def test_its_checkpoints_go_to_object_storage_and_back(tmp_path: Path) -> None:
    """The program writes on its machine's own disk, and reads there what was fetched; what it prints is kept."""
    storage.mark(f"file://{tmp_path}/bucket", "kept here")
    depot = Depot(f"file://{tmp_path}/bucket/run", str(tmp_path / "disk"))
    jobs = [job(2), job(4, start_step=2, resume_from=str(tmp_path / "checkpoints" / "step-000002"))]
    executor = LocalExecutor(slots=1, trainers=("command",))
    executor.open()
    try:
        for number, each in enumerate(jobs):
            folder, settings = tmp_path / f"segment-{number}", fake_settings()
            order = Order(
                f"s{number}", folder, tmp_path / "checkpoints", "command", each, settings=settings, depot=depot
            )
            outcome = carry_out(executor, order)
            assert (outcome.stop.kind, outcome.stop.step) == (StopKind.REACHED, each.stop_step), outcome.log_tail
            assert any((folder / "workspace").rglob("log.txt"))
    finally:
        executor.close()
    fetch(outcome.checkpoints[-1].path, tmp_path / "back")
    assert json.loads((tmp_path / "back" / "state.json").read_text())["state"] == 4.0
    assert not [path for path in (tmp_path / "disk").rglob("*") if path.is_file()]


def test_a_fixed_value_that_the_program_is_not_told_is_noted(tmp_path: Path) -> None:
    """Those that a recipe brings along are not: nobody has asked for them."""
    notes = draw_blueprint(read_source(source(tmp_path, fixed={"temperature": 0.5}))).notes
    assert [note for note in notes if "changes nothing" in note] == [
        "temperature changes nothing, though `fixed` sets it: no argument of the program holds {temperature}"
    ]


def test_what_the_program_is_not_told_is_no_hyperparameter_of_the_study(tmp_path: Path) -> None:
    """Else a report and an export would say that a run had it."""
    blueprint = draw_blueprint(read_source(source(tmp_path, fixed={"temperature": 0.5})))
    assert blueprint.hyperparameters == {"learning_rate": 0.5}


def test_the_commands_are_those_that_a_run_launches(tmp_path: Path) -> None:
    """Rungs, folders, checkpoint and seed as the study would give them; nothing is started or made."""
    first, again, *proxy = first_launches(draw_blueprint(read_source(source(tmp_path))))
    assert [(p.model, p.start_step, p.stop_step) for p in (first, again, *proxy)] == [
        *(("embedded/s", start, start + 2) for start in (0, 2)),
        *(("embedded/xs", start, start + 2) for start in (0, 2)),
    ]
    words = first.program.arguments
    assert words[words.index("--stop") + 1] == "2" and words[words.index("--lr") + 1] == "0.5"
    resumed = str(again.program)
    assert "/checkpoints/step-000002" in resumed and "step-000002" not in str(first.program)
    assert not list(tmp_path.iterdir())


def test_a_trainer_inside_of_rltune_has_no_command(tmp_path: Path) -> None:
    given = source(tmp_path, trainer="trl", space={"learning_rate": {"type": "float", "low": 1e-4, "high": 1e-2}})
    with pytest.raises(StudyError, match="there is no command to show"):
        first_launches(draw_blueprint(read_source({**given, "baseline": {}})))


def test_searching_what_the_program_is_not_told_is_an_error_of_the_study_file(tmp_path: Path) -> None:
    space = {"clip_ratio": {"type": "float", "low": 0.1, "high": 0.4}}
    with pytest.raises(ConfigError, match="to search clip_ratio would change nothing") as error:
        create(source(tmp_path, space=space, fixed={"learning_rate": 1.0}))
    assert "space.clip_ratio" in (error.value.where or "")


def test_a_bad_setting_is_told_with_its_place_in_the_study_file(tmp_path: Path) -> None:
    trainer = {"name": "command", "settings": fake_settings(metrics={"format": "jsonl"})}
    with pytest.raises(TrainerError) as error:
        create(source(tmp_path, trainer=trainer))
    assert (error.value.where or "").endswith("trainer.settings.metrics.format")


def test_the_default_trainers_settings_are_single_values(tmp_path: Path) -> None:
    trainer = {"name": "trl", "settings": {"beta": [1, 2]}}
    with pytest.raises(ConfigError, match="expected a number, a text or true or false"):
        create(source(tmp_path, trainer=trainer))


@pytest.mark.slow
def test_a_program_that_runs_out_of_memory_is_started_again_with_less(tmp_path: Path) -> None:
    """The timing runs end before step 4, at which the program really asks for more than it may have."""
    settings = fake_settings(arguments=["--fault", "allocate", "--at", "4"], memory=[["--lean"]])
    trainer = {"name": "command", "settings": settings}
    with create(source(tmp_path, trainer=trainer, executor={"slots": 1, "grace_time": 10})) as study:
        assert study.run() is StudyState.FINISHED
        stops = [s.stop for s in study.store.segments() if s.stop is not None]
        short = [stop for stop in stops if stop.kind is StopKind.OUT_OF_MEMORY]
        # Once for each model: from then on its trials are started with the arguments that save memory. The recipe may
        # run out ahead of the confirmation, which then begins with another run before that one is tried again.
        assert len(short) in (2, 3) and all("MemoryError" in stop.reason for stop in short)
        assert all(e.score is not None for _, e in study.store.evaluations())
        facts = study.store.study().facts["memory"]
    assert facts == {m: {"level": 1, "settings": "--lean"} for m in ("embedded/s", "embedded/xs")}
