"""How to get this result again: versions, models, the study file and the commands."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

import yaml

from rltune.report.data import ReportData
from rltune.report.export.build import formats_of
from rltune.report.markup import Html, join, missing, paragraph, section, table, tag


def reproduce(data: ReportData) -> Html:
    """Versions, commands and the whole resolved study file."""
    records = data.records
    versions = records.fact("versions")
    named = [[str(n), str(v)] for n, v in versions.items()]
    shown = table(["package", "version"], named) if named else missing("The versions were not recorded.")
    config = dict(records.study.config)
    return section(
        "Reproduce",
        "reproduce",
        shown,
        _models(data),
        paragraph("Run the study file below again, and export the winner:"),
        tag("pre", _commands(records.study.name, config.get("output"), config.get("trainer"))),
        tag(
            "details",
            join(
                [
                    tag("summary", "study.yaml, with every default filled in"),
                    tag("pre", yaml.safe_dump(_plain(config), sort_keys=False, allow_unicode=True)),
                ]
            ),
        ),
    )


def _models(data: ReportData) -> Html:
    known, fitted = data.records.fact("models"), data.records.fact("memory")
    rows = []
    for name in data.records.models():
        facts = known.get(name)
        parameters = facts.get("parameters") if isinstance(facts, Mapping) else None
        size = f"{parameters:,}" if isinstance(parameters, (int, float)) else "–"
        memory = fitted.get(name)
        settings = str(memory.get("settings")) if isinstance(memory, Mapping) else "–"
        rows.append([name, "target" if name == data.records.target else "proxy", size, settings])
    return table(["model", "role", "parameters", "memory settings"], rows, numeric=(2,)) if rows else Html("")


def _commands(name: str, output: object, trainer: object) -> str:
    study = shlex.quote(f"{output}/{name}" if isinstance(output, str) else name)
    formats = formats_of(str(trainer.get("name")) if isinstance(trainer, Mapping) else "trl")
    exports = "\n".join(f"rltune export {study} --format {form}" for form in formats)
    return f"rltune run study.yaml\nrltune status {study} --json\n{exports}"


def _plain(value: object) -> object:
    """What safe YAML can write: mappings and tuples become plain, anything unknown its text."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
