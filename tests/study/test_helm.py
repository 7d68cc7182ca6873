"""A study that runs obeys: what people ask for while it goes on happens, once, and the study comes to its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rltune.errors import RltuneError
from rltune.executors.base import Outcome
from rltune.store.base import RequestState, RunRecord, SegmentState, StudyState
from rltune.study.api import Study, open_study
from rltune.study.errands import errands_of
from rltune.study.observer import Silent
from rltune.study.steering import request
from rltune.types import Phase, Proposal, StopKind
from study.toy import StopAfter, toy_study

SLOW = {"step_time": 0.05}


class Person(Silent):
    """Looks on, and asks for something at the right moment; what is refused is kept in `refused`."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.started: list[Proposal] = []
        self.ended: list[tuple[RunRecord, Proposal, Outcome]] = []
        self.refused: list[str] = []
        self.phases: list[str] = []
        self.messages: list[str] = []

    def ask(self, kind: str, **values: object) -> None:
        try:
            request(self.study.folder, kind, values, "a test")
        except RltuneError as error:
            self.refused.append(error.message)

    def phase(self, name: str, message: str) -> None:
        self.phases.append(name)

    def message(self, level: str, text: str) -> None:
        self.messages.append(text)

    def trial_started(self, run: RunRecord, proposal: Proposal, from_step: int) -> None:
        self.started.append(proposal)

    def trial_ended(self, run: RunRecord, proposal: Proposal, outcome: Outcome, score: float | None) -> None:
        self.ended.append((run, proposal, outcome))


def answers(study: Study) -> list[tuple[str, RequestState]]:
    return [(r.kind, r.state) for r in study.store.requests()]


def in_ledger(study: Study, kind: str) -> list[str]:
    return [d.reason for d in study.store.decisions() if d.kind == kind]


# --- pausing ---------------------------------------------------------------------------------------------------------
class Pausing(Person):
    """Pauses after some trials, and goes on when it has seen that nothing happens."""

    def __init__(self, study: Study, when: Callable[[Pausing], bool]) -> None:
        super().__init__(study)
        self.when = when
        self.asked = False
        self.still: list[float] = []

    def tick(self, phase: str, seconds: float, limit: float) -> None:
        if not self.asked and self.when(self):
            self.asked = True
            self.ask("pause")
        elif self.study.store.study().paused:
            running = [s for s in self.study.store.segments() if s.state is SegmentState.RUNNING]
            self.still = [] if running else [*self.still, seconds]
            if len(self.still) == 8:
                self.ask("resume")


@pytest.mark.parametrize("phase", ["search", "confirm", "final"])
@pytest.mark.slow
def test_a_pause_ends_trials_with_a_checkpoint_and_stops_the_clock(tmp_path: Path, phase: str) -> None:
    with toy_study(tmp_path, fixed=SLOW, budget={"time": 600, "search": 0.9, "trials": 4}) as study:
        person = Pausing(study, lambda p: p.phases[-1:] == [phase] and any(x.phase == phase for x in p.started))
        assert study.run(person) is StudyState.FINISHED

        assert answers(study) == [("pause", RequestState.DONE), ("resume", RequestState.DONE)]
        # Between the trials' end and the going on, no second was counted.
        assert person.still[-1] - person.still[1] < 0.05
        assert not study.store.study().paused
        segments = study.store.segments()
        assert StopKind.INTERRUPTED in {s.stop.kind for s in segments if s.stop}
        assert sum(s.retrained for s in segments) == 0, "each went on from where it had stopped"
        assert study.summary().winner is not None
        assert "trials in flight save" in in_ledger(study, "pause")[0] and in_ledger(study, "resume") == [
            "the study goes on"
        ]


def test_a_pause_in_the_preparation_waits_there(tmp_path: Path) -> None:
    with toy_study(tmp_path, fixed={"step_time": 0.1, "score_time": 0.1}, budget={"time": 600, "trials": 2}) as study:
        person = Pausing(study, lambda p: p.phases[-1:] == ["prepare"])
        assert study.run(person) is StudyState.FINISHED
        assert answers(study) == [("pause", RequestState.DONE), ("resume", RequestState.DONE)]
        assert not study.store.study().facts.get("failed") and person.still


def test_a_pause_is_over_when_the_study_is_resumed(tmp_path: Path) -> None:
    with toy_study(tmp_path, fixed=SLOW, budget={"time": 600, "trials": 3}) as study:
        person = Pausing(study, lambda p: bool(p.started))
        assert study.run(person, lambda: len(person.still) > 2) is StudyState.INTERRUPTED
        assert study.store.study().paused
        study.store.add_request("pause", {}, "too late")

        after = Person(study)
        assert study.run(after) is StudyState.FINISHED
        assert not study.store.study().paused and any("is over now" in text for text in after.messages)
        assert [state for _, state in answers(study)] == [RequestState.DONE, RequestState.REFUSED]
        assert in_ledger(study, "resume") == ["the study was resumed since, which ends a pause"]


# --- stopping a run --------------------------------------------------------------------------------------------------
class Stopping(Person):
    """Stops the n-th run of a phase as it begins."""

    def __init__(self, study: Study, phase: Phase, count: int = 1, all_of_it: bool = False) -> None:
        super().__init__(study)
        self.of_phase, self.count, self.all = phase, count, all_of_it
        self.stopped: list[RunRecord] = []

    def trial_started(self, run: RunRecord, proposal: Proposal, from_step: int) -> None:
        super().trial_started(run, proposal, from_step)
        number = sum(p.phase is self.of_phase for p in self.started)
        if proposal.phase is self.of_phase and (number == self.count or self.all):
            self.stopped.append(run)
            self.ask("stop_run", run=run.id)


@pytest.mark.parametrize("optimizer", ["joint_fidelity", "random", "grid", "bohb", "optuna"])
def test_a_stopped_run_is_over_and_nobodys_failure(tmp_path: Path, optimizer: str) -> None:
    with toy_study(tmp_path, fixed=SLOW, optimizer=optimizer, budget={"time": 600, "trials": 7}) as study:
        person = Stopping(study, Phase.SEARCH, 2)
        assert study.run(person) is StudyState.FINISHED

        (run,) = person.stopped
        assert answers(study) == [("stop_run", RequestState.DONE)]
        (segment,) = study.store.segments(run.id)
        assert segment.stop is not None and segment.stop.kind is StopKind.STOPPED
        assert segment.stop.reason == "stopped by a test (request 1)" and segment.stop.step < 8
        assert segment.stop.step == 0 or study.store.checkpoints(run.id), "it can be extended from there"
        (end,) = [e for found, e in study.store.evaluations() if found == run.id and e.stop.kind is StopKind.STOPPED]
        assert end.score is None or end.fidelity.steps == segment.stop.step, "it may have been faster"
        summary = study.summary()
        assert summary.winner is not None and not summary.failures and not summary.stops
        assert len(in_ledger(study, "stop_run")) == 1


@pytest.mark.parametrize("phase", [Phase.CONFIRM, Phase.FINAL])
def test_candidates_can_be_stopped_but_not_the_last_one(tmp_path: Path, phase: Phase) -> None:
    with toy_study(tmp_path, fixed=SLOW, budget={"time": 600, "trials": 4}) as study:
        person = Stopping(study, phase, all_of_it=True)
        assert study.run(person) is StudyState.FINISHED

        kinds = {r.id: r.stop.kind for r in study.store.runs() if r.stop}
        assert StopKind.STOPPED in [kinds[run.id] for run in person.stopped]
        assert any("is the last of its kind" in text for text in person.refused)
        summary = study.summary()
        assert summary.winner is not None and summary.winner.test, "there is a tested winner all the same"


def test_a_run_that_waits_to_be_tried_again_can_be_given_up(tmp_path: Path) -> None:
    with toy_study(tmp_path, fixed=SLOW) as study:
        stop = StopAfter(3)
        assert study.run(stop, stop) is StudyState.INTERRUPTED
        cut = [r for r in study.store.runs() if r.stop and r.stop.kind is StopKind.INTERRUPTED]
        assert cut
        record = request(study.folder, "stop_run", {"run": cut[0].id}, "cli")
        assert record.state is RequestState.WAITING
        assert study.run() is StudyState.FINISHED
        assert answers(study) == [("stop_run", RequestState.DONE)]
        assert len(study.store.segments(cut[0].id)) == 1
        ends = [e.stop.kind for found, e in study.store.evaluations() if found == cut[0].id and e.score is None]
        assert ends == [StopKind.STOPPED]


# --- trying a configuration ------------------------------------------------------------------------------------------
class Enqueuing(Person):
    """Asks for a configuration when a phase has begun a trial."""

    def __init__(self, study: Study, phase: str, **values: object) -> None:
        super().__init__(study)
        self.in_phase, self.values, self.at = phase, values, 0

    def tick(self, phase: str, seconds: float, limit: float) -> None:
        if phase == self.in_phase and not self.at and any(p.phase.value == phase for p in self.started):
            self.at = len(self.started)
            self.ask("enqueue", **self.values)


def test_a_configuration_that_is_asked_for_comes_next(tmp_path: Path) -> None:
    with toy_study(tmp_path, fixed=SLOW, budget={"time": 600, "trials": 8}) as study:
        person = Enqueuing(study, "search", configuration={"learning_rate": 3e-4}, steps=4)
        assert study.run(person) is StudyState.FINISHED

        (asked,) = [
            p for p in person.started if p.configuration.values["learning_rate"] == 3e-4 and p.phase == "search"
        ]
        assert (asked.fidelity.model, asked.fidelity.steps) == ("embedded/xs", 4)
        assert person.started.index(asked) <= person.at + 1, "at most one was being chosen as it was asked for"
        assert asked.reason == "enqueued by a test (request 1)"
        lines = [d for d in study.store.decisions() if d.kind == "proposal" and "enqueued" in d.reason]
        assert len(lines) == 1
        assert answers(study) == [("enqueue", RequestState.DONE)]


def test_one_that_comes_while_others_are_confirmed_joins_them_if_it_deserves_it(tmp_path: Path) -> None:
    with toy_study(tmp_path, fixed=SLOW, budget={"time": 600, "trials": 3}, confirm={"top": 1}) as study:
        person = Enqueuing(study, "confirm", configuration={"learning_rate": 1e-4})  # the best that there is
        assert study.run(person) is StudyState.FINISHED

        assert answers(study) == [("enqueue", RequestState.DONE)]
        winner = study.summary().winner
        assert winner is not None and winner.configuration.values["learning_rate"] == 1e-4


def test_one_that_comes_when_the_winner_is_chosen_is_refused(tmp_path: Path) -> None:
    with toy_study(tmp_path, fixed=SLOW, budget={"time": 600, "trials": 3}) as study:
        person = Enqueuing(study, "final", configuration={"learning_rate": 1e-4})
        assert study.run(person) is StudyState.FINISHED
        assert person.refused == ["the winner is chosen already: nothing more is tried"]
        assert answers(study) == [("enqueue", RequestState.REFUSED)]


def test_what_was_asked_for_before_the_first_sitting_is_done_in_it(tmp_path: Path) -> None:
    with toy_study(tmp_path, budget={"time": 600, "trials": 4}) as study:
        request(study.folder, "enqueue", {"configuration": {"learning_rate": 2e-4}}, "cli")
        request(study.folder, "enqueue", {"configuration": {"learning_rate": 7.0}}, "cli")  # nobody can know yet
        person = Person(study)
        assert study.run(person) is StudyState.FINISHED
        assert person.started[0].configuration.values["learning_rate"] == 2e-4
        assert [state for _, state in answers(study)] == [RequestState.DONE, RequestState.REFUSED]
        assert any("learning_rate must be" in text for text in person.messages)


def test_the_same_asked_for_twice_at_once_is_done_once(tmp_path: Path) -> None:
    with toy_study(tmp_path, budget={"time": 600, "trials": 4}) as study:
        stop = StopAfter(1)
        study.run(stop, stop)
        for _ in range(2):
            study.store.add_request("enqueue", {"configuration": {"learning_rate": 2e-4}}, "two at once")
        assert study.run() is StudyState.FINISHED
        assert [state for _, state in answers(study)] == [RequestState.DONE, RequestState.REFUSED]
        assert len(errands_of(study.store.study().facts)) == 1


# --- the budget ------------------------------------------------------------------------------------------------------
class Raising(Person):
    """Changes the budget as soon as a phase has begun."""

    def __init__(self, study: Study, phase: str, **values: object) -> None:
        super().__init__(study)
        self.in_phase, self.values, self.limits = phase, values, set[float]()
        self.asked = False

    def tick(self, phase: str, seconds: float, limit: float) -> None:
        self.limits.add(limit)
        if phase == self.in_phase and not self.asked:
            self.asked = True
            self.ask("budget", **self.values)


def trials(study: Study) -> int:
    return study.store.outline(None, None).totals.trials


def test_a_raised_budget_holds_at_once_and_after_a_restart(tmp_path: Path) -> None:
    with toy_study(tmp_path, fixed=SLOW, transfer={"check": False}, budget={"time": 600, "trials": 4}) as study:
        person = Raising(study, "search", trials=7, time="20m")
        stop = StopAfter(99)
        assert study.run(person, lambda: len(person.started) > 4) is StudyState.INTERRUPTED
        assert {600.0, 1200.0} <= person.limits
        summary = study.summary()
        assert (summary.budget_trials, summary.budget_seconds) == (7, 1200.0)
        assert study.store.study().fact("plan")["budget"] == 1200.0
        assert stop.left
    with open_study(tmp_path / "toy") as again:  # its file still says four
        assert again.run() is StudyState.FINISHED
        assert trials(again) == 7 and again.summary().budget_seconds == 1200.0
        assert in_ledger(again, "budget") == ["the budget is 20.0 min and 7 trials; it was 10.0 min and 4 trials"]


@pytest.mark.parametrize("phase", ["confirm", "final", "test", "finished"])
def test_a_raised_budget_opens_the_search_again(tmp_path: Path, phase: str) -> None:
    fixed = {**SLOW, "score_time": 0.05}
    with toy_study(tmp_path, fixed=fixed, transfer={"check": False}, budget={"time": 600, "trials": 2}) as study:
        person = Raising(study, phase, trials=6)
        assert study.run(person) is StudyState.FINISHED
        if phase == "finished":
            assert trials(study) == 2 and study.run(person) is StudyState.FINISHED
            request(study.folder, "budget", {"trials": 6}, "cli")
            assert study.run(person) is StudyState.FINISHED
        assert trials(study) == 6 and answers(study) == [("budget", RequestState.DONE)]
        goal = [e for _, e in study.store.evaluations() if e.phase is Phase.CONFIRM and e.fidelity.steps == 8]
        winner = study.summary().winner
        assert winner is not None and winner.configuration == max(goal, key=lambda e: e.score or 0).configuration
        assert len(winner.test) == 2
        assert sum(s.retrained for s in study.store.segments()) == 0


def test_a_budget_that_is_cut_ends_the_search(tmp_path: Path) -> None:
    with toy_study(tmp_path, fixed=SLOW, transfer={"check": False}, budget={"time": 600, "trials": 50}) as study:
        person = Raising(study, "search", trials=3)
        assert study.run(person) is StudyState.FINISHED
        assert trials(study) <= 5, "what was in flight came to its end"


# --- extending a run -------------------------------------------------------------------------------------------------
def test_a_run_of_a_finished_study_is_trained_further(tmp_path: Path) -> None:
    with toy_study(tmp_path, fixed=SLOW, optimizer="bohb", budget={"time": 600, "trials": 6}) as study:
        assert study.run() is StudyState.FINISHED
        winner = study.summary().winner
        short = next(r for r in study.store.runs() if r.last_step == 2 and r.stop and r.stop.kind is StopKind.REACHED)
        before = len(study.store.segments())
        record = request(study.folder, "extend_run", {"run": short.id}, "cli")
        assert record.state is RequestState.WAITING

        person = Person(study)
        assert study.run(person) is StudyState.FINISHED
        assert answers(study) == [("extend_run", RequestState.DONE)]
        (new,) = [s for s in study.store.segments(short.id) if s.to_step == 8]
        assert (new.from_step, new.retrained) == (2, 0) and new.reason == "extended by cli (request 1)"
        assert len(study.store.segments()) == before + 1, "nothing else was trained"
        assert study.summary().winner == winner


def test_a_stopped_run_can_be_extended_and_counts_then(tmp_path: Path) -> None:
    with toy_study(tmp_path, fixed=SLOW, budget={"time": 600, "trials": 5}) as study:
        stopping = Stopping(study, Phase.SEARCH, 2)
        assert study.run(stopping) is StudyState.FINISHED
        (run,) = stopping.stopped
        request(study.folder, "extend_run", {"run": run.id}, "cli")
        assert study.run() is StudyState.FINISHED
        scored = {e.fidelity.steps: e.score for found, e in study.store.evaluations() if found == run.id}
        assert scored.keys() == {2, 4, 8} and None not in scored.values()
