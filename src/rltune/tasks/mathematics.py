r"""Whether two answers are the same mathematics: `1/2`, `0.5` and `\frac{1}{2}`; `x = 5` and `5`; `(E)` and `E`.

What is written alike is equal and plain numbers are compared exactly, at once. Everything else goes to math-verify,
which takes some 10 to 100 milliseconds, in a process of its own (`rltune.tasks.grader`).

Units don't count (`45 \text{ cm}^2` is `45`), nor does the degree sign. The base of a number counts where both state
one, which math-verify doesn't see.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rltune.tasks.answers import MINUS, as_number
from rltune.tasks.grader import grader

LONGEST = 500
"""Longer answers, in characters, are wrong. The longest reference of MATH has 159."""

_TAIL = 2_000  # of a completion without a mark, only the end can hold its answer
_SAME = {
    "\\dfrac": "\\frac",
    "\\tfrac": "\\frac",
    "\\left": "",
    "\\right": "",
    "\\!": "",
    "\\,": "",
    "\\;": "",
    "\\ ": "",
    MINUS: "-",
}

_BASE = re.compile(r"(-?\d[\dA-Z.]*)_\{?(\d+)\}?")
_LAST_LETTER = re.compile(r"(?:(?<=[\d})])|(?<=[\d}+\-*/=a-z] ))[a-zA-Z]$")
_RELATION = re.compile(
    r"[<>≤≥≠]|\\(?:n?leq?|leqslant|n?geq?|geqslant|[lg]t|neq?|not|lor|vee|land|wedge|mp|to"
    r"|[Ll]?(?:ong)?[Rr]ightarrow|Leftrightarrow|implies|iff)(?![a-zA-Z])"
)
_WORD = re.compile(
    r"(?<![a-zA-Z\\])(?:or|not|least|most|less|more|dozen|hundred|thousand|million|billion|trillion)s?(?![a-zA-Z])"
)
_BARE_FRACTION = re.compile(
    r"\\[dt]?frac\s*(\\(?!sqrt)[a-zA-Z]+|[^\s{}\\])\s*(\\(?!sqrt)[a-zA-Z]+|\{[^{}]*\}|[^\s{}\\])"
)


def equal(reference: str, answer: str) -> bool:
    """Whether an answer, as LaTeX or plain text, is the reference. Never raises because of what an answer says."""
    if _written(reference) == _written(answer):
        return bool(answer.strip())
    exact, given = as_number(reference), as_number(answer)
    if exact is not None and given is not None:
        return exact == given
    if not answer.strip() or len(answer) > LONGEST or _says_else(reference, answer):
        return False
    bases = _BASE.fullmatch(_written(reference)), _BASE.fullmatch(_written(answer))
    if bases[0] and bases[1]:
        return bases[0].groups() == bases[1].groups()
    variables = _variables(reference)
    return _verified(_readable(reference, variables), _readable(answer, variables), True)


def found_in(reference: str, text: str) -> bool:
    """Whether the last expression that math-verify finds in a text without a marked answer is the reference."""
    return bool(text.strip()) and _verified(
        _readable(reference, _variables(reference)), _readable(text[-_TAIL:], ""), False
    )


def _says_else(reference: str, answer: str) -> bool:
    r"""Whether an answer that isn't written as the reference says something that math-verify doesn't see.

    It drops relations (`\neq 5`, `6 \implies 5`) and words (`5 \text{ million}`, `5 \text{ or possibly } 6`), takes a
    set for a point, and letters for factors, so that `CBAD` is `ABCD`.
    """
    if any(sign.search(answer) and not sign.search(reference) for sign in (_RELATION, _WORD)):
        return True
    word = _written(reference)
    return re.fullmatch("[A-Z]{3,}", word) is not None or (word[:1] in ("(", "[") and _written(answer)[:2] == r"\{")


@lru_cache(maxsize=65_536)  # the answers of a group repeat, and so do those of successive epochs
def _verified(reference: str, text: str, is_answer: bool) -> bool:
    return grader().equal(reference, text, is_answer=is_answer)


def _written(answer: str) -> str:
    """An answer without what makes no difference: spaces, sizes of signs, text commands, a choice's parentheses."""
    for latex, plain in _SAME.items():
        answer = answer.replace(latex, plain)
    answer = re.sub(r"\\(?:text|mbox|textbf|mathrm)\s*\{([^{}]*)\}", r"\1", answer)
    answer = re.sub(r"\s+", "", answer).rstrip(".")
    return re.sub(r"^\((\w)\)$", r"\1", answer)


def _variables(reference: str) -> str:
    """The letters of a reference that are no command, no unit and no other text."""
    return re.sub(r"\\(?:text|mbox|mathrm)\s*\{[^{}]*\}|\\[a-zA-Z]+|[^a-zA-Z]", "", reference)


def _readable(latex: str, variables: str) -> str:
    r"""LaTeX in a form that math-verify reads to its end.

    As they stand, it takes `\frac \pi4` for something else, stumbles over a full stop, and drops the last letter of
    `4t` and `a + b + c` as a unit (tons, cents).
    """
    latex = latex.rstrip(". ").replace(MINUS, "-")
    braced = _BARE_FRACTION.sub(lambda found: f"\\frac{{{found[1]}}}{{{found[2].strip('{}')}}}", latex)
    last = _LAST_LETTER.search(braced)
    return braced if last is None or last[0] not in variables else f"{braced[:-1]}{{{last[0]}}}"
