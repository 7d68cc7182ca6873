"""From YAML text to plain values, with the line of each key.

The safe subset that a study file needs, read by the rules of YAML 1.2: PyYAML follows YAML 1.1, where `1e-6` is text,
`off` is false, `1:30` is 90 and `010` is 8. No tags, no object construction. Duplicate keys are errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import yaml

from rltune.errors import ConfigError
from rltune.visible import is_plain, visible

MAX_NODES = 20_000
"""A study file has some dozens of values; more means an alias bomb."""
MAX_DEPTH = 40


class _Loader(yaml.SafeLoader):
    """PyYAML's parser with YAML 1.2's idea of numbers and booleans."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


_FIRST = list("-+0123456789.")
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), _FIRST)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    ),
    _FIRST,
)


def _float(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


def _int(text: str) -> int | float:
    # Python refuses to parse integers of thousands of digits; as a float they are infinite and fail the checks.
    return int(text) if len(text) < 400 else float(text)


_MAPPING, _SEQUENCE = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"

_SCALARS: Mapping[str, Callable[[str], object]] = {
    "tag:yaml.org,2002:null": lambda text: None,
    "tag:yaml.org,2002:bool": lambda text: text.lower() == "true",
    "tag:yaml.org,2002:int": _int,
    "tag:yaml.org,2002:float": _float,
    "tag:yaml.org,2002:str": str,
}


def join(path: str, key: object) -> str:
    """The dotted path of `key` below `path`: `models.proxies.0`."""
    return f"{path}.{key}" if path else str(key)


@dataclass
class _Walk:
    """From nodes to values; collects the line (from 1) of each dotted path."""

    source: str
    lines: dict[str, int] = field(default_factory=dict)
    nodes: int = 0

    def value(self, node: yaml.Node, path: str, depth: int = 0) -> object:
        self.nodes += 1
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise self._error("the file has too many values, or an alias that contains itself", line, path)
        if isinstance(node, yaml.MappingNode) and node.tag == _MAPPING:
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode) and node.tag == _SEQUENCE:
            return [self.value(item, join(path, i), depth + 1) for i, item in enumerate(node.value)]
        convert = _SCALARS.get(node.tag)
        if convert is None or not isinstance(node, yaml.ScalarNode):
            raise self._error(f"the tag {node.tag} can't be used in a study file", line, path)
        self._require_plain(node.value, line, path)
        try:
            return convert(node.value)
        except ValueError:
            raise self._error(f"{node.value!r} is not a valid {node.tag.rpartition(':')[2]}", line, path) from None

    def _mapping(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, object]:
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error("a key must be plain text", line, path)
            key = str(key_node.value)
            self._require_plain(key, line, path)
            inner = join(path, key)
            if key in result:
                raise self._error(
                    f"the key {key!r} is given twice, first in line {self.lines[inner]}",
                    line,
                    inner,
                    "keep one of them",
                )
            self.lines[inner] = line
            result[key] = self.value(value_node, inner, depth + 1)
        return result

    def _require_plain(self, text: str, line: int, path: str) -> None:
        if not is_plain(text):
            shown = visible(text)
            raise self._error(
                f"a text with characters that can't be seen: {shown if len(shown) <= 100 else shown[:97] + '...'}",
                line,
                path,
                "escape sequences, marks that turn the reading order and the like have no place in a study file",
            )

    def _error(self, message: str, line: int, path: str, hint: str | None = None) -> ConfigError:
        return ConfigError(message, where=f"{self.source}:{line} {path}".rstrip(), hint=hint)


def read_yaml(text: str, source: str) -> tuple[object, dict[str, int]]:
    """The value of a YAML text and the line of each key by its dotted path; `source` names the text in errors.

    Raises:
        ConfigError: for what isn't YAML (with line and column), duplicate keys, tags, alias bombs.
    """
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{source}:{mark.line + 1}:{mark.column + 1}" if mark else source
        problem = error.problem or error.context or "the text can't be read"
        hint = "indent with spaces, never with tabs" if "'\\t'" in problem else None
        raise ConfigError(f"not valid YAML: {problem}", where=place, hint=hint) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(
            f"the character {chr(error.character)!r} is not allowed in YAML"
            if isinstance(error.character, int)
            else "not valid YAML: a character can't be read",
            where=f"{source}:{line}",
            hint="is this a text file?",
        ) from None
    except RecursionError:
        raise ConfigError("the file is nested too deeply", where=source) from None
    except (ValueError, OverflowError) as error:  # an escape beyond Unicode, as "\\U00110000"
        raise ConfigError(f"not valid YAML: {error}", where=source, hint="is an escape in it mistyped?") from None
    if node is None:
        return None, {}
    walk = _Walk(source)
    return walk.value(node, ""), walk.lines
