"""One Hydra override as a value: `key=value`, `+key=value`, `++key=value`, `~key`.

The value stays the text that Hydra's grammar reads; `quoted` makes such text of a Python value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rltune.errors import TrainerError

_FORM = re.compile(r"(?P<sign>\+\+|\+|~|)(?P<key>[A-Za-z_][\w.@/:-]*)(?:=(?P<value>.*))?", re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z_/.][\w/.+-]*")
"""Text that the grammar takes for a string as it stands; the rest is quoted."""

_NOT_TEXT = ("true", "false", "null", "nan", "inf")


@dataclass(frozen=True, slots=True)
class Override:
    """`sign` is "", "+" (append), "++" (append or change) or "~" (delete, which may have no value)."""

    key: str
    value: str | None
    sign: str = ""

    @property
    def text(self) -> str:
        """As one argument of the command line."""
        return f"{self.sign}{self.key}" + ("" if self.value is None else f"={self.value}")


def parse_override(text: str, where: str = "trainer verl") -> Override:
    """An override from its text.

    Raises:
        TrainerError: if it has another form.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None or (found["value"] is None and found["sign"] != "~"):
        raise TrainerError(
            f"expected an override such as data.train_batch_size=256, got {text!r}",
            where=where,
            hint="key=value, +key=value, ++key=value or ~key, as Hydra takes them",
        )
    return Override(found["key"], found["value"], found["sign"])


def quoted(value: object) -> str:
    """A Python value as text of Hydra's grammar.

    Raises:
        TypeError: for another type than None, bool, int, float, str, and lists or mappings of them.
    """
    if value is None:
        return "null"
    if isinstance(value, (bool, int, float)):
        return repr(value)
    if isinstance(value, str):
        if _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT:
            return value
        # Only a quote, and backslashes in front of one or of the end, have to be escaped.
        escaped = re.sub(r"(\\*)('|$)", lambda m: m[1] * 2 + ("\\'" if m[2] else ""), value).replace("${", "\\${")
        return f"'{escaped}'"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{quoted(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join(map(quoted, value)) + "]"
    raise TypeError(f"{type(value).__name__} has no form in an override")


def setting(key: str, value: object, sign: str = "") -> Override:
    """The override that gives `key` a Python value."""
    return Override(key, quoted(value), sign)


def overlay(*layers: Iterable[Override]) -> tuple[Override, ...]:
    """All layers' overrides, one a key: the last wins, at the place of the first.

    A key that was appended by an earlier layer is still appended: Hydra must be told that it is new.
    """
    merged: dict[str, Override] = {}
    for override in (o for layer in layers for o in layer):
        before = merged.get(override.key)
        if before is not None and before.sign in ("+", "++") and override.sign == "":
            override = Override(override.key, override.value, "++")
        merged[override.key] = override
    return tuple(merged.values())
