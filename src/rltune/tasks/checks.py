"""How a completion is compared with the reference answer: `exact` or `math`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from rltune.errors import TaskError

if TYPE_CHECKING:
    from sympy import Basic, MatrixBase

RewardName = Literal["exact", "math"]
Check = Callable[[str, str], bool]  # (reference answer, completion) -> right?

_TIMEOUT_SECONDS = 5


def check_named(name: str) -> Check:
    """The comparison called `name`. Raises TaskError for an unknown one, or if `math` lacks its library."""
    if name not in _CHECKS:
        raise TaskError(f"unknown reward {name!r}", where="task reward", hint=f"use one of {', '.join(_CHECKS)}")
    if name == "math":
        _library()
    return _CHECKS[name]


def exact(answer: str, completion: str) -> bool:
    """Equal but for white space around."""
    return completion.strip() == answer.strip()


def math(answer: str, completion: str) -> bool:
    """Whether the completion's final answer equals the reference as mathematics (`1/2` and `0.5`, any LaTeX).

    The last boxed or otherwise final expression of the completion counts, as math-verify finds it. A reference that
    is no mathematics (a word, a choice's letter) is compared with the completion as text.
    """
    verify = _library()
    gold = _parse_reference(answer)
    if not gold:
        return exact(answer, completion)
    try:
        found = verify.parse(completion, parsing_timeout=_timeout())
        return bool(verify.verify(list(gold), found, timeout_seconds=_timeout()))
    except Exception:  # a parser may fail in any way on what a model wrote; the contract says such text is wrong
        return False


@lru_cache(maxsize=65_536)
def _parse_reference(answer: str) -> tuple[Basic | MatrixBase | str, ...]:
    # Boxed, a bare LaTeX answer such as \frac{1}{2} is recognized as one.
    return tuple(_library().parse(f"\\boxed{{{answer}}}", parsing_timeout=_timeout()))


def _timeout() -> int:
    # math-verify's limit is a signal's alarm, which only the main thread can set. 0 is no limit.
    return _TIMEOUT_SECONDS if threading.current_thread() is threading.main_thread() else 0


def _library():
    try:
        # Imported here since only this reward needs it, and it brings SymPy.
        import math_verify  # noqa: PLC0415
    except ImportError as error:
        raise TaskError(
            "the reward 'math' needs math-verify, which is not installed",
            where="task reward",
            hint="pip install 'math-verify[antlr4_13_2]', or use the reward 'exact'",
        ) from error
    logging.getLogger("math_verify").setLevel(logging.ERROR)  # it warns at each completion without a timeout
    return math_verify


_CHECKS: Mapping[str, Check] = {"exact": exact, "math": math}
