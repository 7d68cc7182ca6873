"""Whatever is cut off, wherever: what was committed is there, once, in its order."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_values import MODEL, configuration, evaluation, metrics, proposal, stopped

from rltune.store.base import SegmentState
from rltune.store.engine import DATABASE_FILE
from rltune.store.open import create_study, open_study
from rltune.store.sql import SqlStudyStore
from rltune.types import Cost, StopKind

Operation = tuple[str, int]

operations = st.lists(
    st.tuples(
        st.sampled_from(["begin", "steps", "finish", "finish", "fail", "score again", "event"]),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=8,
)


def apply(store: SqlStudyStore, operation: Operation) -> None:
    """One call of the store, on the run of configuration `number`; what makes no sense now does nothing."""
    kind, number = operation
    run = store.runs()[number]
    running = [s for s in store.segments(run.id) if s.state is SegmentState.RUNNING]
    done = [e for run_id, e in store.evaluations() if run_id == run.id]
    if kind == "event":
        store.add_event("info", f"about {number}")
    elif kind == "score again" and done:
        store.add_evaluation(done[-1], run.id)
    elif kind == "begin" and not running:
        start = run.stop.step if run.stop else 0
        store.begin_segment(proposal(start + 5, number=number), run.id, start, Path("s"))
    elif kind == "steps" and running:
        store.add_steps(running[0].id, metrics(running[0].from_step + 1, running[0].to_step - 1))
    elif kind in ("finish", "fail") and running:
        of = proposal(running[0].to_step, number=number)
        stop = stopped(StopKind.REACHED if kind == "finish" else StopKind.RULE, of.fidelity.steps, "kl")
        score = 0.1 * number if kind == "finish" else None
        steps = metrics(running[0].from_step + 1, running[0].to_step)
        saved = [(running[0].to_step, Path("c"), 9)]
        store.finish_segment(running[0].id, stop, Cost(1.0), steps, saved, [evaluation(of, score, stop)])


def contents(store: SqlStudyStore) -> str:
    """All that a study holds, in a form that can be compared."""
    runs = store.runs()
    parts = (store.history(), store.segments(), store.checkpoints(), store.decisions(), store.events(), runs)
    return repr([*parts, [store.curve(run.id) for run in runs]])


def log_of(folder: Path) -> Path:
    return folder / f"{DATABASE_FILE}-wal"


def after_power_cut(folder: Path, wal_bytes: int, found: Path) -> SqlStudyStore:
    """The study as it is found when only so many bytes of its write-ahead log had reached the disk."""
    shutil.rmtree(found, ignore_errors=True)
    found.mkdir()
    shutil.copy(folder / DATABASE_FILE, found)
    log_of(found).write_bytes(log_of(folder).read_bytes()[:wal_bytes])
    return open_study(found, "s")


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(operations, st.data())
def test_a_study_that_is_cut_off_holds_exactly_what_was_committed(calls: list[Operation], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "study"
        store = create_study(folder, "s", {})
        for number in range(3):
            store.run(configuration(number), MODEL, 0)
        states = [(log_of(folder).stat().st_size, contents(store))]
        for call in calls:
            apply(store, call)
            states.append((log_of(folder).stat().st_size, contents(store)))

        first, last = states[0][0], states[-1][0]
        kept = data.draw(st.one_of(st.just(last), st.integers(first, last)), label="bytes of the log on the disk")
        found = after_power_cut(folder, kept, Path(scratch) / "found")
        expected = [content for size, content in states if size <= kept][-1]
        assert contents(found).replace("/found/", "/study/") == expected

        for call in calls:  # and it goes on from there
            apply(found, call)
        scored = [(run_id, e.fidelity) for run_id, e in found.evaluations()]
        assert len(scored) == len(set(scored))
        found.close()
        store.close()


CONTROLLER = """
import sys
sys.path.insert(0, sys.argv[3])
from store_values import configuration, evaluation, metrics, proposal, stopped
from pathlib import Path
from rltune.store.open import open_study
from rltune.types import Cost, StopKind
store = open_study(sys.argv[1], sys.argv[2])
number = len(store.runs())
while True:
    of = proposal(10, number=number)
    run = store.run(of.configuration, "tiny", 0)
    segment = store.begin_segment(of, run.id, 0, Path("s"))
    for step in metrics(1, 5):
        store.add_steps(segment.id, [step])
    result = evaluation(of, number / 1000)
    store.finish_segment(segment.id, result.stop, Cost(1.0), metrics(6, 10), [], [result])
    print(number, flush=True)
    number += 1
"""


@pytest.mark.slow
def test_kill_9_loses_and_doubles_no_evaluation(location: str, name: str) -> None:
    create_study(location, name, {}).close()
    moment = random.Random(0)
    acknowledged: list[int] = []
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", CONTROLLER, location, name, str(Path(__file__).parent)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        acknowledged.append(int(process.stdout.readline()))
        time.sleep(moment.uniform(0.0, 0.4))
        process.kill()
        acknowledged += [int(line) for line in process.stdout.read().splitlines()]
        process.wait()

        store = open_study(location, name)
        found = [evaluation.score for evaluation in store.history().evaluations]
        assert found == sorted(set(found)), "doubled, or out of order"
        assert {number / 1000 for number in acknowledged} <= set(found), "lost"
        assert len(found) <= len(acknowledged) + 4
        running = [s for s in store.segments() if s.state is SegmentState.RUNNING]
        assert len(running) <= 1
        for segment in running:  # as a resumed controller does
            assert store.finish_segment(segment.id, stopped(StopKind.LOST, 5), Cost(), [], [], [])
        assert store.history().pending == ()
        store.close()
    assert len(acknowledged) > 10


@pytest.mark.slow
def test_reading_and_writing_stay_quick_in_a_large_study(location: str, name: str) -> None:
    """CPU seconds of this process, so that a busy machine doesn't matter; it takes a fifth of the limits."""
    store = create_study(location, name, {})
    for number in range(1000):
        of = proposal(10, number=number)
        store.add_evaluation(evaluation(of), store.run(of.configuration, MODEL, 0).id)
    segment = store.begin_segment(proposal(90), "r0001", 0, Path("s"))

    assert cpu_seconds(store.history) < 0.2
    assert len(store.history().evaluations) == 1000
    steps = [[step] for step in metrics(1, 50)]
    assert cpu_seconds(lambda: [store.add_steps(segment.id, step) for step in steps]) / 50 < 0.005
    store.close()


def cpu_seconds(call: Callable[[], object]) -> float:
    call()
    start = time.process_time()
    call()
    return time.process_time() - start
