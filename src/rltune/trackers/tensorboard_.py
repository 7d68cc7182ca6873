"""TensorBoard: one folder a run, with scalars by step, hyperparameters (HParams tab) and a table of facts (Text tab).

While a run grows, its event file grows. Once a segment has ended, the run is written anew as one file, and a marker
with its digest is put beside it: event files can't be mended, and after a kill nobody knows how much of one is whole.
A new file begins with a session start at step 0, by which a TensorBoard that is open forgets what it had read.
"""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false
# The package is an extra, and protobuf makes its classes when they are imported.

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_STRING
from tensorboard.plugins.hparams import api_pb2
from tensorboard.plugins.hparams.metadata import NULL_TENSOR, SESSION_END_INFO_TAG, SESSION_START_INFO_TAG
from tensorboard.plugins.hparams.metadata import create_summary_metadata as hparams_metadata
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo, SessionStartInfo
from tensorboard.plugins.text.metadata import create_summary_metadata
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from rltune.trackers.base import PREFIX, Point, Status, TrackedRun, TrackedStudy
from rltune.trackers.names import file_name
from rltune.trackers.options import TensorboardOptions

MARKER = "rltune.digest"
_EVENTS = "events.out.tfevents.*"
_STATUS = {
    Status.FINISHED: api_pb2.STATUS_SUCCESS,
    Status.FAILED: api_pb2.STATUS_FAILURE,
    Status.KILLED: api_pb2.STATUS_UNKNOWN,
    Status.RUNNING: api_pb2.STATUS_RUNNING,
}


@dataclass(slots=True)
class _Growing:
    """The event file of a run that is in training, and the newest step in it."""

    writer: EventFileWriter
    step: int = 0


class TensorboardTracker:
    """Implements `rltune.trackers.base.Tracker`."""

    name = "tensorboard"

    def __init__(self, options: TensorboardOptions, folder: Path) -> None:
        self._root = Path(options.folder).expanduser() if options.folder else folder / "tensorboard"
        self._shared = options.folder is not None
        self._folder = self._root
        self._growing: dict[str, _Growing] = {}

    @property
    def place(self) -> str:
        return f"tensorboard --logdir {self._root}"

    def open(self, study: TrackedStudy) -> Mapping[str, str]:
        if self._shared:
            self._folder = self._root / file_name(study.key)
        self._folder.mkdir(parents=True, exist_ok=True)
        known = {}
        for marker in self._folder.glob(f"*/{MARKER}"):
            key, _, digest = marker.read_text(encoding="utf-8").strip().partition(" ")
            known[key] = digest
        return known

    def write(self, run: TrackedRun, curve: Sequence[Point]) -> None:
        if run.status is not Status.RUNNING:
            self._write_whole(run, curve)
            return
        growing = self._growing.get(run.key)
        if growing is None:
            growing = self._growing[run.key] = _Growing(self._begin(run))
        for point in curve:
            if point.step > growing.step:
                growing.writer.add_event(_scalars(point))
                growing.step = point.step
        growing.writer.flush()

    def close(self) -> None:
        for growing in self._growing.values():
            growing.writer.close()
        self._growing.clear()

    def _write_whole(self, run: TrackedRun, curve: Sequence[Point]) -> None:
        growing = self._growing.pop(run.key, None)
        if growing is not None:
            growing.writer.close()
        writer = self._begin(run)
        try:
            for point in curve:
                writer.add_event(_scalars(point))
            ended = run.ended or run.started
            writer.add_event(_scalars(Point(run.last_step, ended, run.numbers)))
            writer.add_event(Event(wall_time=ended, step=run.last_step, summary=_table(run)))
            writer.add_event(Event(wall_time=ended, step=0, summary=_session_end(_STATUS[run.status], ended)))
        finally:
            writer.close()
        (self._run_folder(run) / MARKER).write_text(f"{run.key} {run.digest}\n", encoding="utf-8")

    def _begin(self, run: TrackedRun) -> EventFileWriter:
        """A new event file in place of the older ones."""
        folder = self._run_folder(run)
        folder.mkdir(parents=True, exist_ok=True)
        older = [folder / MARKER, *folder.glob(_EVENTS)]
        writer = EventFileWriter(str(folder), filename_suffix=f".{time.time_ns()}")
        for file in older:
            file.unlink(missing_ok=True)
        # The session's start makes a reader forget all steps from this one on.
        writer.add_event(Event(wall_time=run.started, step=0, session_log=SessionLog(status=SessionLog.START)))
        writer.add_event(Event(wall_time=run.started, step=0, summary=_session_start(run)))
        return writer

    def _run_folder(self, run: TrackedRun) -> Path:
        return self._folder / file_name(run.name)


def _scalars(point: Point) -> Event:
    values = [Summary.Value(tag=name, simple_value=value) for name, value in point.values.items()]
    return Event(wall_time=point.time, step=point.step, summary=Summary(value=values))


# TensorBoard's own makers of these two need TensorFlow.
def _session_start(run: TrackedRun) -> Summary:
    info = SessionStartInfo(group_name=run.key, start_time_secs=run.started)
    for name, value in run.config.items():
        if isinstance(value, bool):
            info.hparams[name].bool_value = value
        elif isinstance(value, str):
            info.hparams[name].string_value = value
        else:
            info.hparams[name].number_value = value
    return _hparams(SESSION_START_INFO_TAG, HParamsPluginData(session_start_info=info))


def _session_end(status: int, ended: float) -> Summary:
    info = SessionEndInfo(status=status, end_time_secs=ended)
    return _hparams(SESSION_END_INFO_TAG, HParamsPluginData(session_end_info=info))


def _hparams(tag: str, content: HParamsPluginData) -> Summary:
    return Summary(value=[Summary.Value(tag=tag, tensor=NULL_TENSOR, metadata=hparams_metadata(content))])


def _table(run: TrackedRun) -> Summary:
    """The facts as a table in Markdown."""
    rows = [("status", run.status.value), ("tags", ", ".join(run.tags)), *run.facts.items()]
    lines = ["| | |", "|---|---|", *(f"| {_cell(name)} | {_cell(text)} |" for name, text in rows)]
    tensor = TensorProto(dtype=DT_STRING, string_val=["\n".join(lines).encode()], tensor_shape=TensorShapeProto(dim=[]))
    metadata = create_summary_metadata(display_name=f"{PREFIX}facts", description="")
    return Summary(value=[Summary.Value(tag=f"{PREFIX}facts", tensor=tensor, metadata=metadata)])


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
