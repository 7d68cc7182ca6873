"""Whole studies, from the first trial to the test, and over every kind of end."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from rltune.cli.commands import list as list_
from rltune.cli.commands import status
from rltune.clock import SystemClock
from rltune.errors import RltuneError, StoreError, StudyError
from rltune.executors.base import Event, Outcome
from rltune.executors.local.executor import LocalExecutor
from rltune.store.base import RunRecord, SegmentState, StudyState
from rltune.store.lock import lock_study
from rltune.study.api import create, never, open_study
from rltune.study.assembly import assemble
from rltune.study.choosing import Choice
from rltune.study.observer import Silent
from rltune.study.room import Room
from rltune.study.work import Score, Train, Work
from rltune.types import Phase, Proposal, StepMetrics, StopKind
from study.simulated import Setting
from study.toy import StopAfter, study_source, toy_study


def evaluated(study) -> Counter[tuple[str, int]]:
    return Counter((run, e.fidelity.steps) for run, e in study.store.evaluations())


def test_a_study_ends_with_a_tested_winner(tmp_path: Path) -> None:
    with toy_study(tmp_path) as study:
        assert study.run() is StudyState.FINISHED
        summary = study.summary()
        assert summary.state == "finished" and summary.winner is not None and summary.recipe is not None
        assert len(summary.winner.test) == len(summary.recipe.test) == 2
        assert summary.winner.test.keys() == summary.recipe.test.keys()
        # Only the recipe's runs may be begun ahead: who is confirmed follows from the search, who wins from that.
        recipe = summary.recipe.configuration
        phases = [e.phase for _, e in study.store.evaluations() if e.configuration != recipe]
        assert phases == sorted(phases, key=[Phase.SEARCH, Phase.CONFIRM, Phase.FINAL].index)
        # The winner is the best of those that were confirmed on the target, the recipe among them.
        goal = [e for _, e in study.store.evaluations() if e.phase is Phase.CONFIRM and e.fidelity.steps == 8]
        assert len(goal) == 3
        assert summary.winner.configuration == max(goal, key=lambda e: e.score or 0).configuration
        # Final seeds are fresh: the confirmation's luck doesn't count twice.
        finals = {e.seed for _, e in study.store.evaluations() if e.phase is Phase.FINAL}
        assert len(finals) == 2 and study.store.evaluations()[0][1].seed not in finals
        assert study.report().read_text().startswith("<!doctype html>")


def test_a_full_run_also_gives_the_rungs_that_it_passed(tmp_path: Path) -> None:
    with toy_study(tmp_path, optimizer="recipe") as study:
        study.run()
        first = [e for _, e in study.store.evaluations() if e.phase is Phase.SEARCH]
        assert [e.fidelity.steps for e in first] == [2, 4, 8]
        assert sorted({e.cost.train_seconds for e in first}) == [e.cost.train_seconds for e in first]


@pytest.mark.parametrize("trials", [1, 4, 11])
def test_a_study_that_was_stopped_goes_on(tmp_path: Path, trials: int) -> None:
    stop = StopAfter(trials)
    with toy_study(tmp_path, fixed={"step_time": 0.05}) as study:
        assert study.run(stop, stop) is StudyState.INTERRUPTED
        before = {(r, e.fidelity.steps): e.score for r, e in study.store.evaluations()}
        assert not any(s.stop is None for s in study.store.segments())
    with open_study(tmp_path / "toy") as study:
        assert study.run() is StudyState.FINISHED
        after = {(r, e.fidelity.steps): e.score for r, e in study.store.evaluations()}
        assert before.items() <= after.items()
        assert max(evaluated(study).values()) == 1
        summary = study.summary()
        assert summary.winner is not None and len(summary.winner.test) == 2
        # Interrupted trials save a checkpoint at the step they had reached: nothing is trained twice.
        assert summary.work.steps_retrained == 0


def test_a_finished_study_is_left_alone(tmp_path: Path) -> None:
    with toy_study(tmp_path, optimizer="recipe") as study:
        study.run()
        before = len(study.store.segments())
        assert study.run() is StudyState.FINISHED
        assert len(study.store.segments()) == before


class StopAtStep(Silent):
    """Asks for a stop when a trial has taken a step: it has something to save then."""

    def __init__(self) -> None:
        self.stepping = False

    def stepped(self, run: object, metrics: StepMetrics) -> None:
        self.stepping = True

    def __call__(self) -> bool:
        return self.stepping


def test_a_damaged_checkpoint_is_recognized_and_the_run_falls_back(tmp_path: Path) -> None:
    stop = StopAtStep()
    with toy_study(tmp_path, fixed={"step_time": 0.2}, executor={"slots": 1}, optimizer="recipe") as study:
        study.run(stop, stop)
        run = study.store.runs()[0]
        newest = study.store.checkpoints(run.id)[-1]
        (newest.path / "state.json").write_text("{")
    with open_study(tmp_path / "toy") as study:
        assert study.run() is StudyState.FINISHED
        told = [e.message for e in study.store.events() if "damaged" in e.message]
        assert told and f"step {newest.step}" in told[0]
        second = study.store.segments(run.id)[1]
        assert second.from_step < newest.step
        assert second.retrained == newest.step - second.from_step


def test_a_diverged_trial_is_a_result_and_the_study_goes_on(tmp_path: Path) -> None:
    space = {
        "learning_rate": {"type": "float", "low": 1e-5, "high": 1e-3, "log": True},
        "fault": {"type": "categorical", "choices": ["none", "nan", "exception", "segfault"]},
    }
    with toy_study(tmp_path, space=space, baseline={"fault": "none"}, budget={"time": 600, "trials": 16}) as study:
        assert study.run() is StudyState.FINISHED
        kinds = {e.configuration.values["fault"]: e.stop.kind for _, e in study.store.evaluations()}
        assert kinds["none"] is StopKind.REACHED and kinds["nan"] is StopKind.DIVERGED
        assert kinds["exception"] is kinds["segfault"] is StopKind.FAILED
        assert {f.kind for f in study.summary().failures} == {"diverged", "failed"}
        winner = study.summary().winner
        assert winner is not None and winner.configuration.values["fault"] == "none"


def test_a_vanished_trial_is_tried_again_but_not_for_ever(tmp_path: Path) -> None:
    space = {"fault": {"type": "categorical", "choices": ["none", "sigkill"]}}
    with toy_study(tmp_path, space=space, baseline={"fault": "none"}, fixed={"fault_step": 3}) as study:
        assert study.run() is StudyState.FINISHED
        lost = [s for s in study.store.segments() if s.stop is not None and s.stop.kind is StopKind.LOST]
        assert len(lost) == 3
        gave_up = [e for _, e in study.store.evaluations() if e.stop.kind is StopKind.FAILED]
        assert len(gave_up) == 1 and "vanished 3 times" in gave_up[0].stop.reason


def test_a_study_in_which_everything_crashes_stops_with_the_cause(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    space = {"learning_rate": {"type": "float", "low": 1e-5, "high": 1e-3, "log": True}}
    with toy_study(tmp_path, space=space, fixed={"fault": "exception", "fault_step": 4}) as study:
        with pytest.raises(StudyError, match="the toy broke"):
            study.run()
        assert study.store.study().state is StudyState.FAILED
        assert study.summary().work.configurations <= 6
        reason = study.summary().failed_because
        assert reason is not None and "the toy broke" in reason
    status.main(str(tmp_path / "toy"))
    list_.main(str(tmp_path), False)
    told = capsys.readouterr().out
    assert told.count("the toy broke") == 2 and f"failed   {reason}" in told


def test_a_model_that_cannot_be_trained_ends_the_study_before_it_begins(tmp_path: Path) -> None:
    with toy_study(tmp_path, fixed={"fault": "memory_error"}) as study:
        with pytest.raises(StudyError, match="memory"):
            study.run()
        assert study.store.runs() == []


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("fixed", {"learning_rat": 1}, "learning_rat"),
        ("trainer", {"name": "trl", "settings": {"kl_coef": 0.5}}, "kl_coef"),
        ("optimizer", {"name": "joint_fidelity", "options": {"nonsense": 1}}, "nonsense"),
        ("trainer", "nosuch", "nosuch"),
        (
            "task",
            {"name": "arithmetic/easy", "test_ood": [{"name": "gsm8k", "data": "nosuch/folder"}]},
            "nosuch/folder",
        ),
        ("task", {"name": "arithmetic/easy", "test_ood": ["arithmetic/hrad"]}, "arithmetic/hard"),
    ],
)
def test_what_the_trainer_or_the_optimizer_refuses_leaves_nothing_behind(
    tmp_path: Path, key: str, value: object, word: str
) -> None:
    with pytest.raises(RltuneError, match=word):
        toy_study(tmp_path, **{key: value})
    assert list(tmp_path.iterdir()) == []


def test_a_budget_that_pays_for_no_trial_is_refused_with_the_least_one(tmp_path: Path) -> None:
    with toy_study(tmp_path, budget={"time": 1}, fixed={"load_time": 0.5, "step_time": 0.1}) as study:
        with pytest.raises(StudyError, match="no search trial") as caught:
            study.run()
        assert "at least" in (caught.value.hint or "")


def test_a_running_study_is_not_set_aside(tmp_path: Path) -> None:
    with toy_study(tmp_path) as study, lock_study(study.folder, "toy"):
        with pytest.raises(StoreError, match="being run"):
            create(study_source(tmp_path), fresh=True)
        assert study.folder.exists()
    create(study_source(tmp_path), fresh=True).close()
    assert sorted(p.name.split(".")[0] for p in tmp_path.iterdir()) == ["toy", "toy"]


def test_a_study_that_was_set_aside_or_moved_can_still_be_read(tmp_path: Path) -> None:
    with toy_study(tmp_path, optimizer="recipe") as study:
        study.run()
    (tmp_path / "toy").rename(tmp_path / "elsewhere")
    with open_study(tmp_path / "elsewhere", read_only=True) as study:
        assert study.summary().state == "finished"


def test_a_study_goes_on_as_it_was_begun(tmp_path: Path) -> None:
    toy_study(tmp_path).close()
    path = tmp_path / "toy" / "study.yaml"
    path.write_text(path.read_text().replace("trials: 10", "trials: 3"))
    open_study(tmp_path / "toy").close()  # the budget may change
    path.write_text(path.read_text().replace("steps: 8", "steps: 4").replace("- 8", "").replace("seed: 0", "seed: 5"))
    with pytest.raises(StudyError, match="steps, rungs, seed changed"):
        open_study(tmp_path / "toy")


def test_a_damaged_final_checkpoint_is_trained_again_before_the_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admits, admitted = Room.admits, []

    def noted(room: Room, work: Work) -> bool:
        admitted.append(work)
        return admits(room, work)

    monkeypatch.setattr(Room, "admits", noted)

    class Damage(Silent):
        def __init__(self, study) -> None:
            self.study = study
            self.left = 1

        def trial_ended(self, run: RunRecord, proposal: Proposal, outcome: Outcome, score: float | None) -> None:
            if proposal.phase is Phase.FINAL and self.left:
                self.left = 0
                (self.study.store.checkpoints(run.id)[-1].path / "state.json").write_text("{")

    with toy_study(tmp_path, optimizer="recipe") as study:
        assert study.run(Damage(study)) is StudyState.FINISHED
        recipe = study.summary().recipe
        assert recipe is not None and len(recipe.test) == 2
        assert max(evaluated(study).values()) == 1
        assert any("damaged" in e.message for e in study.store.events())
        # All that was trained was let in before, the second training too.
        assert len(study.store.segments()) == sum(isinstance(work, Train) for work in admitted)


def test_what_ends_together_with_the_trial_that_ends_the_study_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = LocalExecutor.poll

    def all_at_once(executor: LocalExecutor, timeout: float) -> list[Event]:
        events = poll(executor, timeout)
        while executor._trials:
            events += poll(executor, timeout)
        return events

    monkeypatch.setattr(LocalExecutor, "poll", all_at_once)
    outage = tmp_path / "outage"

    class Outage(Silent):
        def planned(self, plan: object) -> None:
            outage.write_text("")  # before the first trial begins, which may be over before it is told of

    fault = {"fault": "exception", "fault_while": str(outage)}
    with toy_study(tmp_path, fixed=fault, executor={"slots": 4, "grace_time": 5}) as study:
        with pytest.raises(StudyError, match="3 configurations ended in the same error"):
            study.run(Outage())
        segments = study.store.segments()
        assert len(segments) == 4 and all(s.state is SegmentState.ENDED for s in segments)


def test_a_phase_begins_without_what_waited_in_the_one_before(tmp_path: Path) -> None:
    with toy_study(tmp_path) as study:
        assert study.blueprint is not None
        parts = assemble(study.blueprint, study.folder)
        loop = parts.loop(study.store, SystemClock(), Silent(), never)
        loop._held = (Choice(Score("embedded/s", "validation"), "test", None),)
        assert loop._look().running
        loop._enter(parts.phases[1], {"search"})
        assert not loop._look().running


def test_an_outage_ends_the_study_and_costs_no_result(tmp_path: Path) -> None:
    outage = tmp_path / "outage"
    settings = {"fault": "exception", "fault_step": 3, "fault_while": str(outage)}

    class Outage(Silent):
        ended = 0

        def trial_ended(self, *anything: object) -> None:
            self.ended += 1
            if self.ended == 3:
                outage.write_text("")

    with toy_study(tmp_path, fixed=settings, executor={"slots": 1}) as study:
        with pytest.raises(StudyError, match="5 trials all crashed"):
            study.run(Outage())
        assert study.store.study().state is StudyState.FAILED
    outage.unlink()
    with open_study(tmp_path / "toy") as study:
        assert study.run() is StudyState.FINISHED
        winner = study.summary().winner
        assert winner is not None and len(winner.test) == 2


def test_winner_and_recipe_are_tested_on_other_tasks_too(tmp_path: Path) -> None:
    other = "arithmetic/hard"
    few = {"budget": {"time": 600, "search": 0.9, "trials": 2}, "confirm": {"top": 1}}
    with toy_study(tmp_path, task={"name": "arithmetic/easy", "test_ood": [other]}, **few) as study:
        assert study.run() is StudyState.FINISHED
        summary = study.summary()
        assert summary.winner is not None and summary.recipe is not None
        for finalist in (summary.winner, summary.recipe):
            # The toy's score on another task is half of that on its own.
            assert len(finalist.test) == 2
            assert finalist.others == {other: pytest.approx({seed: v / 2 for seed, v in finalist.test.items()})}
        assert other in study.report().read_text()


def test_a_test_on_another_task_that_fails_costs_no_other_score(tmp_path: Path) -> None:
    outage = tmp_path / "outage"
    outage.write_text("")
    for split in ("train", "test"):
        (tmp_path / f"{split}.jsonl").write_text(
            "".join(f'{{"prompt": "{split} {i}", "answer": "{i}"}}\n' for i in range(4))
        )
    file = {
        "name": "file",
        "train": str(tmp_path / "train.jsonl"),
        "test": str(tmp_path / "test.jsonl"),
        "validation_size": 1,
        "reward": "exact",
    }
    source: dict[str, object] = {
        "task": {"name": "arithmetic/easy", "test_ood": ["arithmetic/hard", file]},
        "optimizer": "recipe",
        "fixed": {"fault": "exception", "fault_on": "arithmetic/hard", "fault_while": str(outage)},
    }
    with toy_study(tmp_path, **source) as study:
        with pytest.raises(StudyError, match="on arithmetic/hard failed: .*the toy broke"):
            study.run()
        assert Counter(s.split for s in study.store.scores() if s.run_id) == {"test": 2, "test/file": 2}
    outage.unlink()
    with open_study(tmp_path / "toy") as study:
        assert study.run() is StudyState.FINISHED
        counts = Counter(s.split for s in study.store.scores() if s.run_id)
        assert counts == {"test": 2, "test/file": 2, "test/arithmetic/hard": 2}


def test_one_controller_at_a_time(tmp_path: Path) -> None:
    with toy_study(tmp_path) as study, lock_study(study.folder, "toy"), pytest.raises(StoreError, match="being run"):
        study.run()


def test_the_search_ends_with_its_share_of_the_budget(tmp_path: Path) -> None:
    # By a clock of its own, so that no load of the machine counts.
    study = Setting(budget=2000, search=0.25).build(tmp_path / "s")
    with closing(study.store):
        assert study.loop.run() is StudyState.FINISHED
        spent = study.store.study().facts["seconds_by_phase"]
        assert isinstance(spent, dict)
        assert spent["prepare"] + spent["search"] == pytest.approx(500, abs=40)  # a trial's length
        assert study.store.study().seconds == pytest.approx(sum(spent.values()))


def test_a_study_name_is_not_overwritten(tmp_path: Path) -> None:
    toy_study(tmp_path).close()
    with pytest.raises(StudyError, match="already"):
        toy_study(tmp_path)
