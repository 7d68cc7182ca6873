"""The commands of a shell script, read without running it: launch scripts download models and start clusters.

Understood are assignments, arrays, `export`, quotes, continued lines and what `rltune.trainers.verl.expansion` knows.
What is assigned under a condition, or can't be told otherwise, is an error only if a word that is asked for needs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rltune.trainers.verl.expansion import LONGEST, NAME, Untold, Variables, expand, expand_text

_ASSIGNMENT = re.compile(rf"({NAME})(\+?)=(.*)", re.DOTALL)
_DECLARING = ("export", "declare", "readonly", "local")
_BEGINNING = ("if", "case", "for", "while", "until", "select")
_ENDING = ("fi", "esac", "done")
_BETWEEN = ("then", "else", "elif", "do", "in")
_REDIRECTION = re.compile(r"(?:\d*|&)(?:>>?|<)(&?[^=]*)")
_MOST_LINES = 1_000
"""Of a command that goes over several: more are a quote that nobody has closed."""
_COMMENT = re.compile(
    r"""((?:[^'"#\\\s]|\\.|'[^']*'|"(?:[^"\\]|\\.)*"|\s++(?!\#)|(?<=\S)\#)*+)(?:\s+|^)\#""", re.DOTALL
)
"""What stands before a comment. Possessive: blanks can be taken in one way only, else 30 of them take hours."""


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command: its line (from 1), its words, and the variables that it is started with."""

    line: int
    words: tuple[str, ...]
    environment: Mapping[str, str]


class _Raw(NamedTuple):
    """Words with their quotes, and whether they run only if the command before says so (`&&`, `||`)."""

    words: list[str]
    conditional: bool


def commands(
    text: str, environment: Mapping[str, str], wanted: str, ignored: Callable[[str], bool] = lambda _: False
) -> list[Command]:
    """The commands that have the word `wanted` in them. Redirections are left out.

    Args:
        environment: what the script may refer to; used too for variables whose assignment can't be told.
        ignored: raw words that are left out, whatever they hold.

    Raises:
        Untold: if a word of such a command can't be told; says which line and why.
    """
    variables = Variables(environment, {**environment})
    found, depth = [], 0
    for line, source in _lines(text):
        for raw in _split(source):
            words = list(raw.words)
            while words and words[0] in (*_BEGINNING, *_ENDING, *_BETWEEN):
                depth += (words[0] in _BEGINNING) - (words[0] in _ENDING)
                words.pop(0)
            try:
                prefix, rest = _note(variables, words, line, depth > 0 or raw.conditional)
                if any(wanted in word for word in rest):
                    told = [w for raw_word in _kept(rest, ignored) for w in expand(variables, raw_word)]
                    found.append(Command(line, tuple(told), {**variables.exported, **prefix}))
            except Untold as error:
                raise Untold(f"line {line}: {error}") from None
            except RecursionError:
                raise Untold(f"line {line}: it is nested too deeply") from None
    return found


def _note(variables: Variables, words: Sequence[str], line: int, conditional: bool) -> tuple[dict[str, str], list[str]]:
    """Takes note of what a command assigns and exports. Gives what it assigns for itself, and its other words."""
    exporting = bool(words) and words[0] in _DECLARING
    rest, prefix = list(words[1:] if exporting else words), dict[str, str]()
    while rest and (match := _ASSIGNMENT.fullmatch(rest[0])):
        _assign(variables, match, prefix, line, conditional)
        rest.pop(0)
    if exporting:
        names = [*prefix, *(word for word in rest if re.fullmatch(NAME, word))]
        known = {name: variables.values[name] for name in names if name in variables.values}
        variables.exported.update({name: value for name, value in known.items() if isinstance(value, str)})
        return {}, []
    return prefix, rest


def _assign(variables: Variables, match: re.Match[str], prefix: dict[str, str], line: int, conditional: bool) -> None:
    name, more, raw = match[1], match[2], match[3]
    before = variables.values.get(name)
    try:
        if raw.startswith("("):
            items = [
                word
                for part in _split(raw[1:-1].replace("\n", " "))
                for w in part.words
                for word in expand(variables, w)
            ]
            value: str | list[str] = [*(before if isinstance(before, list) else []), *items] if more else items
        else:
            value = (str(before or "") if more else "") + expand_text(variables, raw)
        if len(value) > LONGEST:
            raise Untold(f"${name} grows beyond all measure in line {line}")
        if conditional and value != before:
            raise Untold(f"${name} depends on a condition in line {line}")
    except Untold as error:
        if name not in variables.given:  # else the user says what it becomes
            variables.untold[name] = str(error)
        return
    variables.untold.pop(name, None)
    variables.values[name] = value
    if isinstance(value, str):
        prefix[name] = value


def _kept(words: Sequence[str], ignored: Callable[[str], bool]) -> Iterator[str]:
    """The words without redirections and what is to be ignored."""
    skip = False
    for word in words:
        if skip:
            skip = False
        elif found := _REDIRECTION.fullmatch(word):
            skip = not found[1]  # `> file`: the next word is the file
        elif not ignored(word):
            yield word


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first: continued by a backslash, or inside of quotes or brackets."""
    pending, start = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        start = start or number
        found = _COMMENT.match(line) if not _is_open(pending, quotes_only=True) else None
        pending += found[1] if found else line
        if len(pending) > LONGEST or number - start > _MOST_LINES:
            raise Untold(f"line {start}: a quote or bracket isn't closed")
        if pending.endswith("\\"):
            pending = pending[:-1] + " "
        elif _is_open(pending):
            pending += "\n"
        else:
            yield start, pending
            pending, start = "", 0
    if pending.strip():
        yield start, pending


def _is_open(text: str, *, quotes_only: bool = False) -> bool:
    quote, depth, escaped = "", 0, False
    for character in text:
        if escaped:
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
    return bool(quote) or (depth > 0 and not quotes_only)


def _split(source: str) -> Iterator[_Raw]:
    """The raw words of each command of a logical line."""
    words: list[str] = []
    word, quote, depth, index, conditional = "", "", 0, 0, False
    while index < len(source):
        character = source[index]
        if character == "\\" and quote != "'" and index + 1 < len(source):
            word += source[index : index + 2]
            index += 1
        elif quote:
            word += character
            quote = "" if character == quote else quote
        elif character in "'\"":
            word, quote = word + character, character
        elif character in "({" and (depth or word):
            word, depth = word + character, depth + 1
        elif character in ")}" and depth:
            word, depth = word + character, depth - 1
        elif depth or not (character.isspace() or character in ";&|()"):
            word += character
        elif character == "&" and word.endswith((">", "<")):
            word += character  # 2>&1
        else:
            if word:
                words.append(word)
                word = ""
            if character in ";&|()\n" and words:
                yield _Raw(words, conditional)
                words, conditional = [], source[index : index + 2] in ("&&", "||")
        index += 1
    if word:
        words.append(word)
    if words:
        yield _Raw(words, conditional)
