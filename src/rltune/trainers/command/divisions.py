"""What the divisions in a program's arguments need: `{prompts_per_step / updates_per_step}` is a whole number."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from rltune.space.constraints import Divides, Quantity
from rltune.trainers.command.template import Template
from rltune.types import Scalar


def division_constraints(templates: Iterable[Template], hyperparameters: Mapping[str, Scalar]) -> tuple[Divides, ...]:
    """One for each division of whole-numbered `hyperparameters`, or of products of them. What stands in an
    `a if b else c` may not be computed, and says nothing."""
    whole = {name for name, value in hyperparameters.items() if isinstance(value, int) and not isinstance(value, bool)}
    found = (one for template in templates for expression in template.expressions for one in _divisions(expression))
    return tuple(dict.fromkeys(one for one in found if one.names and whole >= set(one.names)))


def _divisions(node: ast.AST) -> Iterator[Divides]:
    if isinstance(node, ast.IfExp):
        return
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        over, under = _product(node.left), _product(node.right)
        if over is not None and under is not None:
            yield Divides(under, over, f"the program is given {{{ast.unparse(node)}}}")
    for child in ast.iter_child_nodes(node):
        yield from _divisions(child)


def _product(node: ast.expr) -> Quantity | None:
    """A product of names and whole numbers from 1; None if it is anything else, or has a name twice."""
    if isinstance(node, ast.Name):
        return Quantity(1, (node.id,))
    if isinstance(node, ast.Constant):
        fits = isinstance(node.value, int) and not isinstance(node.value, bool) and node.value > 0
        return Quantity(node.value) if fits else None  # pyright: ignore[reportArgumentType]
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult):
        return None
    left, right = _product(node.left), _product(node.right)
    if left is None or right is None or set(left.names) & set(right.names):
        return None
    return Quantity(left.factor * right.factor, (*left.names, *right.names))
