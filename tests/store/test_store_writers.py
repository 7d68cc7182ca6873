"""Eight processes that write at once: no errors, no lost write, nothing doubled, while observers read.

A study has one controller; eight on one study are as hard as it gets (a controller, and seven that don't know of its
lease). A database has as many controllers as studies.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from store_values import MODEL

from rltune.store.base import SegmentState
from rltune.store.lock import lock_holder
from rltune.store.open import create_study, list_studies, open_study

HERE = Path(__file__).parent
WRITERS = 8
RUNS = 3

WRITER = """
import sys
sys.path.insert(0, sys.argv[5])
from contextlib import nullcontext
from pathlib import Path
from store_values import MODEL, configuration, evaluation, metrics, proposal
from rltune.store.lock import lock_study
from rltune.store.open import open_study
from rltune.types import Cost
location, name, writer, leased = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "leased"
store = open_study(location, name)
with lock_study(location, name) if leased else nullcontext() as lock:
    if leased:
        store.fence(lock.token)
    print("ready", flush=True)
    sys.stdin.read(1)
    for number in range(int(sys.argv[6])):
        of = proposal(10, number=100 * writer + number)
        run = store.run(of.configuration, MODEL, 0)
        segment = store.begin_segment(of, run.id, 0, Path("s"))
        for step in metrics(1, 4):
            store.add_steps(segment.id, [step])
        result = evaluation(of, (100 * writer + number) / 1000)
        store.finish_segment(segment.id, result.stop, Cost(1.0), metrics(5, 10), [(10, Path("c"), 7)], [result])
        store.add_seconds(1.0)
        store.set_fact(f"fact {writer}", number)
        store.add_event("info", f"{writer} {number}")
        if not leased:  # as people do who ask for something meanwhile
            store.add_request("pause", {"writer": writer, "number": number}, "api")
"""


def write_at_once(location: str, names: list[str], *, leased: bool, meanwhile: str) -> int:
    """Lets all writers go at the same moment; returns how often `meanwhile` was read until they had ended."""
    writers = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                WRITER,
                location,
                name,
                str(number),
                "leased" if leased else "free",
                str(HERE),
                str(RUNS),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number, name in enumerate(names)
    ]
    observer = open_study(location, meanwhile, read_only=True)
    seen, asked = [0], [0]
    try:
        for writer in writers:
            assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("\n")
            writer.stdin.flush()
        while any(writer.poll() is None for writer in writers):
            seen.append(len(observer.history().evaluations))
            assert len(observer.evaluations()) >= seen[-1] and len(observer.segments()) >= seen[-1]
            # What a page reads at each of its looks, from one view of the whole each.
            outline, runs = observer.outline("larger", 10), observer.runs()
            assert sum(outline.totals.evaluations.values()) >= seen[-1] and len(runs) >= seen[-1]
            assert len(observer.decisions()) >= seen[-1] and len(observer.curves()) >= seen[-1]
            asked.append(len(observer.requests()))
        assert [writer.communicate()[1] for writer in writers] == [""] * len(writers)
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
        observer.close()
    assert seen == sorted(seen) and asked == sorted(asked), "something that was there had gone"
    return len(seen)


@pytest.mark.slow
def test_eight_writers_of_one_study(location: str, name: str) -> None:
    store = create_study(location, name, {})
    looks = write_at_once(location, [name] * WRITERS, leased=False, meanwhile=name)

    expected = [(100 * writer + number) / 1000 for writer in range(WRITERS) for number in range(RUNS)]
    assert sorted(e.score or 0.0 for _, e in store.evaluations()) == expected
    runs = store.runs()
    assert [run.number for run in runs] == list(range(1, len(expected) + 1))
    assert len({(run.configuration, run.model, run.seed) for run in runs}) == len(expected)
    assert [s.state for s in store.segments()] == [SegmentState.ENDED] * len(expected)
    assert all([m.step for m in store.curve(run.id)] == list(range(1, 11)) for run in runs)
    assert len(store.checkpoints()) == len(store.decisions()) == len(expected)
    assert store.study().seconds == len(expected)
    assert store.study().facts == {f"fact {writer}": RUNS - 1 for writer in range(WRITERS)}
    assert len({e.message for e in store.events()}) == len(store.events()) == len(expected)
    assert {run.model for run in runs} == {MODEL} and looks > 2
    requests = store.requests()
    assert [r.id for r in requests] == list(range(1, len(expected) + 1)) and len(
        {str(r.values) for r in requests}
    ) == 24
    store.close()


@pytest.mark.slow
def test_eight_controllers_of_eight_studies_in_one_database(location: str, name: str) -> None:
    names = [f"{name}-{number}" for number in range(WRITERS)]
    for each in names:
        create_study(location, each, {}).close()
    write_at_once(location, names, leased=True, meanwhile=names[3])

    for writer, each in enumerate(names):
        store = open_study(location, each, read_only=True)
        assert [e.score for _, e in store.evaluations()] == [(100 * writer + number) / 1000 for number in range(RUNS)]
        assert [run.number for run in store.runs()] == list(range(1, RUNS + 1))
        assert store.study().seconds == RUNS
        assert lock_holder(location, each) is None
        store.close()
    assert {found.study.name for found in list_studies(location) if found.study} >= set(names)
