"""What trackers hold, read back by their own means."""

from __future__ import annotations

import importlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Held:
    """One tracked run. `points`: (metric, step) -> every value that is there, so that a doubled step is seen."""

    points: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    config: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)
    status: str = ""
    group: str = ""
    name: str = ""

    def point(self, name: str, step: int, value: float) -> None:
        self.points.setdefault((name, step), []).append(value)


def read_tensorboard(folder: Path, place: Path | None = None) -> dict[str, Held]:
    """Through the EventAccumulator; the group is the folder of the study."""
    module = importlib.import_module("tensorboard.backend.event_processing.event_accumulator")
    plugin_data = importlib.import_module("tensorboard.plugins.hparams.plugin_data_pb2")
    found = {}
    for run in sorted((place or folder / "tensorboard").rglob("events.*")):
        events = module.EventAccumulator(str(run.parent), size_guidance={"scalars": 0, "tensors": 0})
        events.Reload()
        held = Held(name=run.parent.name, group=run.parent.parent.name)
        for tag in events.Tags()["scalars"]:
            for event in events.Scalars(tag):
                held.point(tag, event.step, event.value)
                held.numbers[tag] = event.value
        if "rltune/facts" in events.Tags()["tensors"]:
            for line in events.Tensors("rltune/facts")[-1].tensor_proto.string_val[0].decode().splitlines()[2:]:
                name, text = line.strip("| ").split(" | ", 1) if " | " in line.strip("| ") else (line.strip("| "), "")
                held.facts[name] = text
        held.status = held.facts.pop("status", "running")
        key = ""
        for tag, content in events._plugin_to_tag_to_content["hparams"].items():
            data = plugin_data.HParamsPluginData.FromString(content)
            if tag.endswith("session_start_info"):
                key = data.session_start_info.group_name
                for name, value in data.session_start_info.hparams.items():
                    kind = value.WhichOneof("kind")
                    held.config[name] = str(getattr(value, kind))
        assert key not in found, "two event files of one run"
        found[key] = held
    return found


def read_mlflow(uri: str, experiment: str) -> dict[str, Held]:
    """Through the client, the whole history of each metric."""
    client = importlib.import_module("mlflow.tracking").MlflowClient(tracking_uri=uri)
    there = client.get_experiment_by_name(experiment)
    found: dict[str, Held] = {}
    for run in client.search_runs([there.experiment_id], max_results=5000):
        tags = dict(run.data.tags)
        held = Held(group=there.name, name=tags.get("mlflow.runName", ""), status=run.info.status.lower())
        held.config, held.facts = dict(run.data.params), tags
        for name in run.data.metrics:
            for metric in client.get_metric_history(run.info.run_id, name):
                held.point(name, metric.step, metric.value)
                held.numbers[name] = metric.value
        assert tags["rltune/key"] not in found, "one run twice"
        found[tags["rltune/key"]] = held
    return found


def read_wandb(folder: Path) -> dict[str, Held]:
    """From the files that `wandb sync` reads, with W&B's own record types."""
    found: dict[str, Held] = {}
    for file in sorted((folder / "wandb").glob("offline-run-*/*.wandb")):
        held = Held()
        key = ""
        for record in wandb_records(file):
            kind = record.WhichOneof("record_type")
            if kind == "run":
                run = record.run
                key, held.group, held.name = run.run_id, run.run_group, run.display_name
                held.config |= {u.key: str(json.loads(u.value_json)) for u in run.config.update}
                held.facts["tags"] = ", ".join(run.tags)
            elif kind == "history":
                values = {(i.key or "/".join(i.nested_key)): json.loads(i.value_json) for i in record.history.item}
                step = record.history.step.num
                for name, value in values.items():
                    if not name.startswith("_"):
                        held.point(name, step, float(value))
            elif kind == "summary":
                _take_summary(held, record.summary.update)
            elif kind == "exit":
                held.status = {0: "finished", 1: "failed", 255: "killed"}[record.exit.exit_code]
        assert key and key not in found, "one run twice"
        found[key] = held
    return found


def wandb_records(file: Path) -> list[Any]:
    """The records of a .wandb file: LevelDB's log format with a header of 7 bytes (docs of W&B's transaction log)."""
    kinds = importlib.import_module("wandb.proto.wandb_internal_pb2")
    data, position, part, found = file.read_bytes(), 7, b"", []
    assert data[:4] == b":W&B"
    while position < len(data):
        left = 32768 - position % 32768
        if left < 7:  # the rest of a block that holds no header is padding
            position += left
            continue
        _, length, kind = struct.unpack("<IHB", data[position : position + 7])
        part += data[position + 7 : position + 7 + length]
        position += 7 + length
        if kind in (1, 4):  # a whole record, or the last part of one
            found.append(kinds.Record.FromString(part))
            part = b""
    return found


def _take_summary(held: Held, updates: Any) -> None:
    for update in updates:
        value: Mapping[str, object] | str | float = json.loads(update.value_json)
        name = update.key or "/".join(update.nested_key)
        if isinstance(value, str):
            held.facts[name] = value
        elif isinstance(value, (int, float)):
            held.numbers[name] = float(value)
