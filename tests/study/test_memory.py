"""Studies whose trials run out of memory, for real: what is found out, what is tried again, what is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from rltune.bayes.data import FidelityScale, training_data
from rltune.errors import StudyError
from rltune.executors.base import Outcome
from rltune.executors.records import write_order, write_outcome
from rltune.optimizers.runs import read_runs
from rltune.store.base import StudyState
from rltune.study.api import Study, open_study
from rltune.study.assembly import assemble
from rltune.study.fitting import Fitting, level_of
from rltune.study.recovery import recover
from rltune.study.snapshot import Moment, Snapshots
from rltune.types import Cost, Fidelity, Phase, Proposal, StopKind, StopReason
from study.toy import StopAfter, toy_study

CHOICE = {"fits_at": {"type": "categorical", "choices": [0, 1, 9]}}
RATES = {"learning_rate": {"type": "float", "low": 1e-5, "high": 1e-3, "log": True}}


def shortages(study: Study) -> list[str]:
    """Runs of the segments that ran out of memory."""
    kind = StopKind.OUT_OF_MEMORY
    return [s.run_id for s in study.store.segments() if s.stop is not None and s.stop.kind is kind]


def test_each_model_is_fitted_by_its_timing_runs_once(tmp_path: Path) -> None:
    stop = StopAfter(1)
    with toy_study(tmp_path, fixed={"fits_at": 2}, budget={"time": 600, "trials": 3}) as study:
        assert study.run(stop, stop) is StudyState.INTERRUPTED
        told = [text for text in stop.messages if "ran out of memory" in text]
        assert len(told) == 4  # two levels of two models
        assert any("(level 1): it goes on with level 2" in text for text in told)
    again = StopAfter(99)
    with open_study(tmp_path / "toy") as study:
        assert study.run(again) is StudyState.FINISHED
        assert not [text for text in again.messages if "memory" in text]
        assert study.store.study().facts["memory"] == {
            model: {"level": 2, "settings": "level 2"} for model in ("embedded/s", "embedded/xs")
        }
        assert shortages(study) == []


def test_what_fits_at_once_is_a_fact_too(tmp_path: Path) -> None:
    stop = StopAfter(1)
    with toy_study(tmp_path) as study:
        study.run(stop, stop)
        facts = study.store.study().facts
        assert facts["memory"] == {m: {"level": 0, "settings": "level 0"} for m in ("embedded/s", "embedded/xs")}


def test_a_model_that_fits_nowhere_stops_the_study_with_the_cause(tmp_path: Path) -> None:
    with toy_study(tmp_path, fixed={"fits_at": 9}) as study, pytest.raises(StudyError, match="out of memory"):
        study.run()


def test_a_trial_out_of_memory_is_tried_again_with_less_then_left_out(tmp_path: Path) -> None:
    space = {**RATES, **CHOICE}
    with toy_study(tmp_path, space=space, baseline={"fits_at": 0}, budget={"time": 600, "trials": 9}) as study:
        assert study.run() is StudyState.FINISHED
        history = study.store.history()
        ends = {}
        for e in history.evaluations:
            if e.phase is Phase.SEARCH and e.fidelity.steps == 8:
                ends.setdefault(e.configuration.values["fits_at"], set()).add(e.stop.kind)
        assert ends[0] == ends[1] == {StopKind.REACHED}
        assert ends[9] == {StopKind.OUT_OF_MEMORY}
        never = [e for e in history.evaluations if e.configuration.values["fits_at"] == 9]
        assert all(e.score is None and "not tried again" in e.stop.reason for e in never)
        tries = shortages(study)
        assert all(tries.count(run) <= 2 for run in tries)
        # What got through holds for the model; what fits nowhere changes nothing for the others.
        assert level_of(study.store.study().facts, "embedded/xs") == 1
        # It is told apart from what diverged, and no score is made up for it.
        failures = study.summary().failures
        assert failures and {f.kind for f in failures} == {"out_of_memory"}
        assert study.blueprint is not None
        problem = study.blueprint.problem
        runs = read_runs(history, problem.training_seed)
        assert not runs.dead and {c.values["fits_at"] for c, _ in runs.closed} == {9}
        scale = FidelityScale(2, 8, problem.sizes, problem.target.name)
        rows = training_data(history, problem.space, scale)
        assert len(rows) == sum(e.score is not None for e in history.evaluations)
        report = study.report().read_text()
        assert "out of memory" in report and ">level 1</td>" in report


def test_a_shortage_that_nobody_saw_is_learned_of_by_recovery(tmp_path: Path) -> None:
    """The controller died after the trial had ended: it has another try, one level further."""
    with toy_study(tmp_path, optimizer="recipe") as study:
        assert study.blueprint is not None
        workshop, recipe = assemble(study.blueprint, study.folder).workshop, study.blueprint.recipe
        proposal = Proposal(recipe, Fidelity("embedded/xs", 8), 0, Phase.SEARCH, "the recipe")
        run = study.store.run(recipe, "embedded/xs", 0)
        folder = workshop.segment_folder(run, 1)
        segment = study.store.begin_segment(proposal, run.id, 0, folder)
        write_order(workshop.train_order(segment.id, folder, run, proposal, None, (), memory_level=1))
        write_outcome(folder, Outcome(StopReason(StopKind.OUT_OF_MEMORY, 0, "out of memory: CUDA"), Cost()))
        study.store.set_fact("memory", {"embedded/xs": {"level": 1, "settings": "level 1"}})
        recover(study.store, workshop)
        assert study.store.evaluations() == []
        assert Snapshots(study.store).take(Moment()).unfinished == (proposal,)
        fitting = Fitting(study.store, workshop.memory_levels, study.store.add_event)
        assert (fitting.level("embedded/xs"), fitting.level_of_run(run.id, "embedded/xs", 8)) == (1, 2)


def test_too_many_in_a_row_end_the_study(tmp_path: Path) -> None:
    fixed = {"fits_at": 9, "fault_step": 4}  # the timing runs end before that step
    with toy_study(tmp_path, space=RATES, fixed=fixed) as study:
        with pytest.raises(StudyError, match="all ran out of memory"):
            study.run()
        assert study.store.study().state is StudyState.FAILED
