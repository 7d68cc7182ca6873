"""Text with values in braces: `--lr={learning_rate}`, `--batch={prompts_per_step * rollouts}`, `{{` for a brace.

What stands in braces is a name or an expression of names, numbers and texts: arithmetic, comparisons, `a if b else c`,
min, max, int, round. It is evaluated here, node by node; nothing else of Python can be reached.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from rltune.errors import TrainerError, did_you_mean
from rltune.types import Scalar

_PARTS = re.compile(r"(\{\{|\}\})|\{([^{}]*)\}")
_MOST = 10**18
"""Numbers beyond this are a slip, and would not fit what they are given to."""

_BINARY: Mapping[type[ast.operator], Callable] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_UNARY: Mapping[type[ast.unaryop], Callable] = {ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_}
_COMPARED: Mapping[type[ast.cmpop], Callable] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_MOST_DIGITS = 30
_LONGEST = 2_000
"""Characters of a text with expressions, and digits that one may be rounded to: beyond them Python itself gives up."""


def _round(value: float, digits: int = 0) -> float:
    if abs(digits) > _MOST_DIGITS:
        raise ValueError(f"a number can't be rounded to {digits} digits")
    return round(value, digits) if digits else round(value)


_FUNCTIONS: Mapping[str, Callable] = {"min": min, "max": max, "int": int, "round": _round}


@dataclass(frozen=True)
class Template:
    """A text with expressions.

    Attributes:
        text: as it was written. where: its place in the settings, for errors.

    Raises:
        TrainerError: if an expression can't be parsed.
    """

    text: str
    where: str = "command"

    def __post_init__(self) -> None:
        if len(self.text) > _LONGEST and "{" in self.text:
            raise TrainerError(
                f"a text with braces has up to {_LONGEST:,} characters, this one has {len(self.text):,}",
                where=f"trainer.settings.{self.where}",
                hint="put it into a file, and name the file",
            )
        bare = _PARTS.sub("", self.text)
        if odd := next((c for c in bare if c in "{}"), None):
            raise self._error(f"a {odd!r} without its counterpart", hint=f"write {odd * 2} for the character itself")
        for expression in self.expressions:
            _require_known_nodes(expression, self)

    @property
    def names(self) -> frozenset[str]:
        """The names that it uses."""
        return frozenset(name for expression in self.expressions for name in _names(expression))

    def fill(self, values: Mapping[str, Scalar]) -> str:
        """The text with the values in place. Numbers are written so that they read back as the same number.

        Raises:
            TrainerError: if a name has no value, or an expression can't be computed.
        """
        expressions = iter(self.expressions)

        def part(match: re.Match[str]) -> str:
            if match[1]:
                return match[1][0]
            return _written(self._computed(next(expressions), values))

        return _PARTS.sub(part, self.text)

    @cached_property
    def expressions(self) -> tuple[ast.expr, ...]:
        return tuple(self._parsed(match[2]) for match in _PARTS.finditer(self.text) if not match[1])

    def _parsed(self, source: str) -> ast.expr:
        try:
            return ast.parse(source.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise self._error(
                f"{{{source}}} is no name and no expression",
                hint="names, numbers, + - * / // %, comparisons, `a if b else c`; {{ and }} for braces",
            ) from error

    def _computed(self, expression: ast.expr, values: Mapping[str, Scalar]) -> Scalar:
        try:
            return _evaluate(expression, values)
        except KeyError as error:
            name = str(error.args[0])
            raise self._error(
                f"{{{name}}} has no value", hint=did_you_mean(name, values) or f"known: {', '.join(sorted(values))}"
            ) from error
        except (ArithmeticError, TypeError, ValueError) as error:
            raise self._error(f"{{{ast.unparse(expression)}}} can't be computed: {error}") from error

    def _error(self, problem: str, hint: str | None = None) -> TrainerError:
        return TrainerError(f"{problem}, in {self.text!r}", where=f"trainer.settings.{self.where}", hint=hint)


def _require_known_nodes(expression: ast.expr, template: Template) -> None:
    allowed = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.BoolOp, ast.Name, ast.Constant, ast.Call)
    other = (ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.expr_context)
    for node in ast.walk(expression):
        if isinstance(node, ast.Call):
            known = isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS and not node.keywords
        else:
            known = isinstance(node, (*allowed, *other))
        if isinstance(node, ast.Constant):
            known = isinstance(node.value, (bool, int, float, str))
        if not known:
            raise TrainerError(
                f"{{{ast.unparse(expression)}}} holds what a template can't, in {template.text!r}",
                where=f"trainer.settings.{template.where}",
                hint=f"names, numbers, + - * / // %, comparisons, `a if b else c`, {', '.join(_FUNCTIONS)}",
            )


def _names(expression: ast.expr) -> set[str]:
    called = {node.func for node in ast.walk(expression) if isinstance(node, ast.Call)}
    return {node.id for node in ast.walk(expression) if isinstance(node, ast.Name) and node not in called}


def _evaluate(node: ast.expr, values: Mapping[str, Scalar]) -> Scalar:
    match node:
        case ast.Constant():
            return node.value  # pyright: ignore[reportReturnType] - checked by _require_known_nodes
        case ast.Name():
            return values[node.id]
        case ast.IfExp():
            return _evaluate(node.body if _evaluate(node.test, values) else node.orelse, values)
        case ast.UnaryOp():
            return _UNARY[type(node.op)](_evaluate(node.operand, values))
        case ast.BinOp():
            return _arithmetic(node, _evaluate(node.left, values), _evaluate(node.right, values))
        case ast.BoolOp():
            results = (_evaluate(value, values) for value in node.values)
            return all(results) if isinstance(node.op, ast.And) else any(results)
        case ast.Compare():
            return _compare(node, values)
        case ast.Call():
            arguments = [_evaluate(argument, values) for argument in node.args]
            return _FUNCTIONS[node.func.id](*arguments)  # pyright: ignore[reportAttributeAccessIssue]
    raise TypeError(f"unexpected {type(node).__name__}")


def _arithmetic(node: ast.BinOp, left: Scalar, right: Scalar) -> Scalar:
    if isinstance(left, str) or isinstance(right, str):
        raise TypeError(f"{left!r} and {right!r} are not both numbers")
    if isinstance(node.op, ast.Div):
        # Whole numbers that don't divide have no meaning as a batch size, and should not become a fraction.
        if isinstance(left, int) and isinstance(right, int) and left % right:
            raise ValueError(f"{left} is not divisible by {right}")
        result = left // right if isinstance(left, int) and isinstance(right, int) else left / right
    elif type(node.op) in _BINARY:
        result = _BINARY[type(node.op)](left, right)
    else:
        raise TypeError(f"{type(node.op).__name__} isn't known")
    if abs(result) > _MOST:
        raise OverflowError(f"{result} is too large")
    return result


def _compare(node: ast.Compare, values: Mapping[str, Scalar]) -> bool:
    left = _evaluate(node.left, values)
    for operator_, other in zip(node.ops, node.comparators, strict=True):
        right = _evaluate(other, values)
        if type(operator_) not in _COMPARED:
            raise TypeError(f"{type(operator_).__name__} isn't known")
        if not _COMPARED[type(operator_)](left, right):
            return False
        left = right
    return True


def _written(value: Scalar) -> str:
    return repr(value) if isinstance(value, float) else str(value)
