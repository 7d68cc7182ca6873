"""What every executor must do. A variant's test class inherits this and gives an `executor` fixture: open, with at
least two slots, a grace period of a few seconds, and the toy trainer known.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from rltune.errors import ExecutorError
from rltune.executors.base import Ended, Executor, Limits
from rltune.executors.processes import is_alive, members
from rltune.executors.records import collect, read_metrics
from rltune.testing.toy_trainer import STATE_FILE
from rltune.types import StopKind

from .orders import carry_out, finish, score_order, started, train_order, wait_until


class ExecutorContract:
    def test_trains_to_the_asked_step_and_tells_every_step(self, executor: Executor, tmp_path: Path) -> None:
        order = train_order(tmp_path, stop=6, checkpoint_at=(3,))
        outcome = carry_out(executor, order)
        assert (outcome.stop.kind, outcome.stop.step) == (StopKind.REACHED, 6)
        assert [m.step for m in outcome.metrics] == [1, 2, 3, 4, 5, 6]
        assert [(c.step, c.path.name) for c in outcome.checkpoints] == [(3, "step-000003"), (6, "step-000006")]
        assert all(c.bytes == (c.path / STATE_FILE).stat().st_size for c in outcome.checkpoints)
        assert outcome.metrics[-1].values["score/mean"] == pytest.approx(6 / 40)
        assert outcome.cost.train_seconds > 0 and outcome.cost.validate_seconds == pytest.approx(0.001)

    def test_what_is_on_disk_is_what_was_told(self, executor: Executor, tmp_path: Path) -> None:
        order = train_order(tmp_path)
        assert collect(order.folder, order.checkpoints) != (told := carry_out(executor, order))
        assert collect(order.folder, order.checkpoints) == told

    def test_a_continued_run_ends_where_an_unbroken_one_does(self, executor: Executor, tmp_path: Path) -> None:
        straight = carry_out(executor, train_order(tmp_path, stop=8, run="straight"))
        first = carry_out(executor, train_order(tmp_path, stop=3, run="parts"))
        second = carry_out(
            executor, train_order(tmp_path, start=3, stop=8, resume=first.checkpoints[-1].path, run="parts")
        )
        assert [m.step for m in second.metrics] == [4, 5, 6, 7, 8]
        ends = [(o.checkpoints[-1].path / STATE_FILE).read_text() for o in (straight, second)]
        assert ends[0] == ends[1]

    def test_several_at_once_up_to_its_slots(self, executor: Executor, tmp_path: Path) -> None:
        orders = [train_order(tmp_path, run=f"r{i}", step_time=0.02) for i in range(executor.slots)]
        for order in orders:
            executor.submit(order)
        with pytest.raises(ExecutorError, match="slots are taken"):
            executor.submit(train_order(tmp_path, run="one-too-many"))
        outcomes = finish(executor, *orders)
        assert {o.stop.kind for o in outcomes.values()} == {StopKind.REACHED}
        assert carry_out(executor, train_order(tmp_path, run="free-again")).stop.kind is StopKind.REACHED

    def test_scores_a_checkpoint(self, executor: Executor, tmp_path: Path) -> None:
        trained = carry_out(executor, train_order(tmp_path))
        base = carry_out(executor, score_order(tmp_path, None))
        scored = carry_out(executor, score_order(tmp_path, trained.checkpoints[-1].path))
        assert base.stop.kind is StopKind.REACHED and base.metrics == ()
        assert base.scores["mean"] != scored.scores["mean"] and scored.cost.validate_seconds > 0

    def test_no_more_checkpoints_stay_than_a_run_needs(self, executor: Executor, tmp_path: Path) -> None:
        order = train_order(tmp_path, stop=6, checkpoint_at=(1, 2, 3, 4))
        outcome = carry_out(executor, order)
        assert [c.step for c in outcome.checkpoints] == [4, 6]
        assert sorted(p.name for p in order.checkpoints.iterdir()) == ["step-000004", "step-000006"]

    def test_stop_saves_a_checkpoint_at_the_next_step(self, executor: Executor, tmp_path: Path) -> None:
        order = train_order(tmp_path, stop=40, step_time=0.05)
        executor.submit(order)
        wait_until(lambda: read_metrics(order.folder).steps)
        executor.stop(order.id)
        executor.stop("unknown")
        outcome = finish(executor, order)[order.id]
        assert outcome.stop.kind is StopKind.INTERRUPTED
        assert 1 <= outcome.stop.step < 40
        assert outcome.checkpoints[-1].step == outcome.stop.step == outcome.metrics[-1].step

    def test_stop_before_training_ends_at_once(self, executor: Executor, tmp_path: Path) -> None:
        order = train_order(tmp_path, load_time=30.0)
        process = started(executor, order)
        wait_until(lambda: (order.folder / "process.json").exists())
        executor.stop(order.id)
        outcome = finish(executor, order, seconds=15.0)[order.id]
        assert (outcome.stop.kind, outcome.stop.step) == (StopKind.INTERRUPTED, 0)
        assert not is_alive(process)

    def test_a_rule_ends_a_run_with_its_reason(self, executor: Executor, tmp_path: Path) -> None:
        rule = {"rule": "reward_zero", "patience": 2, "tolerance": 0.06}  # the toy's reward begins at 1/40
        outcome = carry_out(executor, train_order(tmp_path, stop=20, rules=(rule,)))
        assert (outcome.stop.kind, outcome.stop.rule, outcome.stop.step) == (StopKind.RULE, "reward_zero", 2)
        assert outcome.stop.reason and outcome.stop.values
        assert outcome.checkpoints[-1].step == 2

    def test_a_rule_sees_the_steps_of_earlier_segments(self, executor: Executor, tmp_path: Path) -> None:
        rule = {"rule": "reward_zero", "patience": 4, "tolerance": 0.11}
        first = carry_out(executor, train_order(tmp_path, stop=2, rules=(rule,)))
        resume = first.checkpoints[-1].path
        order = train_order(tmp_path, start=2, stop=9, resume=resume, rules=(rule,), earlier=first.metrics)
        outcome = carry_out(executor, order)
        assert (outcome.stop.kind, outcome.stop.step) == (StopKind.RULE, 4)

    def test_a_run_that_a_rule_had_stopped_is_not_trained_on(self, executor: Executor, tmp_path: Path) -> None:
        first = carry_out(executor, train_order(tmp_path, stop=3))
        rule = {"rule": "reward_zero", "patience": 2, "tolerance": 0.11}
        resume = first.checkpoints[-1].path
        order = train_order(tmp_path, start=3, stop=9, resume=resume, rules=(rule,), earlier=first.metrics)
        outcome = carry_out(executor, order)
        assert (outcome.stop.kind, outcome.stop.step, outcome.metrics) == (StopKind.RULE, 3, ())

    @pytest.mark.parametrize(
        ("fault", "kind", "words"),
        [
            ("exception", StopKind.FAILED, "RuntimeError: the toy broke"),
            ("disk_full", StopKind.FAILED, "the disk is full"),
            ("memory_error", StopKind.OUT_OF_MEMORY, "out of memory"),
            ("segfault", StopKind.FAILED, "SIGSEGV"),
            ("exit", StopKind.FAILED, "exit status 3"),
            ("sigkill", StopKind.LOST, "SIGKILL"),
            ("nan", StopKind.DIVERGED, "kl"),
        ],
    )
    def test_a_failing_trial_is_an_outcome(
        self, executor: Executor, tmp_path: Path, fault: str, kind: StopKind, words: str
    ) -> None:
        outcome = carry_out(executor, train_order(tmp_path, fault=fault, fault_step=3, checkpoint_at=(2,)))
        assert outcome.stop.kind is kind and words in outcome.stop.reason
        assert outcome.stop.step == (3 if fault == "nan" else 2)
        assert 2 in {c.step for c in outcome.checkpoints}, "what was saved before the failure is kept"
        assert len(outcome.metrics) == outcome.stop.step
        after = carry_out(executor, train_order(tmp_path, run="next"))
        assert after.stop.kind is StopKind.REACHED, "the executor goes on"

    def test_a_crash_shows_its_log(self, executor: Executor, tmp_path: Path) -> None:
        outcome = carry_out(executor, train_order(tmp_path, fault="exception"))
        assert outcome.log_tail.endswith("RuntimeError: the toy broke")
        assert "Traceback" in outcome.log_tail

    def test_an_unknown_trainer_is_an_outcome(self, executor: Executor, tmp_path: Path) -> None:
        outcome = carry_out(executor, train_order(tmp_path, trainer="tlr"))
        assert outcome.stop.kind is StopKind.FAILED and "'tlr'" in outcome.stop.reason

    @pytest.mark.slow
    @pytest.mark.parametrize("fault", ["hang", "hang_native"])
    def test_a_hanging_trial_is_ended(self, executor: Executor, tmp_path: Path, fault: str) -> None:
        order = train_order(tmp_path, fault=fault, limits=Limits(stall_seconds=1.5))
        process = started(executor, order)
        outcome = finish(executor, order)[order.id]
        assert outcome.stop.kind is StopKind.FAILED and "hangs" in outcome.stop.reason
        assert "_hang" in outcome.log_tail, "the log shows where it hangs"
        assert not members(process)

    @pytest.mark.slow
    def test_a_slow_trial_that_still_makes_steps_does_not_hang(self, executor: Executor, tmp_path: Path) -> None:
        order = train_order(tmp_path, stop=4, step_time=0.2, limits=Limits(stall_seconds=0.5))
        assert carry_out(executor, order).stop.kind is StopKind.REACHED

    @pytest.mark.slow
    def test_a_long_scoring_that_answers_batches_does_not_hang(self, executor: Executor, tmp_path: Path) -> None:
        limits = Limits(stall_seconds=0.6)
        scored = carry_out(executor, score_order(tmp_path, None, score_time=0.3, limits=limits))  # 4 batches
        assert scored.stop.kind is StopKind.REACHED and scored.cost.validate_seconds > 1.0
        trained = carry_out(executor, train_order(tmp_path, stop=2, score_time=0.3, limits=limits))
        assert trained.stop.kind is StopKind.REACHED and trained.cost.validate_seconds > 1.0

    @pytest.mark.slow
    def test_a_hanging_scoring_is_ended(self, executor: Executor, tmp_path: Path) -> None:
        limits = Limits(stall_seconds=0.6)
        outcome = carry_out(executor, score_order(tmp_path, None, fault="hang", score_time=0.05, limits=limits))
        assert outcome.stop.kind is StopKind.FAILED and "hangs" in outcome.stop.reason
        slow = carry_out(executor, score_order(tmp_path, None, score_time=5.0, limits=limits))
        assert slow.stop.kind is StopKind.FAILED and "hangs" in slow.stop.reason

    def test_the_time_limit_leaves_time_for_a_checkpoint(self, executor: Executor, tmp_path: Path) -> None:
        order = train_order(tmp_path, stop=40, step_time=0.1, limits=Limits(seconds=0.3))
        outcome = carry_out(executor, order)
        assert outcome.stop.kind is StopKind.FAILED and "time limit of 0.3 s" in outcome.stop.reason
        assert outcome.checkpoints[-1].step == outcome.stop.step > 0

    @pytest.mark.slow
    def test_the_memory_limit(self, executor: Executor, tmp_path: Path) -> None:
        order = train_order(tmp_path, fault="eat_memory", limits=Limits(memory_bytes=150 << 20))
        outcome = carry_out(executor, order)
        assert outcome.stop.kind is StopKind.OUT_OF_MEMORY and "limit of 150 MiB" in outcome.stop.reason

    def test_nothing_that_a_trial_started_outlives_it(self, executor: Executor, tmp_path: Path) -> None:
        order = train_order(tmp_path, fault="children")
        process = started(executor, order)
        outcome = finish(executor, order)[order.id]
        pids = [
            int(p) for line in outcome.log_tail.splitlines() if line.startswith("children") for p in line.split()[1:]
        ]
        assert len(pids) == 2 and not members(process)
        wait_until(lambda: not any(_running(pid) for pid in pids))

    def test_close_ends_all_and_its_events_can_still_be_polled(self, executor: Executor, tmp_path: Path) -> None:
        order = train_order(tmp_path, stop=40, step_time=0.05)
        process = started(executor, order)
        wait_until(lambda: read_metrics(order.folder).steps)
        executor.close()
        executor.close()
        assert not members(process)
        ended = [e for e in executor.poll(0) if isinstance(e, Ended)]
        assert [e.outcome.stop.kind for e in ended] == [StopKind.INTERRUPTED]
        with pytest.raises(ExecutorError, match="isn't open"):
            executor.submit(train_order(tmp_path, run="late"))

    def test_a_used_folder_is_refused(self, executor: Executor, tmp_path: Path) -> None:
        order = train_order(tmp_path)
        carry_out(executor, order)
        with pytest.raises(ExecutorError, match="folder of its own"):
            executor.submit(order)

    def test_an_idle_poll_takes_its_time(self, executor: Executor) -> None:
        assert executor.poll(0.0) == [] and executor.poll(0.05) == []


def _running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] not in "ZX"
    except OSError:
        return False
