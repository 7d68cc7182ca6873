"""Following a launch: steps in order, checkpoints when they are complete, an end for every way a program can behave."""

from __future__ import annotations

import math
import signal
from pathlib import Path

import pytest
from external_toys import Recorder, children_of, follow, wait_for

from rltune.errors import CheckpointError, OutOfMemoryError, TrainerError
from rltune.trainers.external.follow import Leg, Manners
from rltune.types import StepMetrics, StopKind, StopReason


def stop_at(step: int, kind: StopKind = StopKind.RULE):
    return lambda m: StopReason(kind, m.step, "enough") if m.step == step else None


def reached(ended: StepMetrics | StopReason) -> StepMetrics:
    assert isinstance(ended, StepMetrics), ended
    return ended


def stopped(ended: StepMetrics | StopReason) -> StopReason:
    assert isinstance(ended, StopReason), ended
    return ended


def test_steps_are_reported_and_the_last_one_is_left_to_the_caller(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    last = reached(follow(tmp_path, recorder, Leg(0, 4), "--stop", 4, "--save-every", 4))
    assert recorder.events == ["start", "step 1", "step 2", "step 3"]
    assert last.step == 4 and last.values["reward"] == 4.0


def test_due_checkpoints_are_published_between_the_steps(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    reached(follow(tmp_path, recorder, Leg(0, 6, frozenset({2, 4})), "--stop", 6, "--save-every", 2))
    assert recorder.events == [
        "start", "step 1", "step 2", "checkpoint 2", "step 3", "step 4", "checkpoint 4", "step 5",
    ]  # fmt: skip
    assert (tmp_path / "checkpoint-2" / "state.json").is_file()
    assert not (tmp_path / "out" / "step-2").exists()


def test_a_step_without_a_checkpoint_holds_nothing_up(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    reached(follow(tmp_path, recorder, Leg(0, 6, frozenset({1, 2, 5})), "--stop", 6, "--save-every", 3))
    assert [e for e in recorder.events if e.startswith("checkpoint")] == []


@pytest.mark.parametrize("marker", [True, False])
def test_a_program_that_cannot_stop_is_ended_once_its_checkpoint_is_complete(tmp_path: Path, marker: bool) -> None:
    manners = Manners(stops_itself=False, grace_seconds=5)
    recorder = Recorder(tmp_path)
    last = reached(
        follow(tmp_path, recorder, Leg(0, 4), "--save-every", 2, "--pause", 0.03, manners=manners, marker=marker)
    )
    assert last.step == 4
    assert (tmp_path / "out" / "step-4" / "state.json").is_file()


def test_a_lingering_program_is_ended(tmp_path: Path) -> None:
    """Its last step is done and saved, but it doesn't end."""
    manners = Manners(stops_itself=True, exit_seconds=0.3, grace_seconds=5)
    last = reached(
        follow(
            tmp_path, Recorder(tmp_path), Leg(0, 2), "--stop", 3, "--fault", "hang", "--at", 3, manners=manners,
            marker=True,
        )
    )  # fmt: skip
    assert last.step == 2


def test_a_checkpoint_that_nothing_tells_about_is_left_to_settle(tmp_path: Path) -> None:
    manners = Manners(stops_itself=False, grace_seconds=5)
    arguments = ("--stop", 3, "--fault", "hang", "--at", 3)
    last = reached(follow(tmp_path, Recorder(tmp_path), Leg(0, 2), *arguments, manners=manners, settle_seconds=0.3))
    assert last.step == 2


def test_a_rule_ends_the_program_and_keeps_the_checkpoint_that_is_there(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, stop_at(2))
    reason = stopped(follow(tmp_path, recorder, Leg(0, 50), "--pause", 0.05, marker=True))
    assert (reason.kind, reason.step) == (StopKind.RULE, 2)
    assert recorder.steps[-1].step == 2


def test_a_program_that_saves_at_sigterm_keeps_all_that_it_trained(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, stop_at(2, StopKind.INTERRUPTED))
    manners = Manners(saves_on_term=True, grace_seconds=20)
    reason = stopped(
        follow(tmp_path, recorder, Leg(0, 50), "--pause", 0.2, "--save-every", 1000, "--term", manners=manners)
    )
    assert reason.kind is StopKind.INTERRUPTED
    assert reason.step == recorder.steps[-1].step >= 2
    assert recorder.events[-1] == f"checkpoint {reason.step}"


def test_a_diverged_run_is_not_saved(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, stop_at(3, StopKind.DIVERGED))
    follow(tmp_path, recorder, Leg(0, 50), "--fault", "nan", "--pause", 0.05, manners=Manners(saves_on_term=True))
    assert math.isnan(recorder.steps[-1].values["reward"])
    assert recorder.events[-1] == "step 3"


def test_resuming_continues_the_count(tmp_path: Path) -> None:
    reached(follow(tmp_path, Recorder(tmp_path / "a"), Leg(0, 3), "--stop", 3))
    recorder = Recorder(tmp_path / "b")
    last = reached(follow(tmp_path / "two", recorder, Leg(3, 6), "--stop", 6, "--resume", tmp_path / "out" / "step-3"))
    assert [m.step for m in recorder.steps] == [4, 5] and last.values["reward"] == 6.0


def test_a_resume_that_trains_nothing_is_a_bad_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="ended without training a step"):
        follow(tmp_path, Recorder(tmp_path), Leg(3, 6), "--fault", "no-step")


def test_a_resume_from_the_start_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="but it trained step 1"):
        follow(tmp_path, Recorder(tmp_path), Leg(3, 6), "--stop", 6, "--resume", "x", "--fault", "from-start")


def test_a_crash_tells_the_error_that_it_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorder = Recorder(tmp_path)
    with pytest.raises(TrainerError, match="ended with exit status 1: ValueError: the fake broke") as error:
        follow(tmp_path, recorder, Leg(0, 6), "--fault", "crash")
    assert error.value.where == "after step 2"
    assert "and some goodbye" in capsys.readouterr().out
    assert [m.step for m in recorder.steps] == [1, 2]


def test_out_of_memory_is_told_apart(tmp_path: Path) -> None:
    """What the program says, and what it really runs into."""
    for fault, said in (("memory", "CUDA out of memory"), ("allocate", "MemoryError")):
        (tmp_path / fault).mkdir()
        with pytest.raises(OutOfMemoryError, match=f"^.*out of memory: the program ended .*{said}") as error:
            follow(tmp_path / fault, Recorder(tmp_path / fault), Leg(0, 6), "--fault", fault)
        assert error.value.message.startswith("out of memory")


def test_sampling_from_nan_is_a_divergence(tmp_path: Path) -> None:
    reason = stopped(follow(tmp_path, Recorder(tmp_path), Leg(0, 6), "--fault", "nan-sampling"))
    assert (reason.kind, reason.step) == (StopKind.DIVERGED, 2)


def test_an_early_end_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="expected the program to train to step 6, but after step 2"):
        follow(tmp_path, Recorder(tmp_path), Leg(0, 6), "--fault", "early")


def test_a_missing_last_checkpoint_is_an_error_that_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="without a complete checkpoint of step 3") as error:
        follow(tmp_path, Recorder(tmp_path), Leg(0, 3), "--stop", 3, "--fault", "no-save")
    assert str(tmp_path / "out" / "step-3") in (error.value.where or "")


def test_a_program_that_trains_on_without_a_checkpoint_is_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="trained on without a complete checkpoint of step 3"):
        follow(tmp_path, Recorder(tmp_path), Leg(0, 3), "--fault", "no-save", "--pause", 0.02)


def test_a_missing_score_is_an_error(tmp_path: Path) -> None:
    leg = Leg(0, 3, awaited={2: frozenset({"score/mean"})})
    with pytest.raises(TrainerError, match="no score/mean at step 2"):
        follow(tmp_path, Recorder(tmp_path), leg, "--stop", 3)


def test_a_score_of_the_programs_own_comes_with_its_step(tmp_path: Path) -> None:
    leg = Leg(0, 3, awaited={2: frozenset({"score/mean"}), 3: frozenset({"score/mean"})})
    recorder = Recorder(tmp_path)
    last = reached(follow(tmp_path, recorder, leg, "--stop", 3, "--validate"))
    assert recorder.steps[1].values["score/mean"] == 0.02 and last.values["score/mean"] == 0.03


def test_no_process_outlives_a_stop(tmp_path: Path) -> None:
    sessions: list[int] = []

    def look(metrics: StepMetrics) -> StopReason | None:
        if metrics.step == 4:
            sessions.extend(pid for pid in _programs() if pid not in before)
        return stop_at(4)(metrics)

    before = _programs()
    follow(tmp_path, Recorder(tmp_path, look), Leg(0, 90), "--fault", "child", "--pause", 0.05)
    assert sessions
    wait_for(lambda: not any(children_of(session) for session in sessions))


def test_the_first_step_tells_since_when_it_trains(tmp_path: Path) -> None:
    seen = iter([False, True])
    recorder = Recorder(tmp_path)
    manners = Manners(started=lambda: next(seen, True), grace_seconds=5)
    reached(follow(tmp_path, recorder, Leg(0, 3), "--stop", 3, "--pause", 0.5, manners=manners))
    assert recorder.began_ago == [0.0]
    assert 0.1 < recorder.steps[0].values["step_seconds"] < 20  # counted from the announcement


def _programs() -> set[int]:
    """Sessions of programs under the fake's name."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and b"fake_program.py" in (entry / "cmdline").read_bytes():
                found.add(int((entry / "stat").read_text().rpartition(")")[2].split()[3]))
        except OSError:
            continue
    return found


def test_signals_are_left_as_they_were(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    reached(follow(tmp_path, Recorder(tmp_path), Leg(0, 1), "--stop", 1))
    assert signal.getsignal(signal.SIGTERM) is before
