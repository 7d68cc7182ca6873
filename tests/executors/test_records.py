from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rltune.errors import ExecutorError
from rltune.executors import codec
from rltune.executors.base import Order, Outcome, ProcessIdentity
from rltune.executors.records import (
    LOG_TAIL_LINES,
    NODE,
    SegmentFiles,
    checkpoint_folder,
    collect,
    read_identity,
    read_log_tail,
    read_metrics,
    read_order,
    read_worker,
    write_identity,
    write_order,
    write_outcome,
    write_whole,
)
from rltune.executors.seal import sealed
from rltune.store.manifest import host_name, publish, temporary_folder
from rltune.types import Cost, StepMetrics, StopKind, StopReason

from .orders import train_order


def line(step: int, at: float = 0.0, **values: float) -> bytes:
    return sealed(codec.metrics_to_plain(StepMetrics(step, values)) | {"at": at}).encode() + b"\n"


def save_checkpoint(order: Order, step: int) -> Path:
    final = checkpoint_folder(order.checkpoints, step)
    temporary = temporary_folder(final)
    (temporary / "weights").write_bytes(b"w" * step)
    publish(temporary, final)
    return final


@pytest.fixture
def begun(tmp_path: Path) -> Order:
    """An order whose worker vanished: 3 steps reported of 2 to 6, half of a fourth; process 2 s old at the first."""
    first = train_order(tmp_path, stop=1)
    order = train_order(tmp_path, start=1, stop=6, resume=save_checkpoint(first, 1))
    write_order(order)
    files = SegmentFiles(order.folder)
    write_whole(files.started, {"process": 100.0, "training": 102.0})
    lines = [line(2, 3.0), line(3, 4.0, validate_seconds=0.25), line(4, 5.0), line(5, 6.0)[:11]]
    files.metrics.write_bytes(b"".join(lines))
    files.log.write_text("one\ntwo\n")
    return order


def test_a_vanished_process_is_lost_with_all_that_it_left(begun: Order) -> None:
    save_checkpoint(begun, 3)
    outcome = collect(begun.folder, begun.checkpoints)
    assert (outcome.stop.kind, outcome.stop.step) == (StopKind.LOST, 4)
    assert [m.step for m in outcome.metrics] == [2, 3, 4]
    assert [(c.step, c.bytes) for c in outcome.checkpoints] == [(3, 3)], "not step 1, which an earlier segment saved"
    assert outcome.cost == Cost(train_seconds=2.75, validate_seconds=0.25, start_seconds=2.0)
    assert outcome.log_tail == "one\ntwo"


def test_known_life_time_counts_as_cost(begun: Order) -> None:
    assert collect(begun.folder, begun.checkpoints, elapsed=62.0).cost.seconds == pytest.approx(62.0)


def test_damaged_and_premature_checkpoints_are_not_collected(begun: Order) -> None:
    with (save_checkpoint(begun, 2) / "weights").open("ab") as stream:
        stream.write(b"!")
    save_checkpoint(begun, 4)
    save_checkpoint(begun, 5)  # its metrics are missing: continuing from it would leave a hole in the curve
    assert [c.step for c in collect(begun.folder, begun.checkpoints).checkpoints] == [4]


def test_an_outcome_is_its_last_word(begun: Order) -> None:
    word = Outcome(StopReason(StopKind.INTERRUPTED, 4, "asked to stop"), Cost(1, 2, 3))
    write_outcome(begun.folder, word)
    outcome = collect(begun.folder, begun.checkpoints, elapsed=1000.0)
    assert (outcome.stop, outcome.cost, outcome.log_tail) == (word.stop, word.cost, "")
    assert [m.step for m in outcome.metrics] == [2, 3, 4]


def test_a_torn_outcome_is_none(begun: Order) -> None:
    write_outcome(begun.folder, Outcome(StopReason(StopKind.REACHED, 4, ""), Cost()))
    path = SegmentFiles(begun.folder).outcome
    path.write_bytes(path.read_bytes()[:-5])
    assert collect(begun.folder, begun.checkpoints).stop.kind is StopKind.LOST


def test_a_damaged_end_of_the_metrics_is_no_missing_score(begun: Order) -> None:
    """The segment says that it reached step 6; its metrics are whole up to step 4: step 5 is trained again."""
    save_checkpoint(begun, 3)
    save_checkpoint(begun, 6)
    write_outcome(begun.folder, Outcome(StopReason(StopKind.REACHED, 6, ""), Cost()))
    outcome = collect(begun.folder, begun.checkpoints)
    assert (outcome.stop.kind, outcome.stop.step) == (StopKind.LOST, 4) and "damaged" in outcome.stop.reason
    assert [c.step for c in outcome.checkpoints] == [3]


def test_nothing_behind_a_lost_line_is_believed(begun: Order) -> None:
    save_checkpoint(begun, 4)
    files = SegmentFiles(begun.folder)
    files.metrics.write_bytes(line(2, 3.0) + line(4, 5.0))
    assert [m.step for m in collect(begun.folder, begun.checkpoints).metrics] == [2]
    files.metrics.write_bytes(line(3, 3.0) + line(4, 5.0))
    outcome = collect(begun.folder, begun.checkpoints)
    assert (outcome.stop.step, outcome.metrics, outcome.checkpoints) == (1, (), ())


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_changed_byte_never_gives_another_number(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("flipped")
    written = b"".join(line(step, kl=1.25 * step) for step in range(1, 4))
    place, mask = data.draw(st.integers(0, len(written) - 1)), data.draw(st.integers(1, 255))
    changed = bytearray(written)
    changed[place] ^= mask
    SegmentFiles(folder).metrics.write_bytes(changed)
    steps = read_metrics(folder).steps
    assert [(m.step, dict(m.values)) for m in steps] == [(n, {"kl": 1.25 * n}) for n in range(1, len(steps) + 1)]
    assert len(steps) == written[:place].count(b"\n") or mask == ord("\n") ^ ord("\r")


def test_a_segment_that_never_began_is_lost_at_step_0(tmp_path: Path) -> None:
    outcome = collect(tmp_path / "nowhere", tmp_path / "none")
    assert (outcome.stop.kind, outcome.stop.step, outcome.checkpoints) == (StopKind.LOST, 0, ())


@settings(max_examples=50)
@given(st.integers(1, 6), st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_stream_cut_anywhere_gives_its_complete_lines(
    tmp_path_factory: pytest.TempPathFactory, count: int, cut: int, split: int
) -> None:
    folder = tmp_path_factory.mktemp("stream")
    lines = [line(step, kl=float("nan")) for step in range(1, count + 1)]
    data = b"".join(lines)[: cut % (sum(map(len, lines)) + 1)]
    complete = data.count(b"\n")
    SegmentFiles(folder).metrics.write_bytes(data[: split % (len(data) + 1)])
    first = read_metrics(folder)
    SegmentFiles(folder).metrics.write_bytes(data)
    rest = read_metrics(folder, first.end)
    assert [m.step for m in first.steps + rest.steps] == list(range(1, complete + 1))
    assert rest.end == sum(map(len, lines[:complete]))


def test_nothing_behind_an_unreadable_line_is_believed(tmp_path: Path) -> None:
    SegmentFiles(tmp_path).metrics.write_bytes(line(1) + b"\0\0\0\n" + line(3))
    page = read_metrics(tmp_path)
    assert [m.step for m in page.steps] == [1] and page.end == len(line(1))


def test_a_log_tail_is_short_and_readable(tmp_path: Path) -> None:
    log = SegmentFiles(tmp_path).log
    log.write_bytes(b"".join(b"line %d\n" % i for i in range(9999)) + b"10%\r50%\r100%\n\xff\xfe end\n")
    lines = read_log_tail(tmp_path).split("\n")
    assert len(lines) <= LOG_TAIL_LINES and lines[-3] == "line 9998" and lines[-2] == "100%"
    assert lines[-1].endswith(" end")
    assert read_log_tail(tmp_path / "nowhere") == ""


def test_identities(tmp_path: Path) -> None:
    assert read_identity(tmp_path) is None
    write_identity(tmp_path, ProcessIdentity(17, 123.45))
    assert read_identity(tmp_path) == ProcessIdentity(17, 123.45)


def test_the_machine_that_a_segment_runs_on_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_worker(tmp_path) == ""
    monkeypatch.delenv(NODE, raising=False)
    write_identity(tmp_path, ProcessIdentity(17, 123.45))
    assert read_worker(tmp_path) == host_name()
    monkeypatch.setenv(NODE, "4f2a")
    write_identity(tmp_path, ProcessIdentity(17, 123.45, "node-7"))
    assert read_worker(tmp_path) == "node-7 (4f2a)"


def test_an_order_is_read_back_and_its_absence_is_an_error(tmp_path: Path) -> None:
    order = train_order(tmp_path)
    with pytest.raises(ExecutorError, match=r"order\.json"):
        read_order(order.folder)
    write_order(order)
    assert read_order(order.folder) == order


def test_a_folder_that_cannot_be_made_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file where a folder should be")
    with pytest.raises(ExecutorError) as caught:
        write_order(train_order(tmp_path))
    assert str(tmp_path) in str(caught.value) and caught.value.hint
