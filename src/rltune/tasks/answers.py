"""Finding the final answer in a completion: after `####`, in the last box, a number, a choice's letter.

`marked`: only what the model marks as its final answer counts, as the prompts ask for it.
`any`: without a mark, the last number or letter counts too. That pays for answers that a model only passed by, and for
those of a completion that was cut off; it gives a signal to models that don't follow the format yet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

Final = Literal["marked", "any"]

MINUS = "\N{MINUS SIGN}"
"""What models write for a hyphen-minus now and then."""

MARK = "####"
"""GSM8K's mark of the final answer, and what verl's prompts ask for."""

_NUMBER = re.compile(r"(?<![\w.])(?:(?<![)\]}])-)?\$?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|(?<![\w.])-?\$?\.\d+")
_PLAIN = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|[-+]?\.\d+")
_BOX = re.compile(r"\\(?:boxed|fbox)(?:\s*\{|\s+([^\s{}$]+))")
_TEXT = re.compile(r"\\(?:text(?:bf|it|rm)?|math(?:rm|bf|it)|mbox)\b|\\[()\[\]]")
_LATEX_IN_NUMBERS = {"\\$": "$", "\\%": "%", "\\,": "", "\\!": "", "{,}": ","}
_ASIDE = re.compile(r"[.!]\s.*|\((?!or\b).*", re.DOTALL)  # a remark after the answer, a sentence or in parentheses
_SEVERAL = re.compile(r",\s|;|\b(?:and|or)\b")
_NO_VALUE = re.compile(r"[<>≤≥≠]|\bnot\b", re.IGNORECASE)
# What makes another number of the one before it, but not `$5/hour`.
_GOES_ON = re.compile(
    r"\s*(?:[/^*×·÷+]\s*[\d(]|[xX]\s*\d|[kK]\b|(?:dozen|hundred|thousand|million|billion|trillion)s?\b)"
    r"|[eE][-+]?\d|\.\d"
)


def last_boxed(text: str) -> str | None:
    r"""What stands in the last `\boxed{...}` (or `\fbox{...}`, `\boxed 5`); None without one, or if it isn't closed."""
    found = _last(_BOX, text)
    if found is None:
        return None
    return found[1] or _balanced(text[found.end() :])


def _balanced(text: str) -> str | None:
    """The text up to the brace that closes the one before it."""
    depth, escaped = 1, False
    for position, character in enumerate(text):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True  # \{ and \} are signs, not groups
        elif character in "{}":
            depth += 1 if character == "{" else -1
            if depth == 0:
                return text[:position]
    return None


def after_mark(text: str) -> str | None:
    """The rest of the line after the last `####`; None without one."""
    _, mark, rest = text.rpartition(MARK)
    return rest.strip().split("\n")[0].strip() if mark else None


def as_number(text: str) -> Fraction | None:
    r"""The exact value of plain decimal digits (`-1,234.50`, `\$18`, `10{,}080`); None for anything else."""
    plain = re.sub(r"\\[!,; ]|\\?\$|[{}\s]", "", text.replace(MINUS, "-"))
    if not _PLAIN.fullmatch(plain) or len(plain) > 400:
        return None
    return Fraction(plain.replace(",", ""))


def final_expression(completion: str) -> str | None:
    """What a completion marks as its answer, as LaTeX: the last box, else what follows `####`; None without a mark."""
    found = last_boxed(completion)
    if found is None:
        found = after_mark(completion)
    return None if found is None else found.strip().strip("$").strip()


def final_number(completion: str, final: Final) -> Fraction | None:
    """The number that a completion ends on: after `####`, else in the last box, else (`any`) the last one."""
    marked = after_mark(completion)
    if marked is None or "\\boxed" in marked:
        marked = last_boxed(completion)
    if marked is not None:
        return _only_number(marked)
    numbers = _numbers(completion.replace(MINUS, "-")) if final == "any" else []
    return numbers[-1] if numbers else None


def _only_number(text: str) -> Fraction | None:
    """The number in a marked answer (`18 dollars`, `x = 18`, `2 * 9 = 18`); None if it states none, or several.

    A remark behind it doesn't count: `18. That is 9 + 9`, `18 (of 20)`.
    """
    for latex, plain in _LATEX_IN_NUMBERS.items():
        text = text.replace(latex, plain)
    text = _TEXT.sub(" ", text.replace(MINUS, "-")).strip(" {}()*")
    text = re.sub(r"^-\s+(?=[$\d.])", "-", _ASIDE.sub("", text))
    *sides, text = text.split("=")
    if any(_SEVERAL.search(side) for side in sides[1:]):  # x = 5, y = 6
        return None
    text = text.strip(" {}()*")
    found = list(_NUMBER.finditer(text))
    if "\\" in text or _NO_VALUE.search(text) or any(_GOES_ON.match(text[one.end() :]) for one in found):
        return None
    values = {as_number(one[0]) for one in found}
    return values.pop() if len(values) == 1 else None


def _numbers(text: str) -> list[Fraction]:
    values = (as_number(found[0]) for found in _NUMBER.finditer(text))
    return [value for value in values if value is not None]


def final_letter(completion: str, letters: Sequence[str], final: Final) -> str | None:
    r"""The choice that a completion ends on: `\boxed{B}`, `#### B`, `The answer is (B)`, the letter alone.

    The last of these marks counts, whichever it is. With `any`, the last letter that stands alone counts without one.
    None if there is none, or if the mark names several choices.
    """
    letter = f"[{''.join(letters)}]"
    # What may stand between a mark and its letter, and what must follow so that `A person` isn't taken for a choice.
    # Every repetition has a bound: a model may write ten thousand blanks.
    opening = r"[\s:(\[*\"'`{$>]{0,9}(?:\\[(\[]\s?)?"
    before = rf"{opening}(?:(?:[Cc]hoice|[Oo]ption)\s)?(?:\\(?:text|math)\w{{0,9}}\{{)?[\s(\[*\"'`$]{{0,9}}"
    after = r"(?=\s{0,9}(?:$|[).:,;\]*}\"'`$/&|<]|\\[)\]&]|\\(?:text|lor|vee)\b|\n|-\s|(?:because|since|or|and)\b))"
    mark = r"(?:\\(?:boxed|fbox)\s?\{|####|\b[Aa]nswer(?:\sis)?\b|\b(?:[Cc]hoice|[Oo]ption)\sis\b)"
    found = _last(re.compile(f"{mark}{before}({letter}){after}"), completion)
    found = found or re.match(rf"{before}({letter}){after}", completion)
    if found is not None:
        return None if _hedged(completion[found.end() :], letter) else found[1]
    alone = re.findall(rf"(?<![\w']){letter}(?![\w'])", completion) if final == "any" else []
    return alone[-1] if alone else None


def _hedged(rest: str, letter: str) -> bool:
    """Whether what follows a letter names another one in the same breath: `A or B`, `A; B`, `A) or maybe B)`."""
    closing = r"[\s)\]}*\"'$.]{0,9}"
    joint = r"(?:[,;/|]|\\?&|\\(?:text\s?\{|lor\b|vee\b)|\b(?:or|and|maybe|perhaps|possibly)\b)"
    opening = r"[\s(\[*\"'$}]{0,9}"
    return re.match(rf"{closing}(?:{joint}{opening}){{1,4}}{letter}(?!\w)", rest) is not None


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = None
    for match in pattern.finditer(text):
        found = match
    return found
