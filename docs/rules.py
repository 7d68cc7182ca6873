"""Writes docs/rules.md: every stopping rule with its thresholds, their defaults and reasons, from the rules themselves.

python docs/rules.py        # rewrites the page
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rltune.stopping.build import PRESETS, RULES

PAGE = Path(__file__).with_name("rules.md")
HEAD = """# Every rule and its thresholds

What each [stopping rule](stopping.md) looks at and from when on it stops. A threshold is set in a study file
(`stopping: {rules: [{rule: kl_runaway, floor: 0.5}]}`), in Python (`KlRunaway(floor=0.5)`) or for one replay
(`rltune replay-stopping run.log --rule '{rule: kl_runaway, floor: 0.5}'`); the others keep their defaults. Those of the
preset `default` were chosen on recorded runs ([error rates](stopping.md#error-rates)); those of `paper` are the
paper's. This page is made by `docs/rules.py`.
"""


def presets_of(name: str) -> str:
    """The presets that a rule is in, in words."""
    found = [preset for preset, rules in PRESETS.items() if any(rule.name == name for rule in rules)]
    return f"In the preset {' and '.join(f'`{preset}`' for preset in found)}." if found else "In no preset."


def explained(rule: type[Any]) -> dict[str, str]:
    """What each threshold is, from the `Attributes:` of a rule's docstring, where several may share a line."""
    _, _, section = (inspect.getdoc(rule) or "").partition("Attributes:")
    names = [field.name for field in dataclasses.fields(rule)]
    one = "|".join(map(re.escape, names))
    parts = re.split(rf"(?<![\w`])((?:{one})(?:, (?:{one}))*):(?=\s)", " ".join(section.split()))
    told: dict[str, str] = {}
    for key, text in zip(parts[1::2], parts[2::2], strict=True):
        told |= dict.fromkeys(key.split(", "), text.strip())
    return told


def default_of(field: dataclasses.Field[Any]) -> str:
    if field.default is dataclasses.MISSING:
        return "**required**"
    return "–" if field.default in (None, ()) else f"`{json.dumps(field.default)}`"


def part(name: str, rule: type[Any]) -> Iterator[str]:
    summary, _, _ = (inspect.getdoc(rule) or "").partition("\n\n")
    reasons = (sys.modules[rule.__module__].__doc__ or "").partition("Notation:")[0].strip()
    reasons = re.sub(r":\n(?= {4})", ":\n\n", reasons)  # an indented list is shown as it stands
    yield f"## `{name}`\n"
    yield f"{' '.join(summary.split())} {presets_of(name)}\n"
    if len([other for other in RULES.values() if other.__module__ == rule.__module__]) == 1:
        yield f"{reasons}\n"
    fields = dataclasses.fields(rule)
    told = explained(rule)
    if fields:
        yield "| threshold | default | what it is |\n|---|---|---|"
        yield from (f"| `{f.name}` | {default_of(f)} | {told.get(f.name, '')} |" for f in fields)
        yield ""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(line for name, rule in RULES.items() for line in part(name, rule))]).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
