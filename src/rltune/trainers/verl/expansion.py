"""What a word of a shell script becomes, as far as that can be told without running anything."""

from __future__ import annotations

import ast
import operator
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

NAME = r"[A-Za-z_]\w*"
_PLAIN = re.compile(rf"{NAME}|[@*#?0-9]")
_INSIDE = re.compile(rf"({NAME}|[0-9@*])(.*)", re.DOTALL)
_SUMS: Mapping[type, Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.floordiv,
    ast.Mod: operator.mod,
}
LONGEST = 100_000
_MOST_WORDS = 10_000
_LARGEST = 1 << 63
_CLOSING = {"{": "}", "(": ")"}


class Untold(Exception):
    """A word depends on something that only running the script could tell."""


@dataclass(slots=True)
class Variables:
    """Those of a script at one of its lines.

    Attributes:
        given: from outside. values: text, or an array. exported: what commands are started with.
        untold: name -> why its value can't be told.
    """

    given: Mapping[str, str]
    values: dict[str, str | list[str]]
    exported: dict[str, str] = field(default_factory=dict)
    untold: dict[str, str] = field(default_factory=dict)


def expand(variables: Variables, raw: str) -> list[str]:
    """A raw word, quotes and all, becomes one word, none (unset and unquoted), or several (arrays, spaces).

    Raises:
        Untold: if it can't be told.
    """
    scanner = _Scanner(variables, raw, split=True)
    return [word for word in scanner.words() if word]


def expand_text(variables: Variables, raw: str) -> str:
    """As `expand`, where nothing is split: in an assignment or a default."""
    return " ".join(_Scanner(variables, raw, split=False).words())


def matching(text: str, start: int) -> int:
    """Index just behind the bracket that closes the one at `start`; quotes are stepped over.

    Raises:
        Untold: if there is none.
    """
    opening, closing, depth, quote, index = text[start], _CLOSING[text[start]], 0, "", start
    while index < len(text):
        character = text[index]
        if character == "\\" and quote != "'":
            index += 1
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in (opening, closing):
            depth += 1 if character == opening else -1
            if depth == 0:
                return index + 1
        index += 1
    raise Untold(f"{text[start - 1 : start + 20]!r} isn't closed")


class _Scanner:
    def __init__(self, variables: Variables, raw: str, *, split: bool) -> None:
        self._variables, self._raw, self._split = variables, raw, split
        self._words, self._index, self._quoted = [""], 0, False

    def words(self) -> list[str]:
        raw = self._raw
        while self._index < len(raw):
            character = raw[self._index]
            if character == "'" and not self._quoted:
                end = raw.find("'", self._index + 1)
                self._add(raw[self._index + 1 : end])
                self._index = end + 1 if end > 0 else len(raw)
            elif character == '"':
                self._quoted = not self._quoted
                self._index += 1
            elif character == "\\":
                following = raw[self._index + 1 : self._index + 2]
                self._add(following if not self._quoted or following in '"\\$`' else character + following)
                self._index += 2
            elif character == "`":
                end = raw.find("`", self._index + 1)
                self._take(_output(self._variables, raw[self._index + 1 : end]))
                self._index = end + 1
            elif character == "$":
                self._reference()
            else:
                self._add(character)
                self._index += 1
        return self._words

    def _reference(self) -> None:
        raw, start = self._raw, self._index + 1
        if raw.startswith("((", start):
            self._index = matching(raw, start)
            self._take(str(_sum(self._variables, raw[start + 2 : self._index - 2])))
        elif raw.startswith("(", start):
            self._index = matching(raw, start)
            self._take(_output(self._variables, raw[start + 1 : self._index - 1]))
        elif raw.startswith("{", start):
            self._index = matching(raw, start)
            self._take(_braced(self._variables, raw[start + 1 : self._index - 1]))
        elif found := _PLAIN.match(raw, start):
            self._index = found.end()
            self._take(_braced(self._variables, found[0]))
        else:
            self._add("$")
            self._index = start

    def _take(self, value: str | list[str]) -> None:
        if isinstance(value, str):
            value = [value] if self._quoted or not self._split else value.split()
        if value:
            self._words[-1] += value[0]
            self._words += value[1:]
        if len(self._words) > _MOST_WORDS or len(self._words[-1]) > LONGEST:
            raise Untold("a word that grows beyond all measure")  # A=$A$A, again and again

    def _add(self, text: str) -> None:
        self._words[-1] += text


def _braced(variables: Variables, inside: str) -> str | list[str]:
    """What `${inside}` is."""
    found = _INSIDE.fullmatch(inside)
    if found is None:
        raise Untold(f"${{{inside}}} is a form that isn't understood")
    name, rest = found[1], found[2]
    if name in "@*" or name.isdigit():  # the script's own arguments: there are none
        value: str | list[str] | None = None
        rest = rest if rest[:1] in (":", "-", "+") and not re.match(r":\d", rest) else ":-"
    else:
        value = variables.values.get(name)
        if name in variables.untold:
            raise Untold(variables.untold[name])
    if rest in ("[@]", "[*]"):
        return value if isinstance(value, list) else [value] if value else []
    text = " ".join(value) if isinstance(value, list) else value
    return _changed(variables, name, text, rest)


def _changed(variables: Variables, name: str, text: str | None, rest: str) -> str:
    """The value of a variable, with what follows its name in the braces done to it."""
    if found := re.fullmatch(r"(:?)[-=](.*)", rest, re.DOTALL):
        return expand_text(variables, found[2]) if text is None or (found[1] and not text) else text
    if found := re.fullmatch(r":?\+(.*)", rest, re.DOTALL):
        return expand_text(variables, found[1]) if text else ""
    if text is None:
        raise Untold(f"${name} is not set")
    if rest in (",,", "^^"):
        return text.lower() if rest == ",," else text.upper()
    if rest:
        raise Untold(f"${{{name}{rest}}} is a form that isn't understood")
    return text


def _output(variables: Variables, command: str) -> str:
    """What a command prints, of the few that scripts make names and paths with."""
    words = [word for raw in command.split() for word in expand(variables, raw)]
    folder = variables.values.get("PWD")
    if words == ["pwd"] and isinstance(folder, str):
        return folder
    if len(words) == 2 and words[0] in ("basename", "dirname"):
        return os.path.basename(words[1]) if words[0] == "basename" else os.path.dirname(words[1])
    raise Untold(f"$({command}) is known only when the script runs")


def _sum(variables: Variables, text: str) -> int:
    """The whole number that `$((text))` is."""
    told = expand_text(variables, re.sub(rf"(?<![\w$}}{{]){NAME}", r"$\g<0>", text))
    try:
        return _compute(ast.parse(told.strip(), mode="eval").body)
    except (SyntaxError, ValueError, ArithmeticError, KeyError, RecursionError, MemoryError):
        raise Untold(f"$(({text})) isn't understood") from None


def _compute(node: ast.AST) -> int:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_compute(node.operand)
    if not isinstance(node, ast.BinOp):
        raise KeyError(type(node))
    result = _SUMS[type(node.op)](_compute(node.left), _compute(node.right))
    if abs(result) >= _LARGEST:
        raise OverflowError("a shell's numbers have 64 bits")
    return result
