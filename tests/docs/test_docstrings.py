"""Every public symbol says what it is; what a program may build on also says its shapes, units and errors.

Public are modules, classes and functions without a leading underscore. The *surface* is what the pages below docs/api
show: there methods count too, and

- whoever raises an error of rltune, a ValueError, KeyError or TypeError by itself names it behind the word Raises;
- an array has its shape behind its name, such as `x (n, d)`, in the docstring of its function, class or module;
- a duration or a size whose name doesn't say its unit has it in the docstring of its function or class.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rltune import _LAZY, errors

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "rltune"
Definition = ast.FunctionDef | ast.ClassDef

ERRORS = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
ERRORS |= {"ValueError", "KeyError", "TypeError"}
SHAPE = r"\((?:[^\s(),][^(),]*)?,[^()]*\)|\([^()\s]+\)-shaped"
DURATION = re.compile(r"timeout|ago|wait_for|delay|patience_time|age|duration|(?:.*_)?time|.*_at_most")
SIZE = re.compile(r"size|limit|margin|memory|free|(?:.*_)?bytes_.*")
UNITS = re.compile(r"\b(?:seconds?|minutes?|hours?|bytes?|[KMGT]i?B|steps?|parameters|number|share|epoch|clock)\b")


def modules() -> Iterator[Path]:
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if not any(part.startswith("_") for part in parts):
            yield path


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def public(body: list[ast.stmt]) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield node


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_every_public_symbol_says_what_it_is(path: Path) -> None:
    tree = parsed(path)
    assert ast.get_docstring(tree), f"{path.name} has no docstring"
    silent = [node.name for node in public(tree.body) if not ast.get_docstring(node)]
    assert not silent, f"without a docstring: {', '.join(silent)}"


@dataclass(frozen=True)
class Place:
    """A symbol of the surface: its path, its definition, and the docstrings around it, the nearest first."""

    path: str
    node: Definition
    around: tuple[str, ...]

    @property
    def text(self) -> str:
        return ast.get_docstring(self.node) or ""


def surface() -> list[Place]:
    named = [
        name
        for page in sorted(ROOT.glob("docs/api/*.md"))
        for name in re.findall(r"^::: (\S+)", page.read_text(), re.M)
    ]
    assert len(named) > 40
    return [place for name in named for place in found(name)]


def found(name: str) -> Iterator[Place]:
    """What a page shows for a name: a module's public symbols, or one class or function."""
    if name.count(".") == 1 and (symbol := name.removeprefix("rltune.")) in _LAZY:
        name = f"{_LAZY[symbol]}.{symbol}"
    path = SOURCE.joinpath(*name.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    module, _, symbol = (name, "", "") if path.exists() else name.rpartition(".")
    tree = parsed(path if path.exists() else SOURCE.joinpath(*module.split(".")).with_suffix(".py"))
    around = ast.get_docstring(tree) or ""
    nodes = [node for node in public(tree.body) if symbol in ("", node.name)]
    assert nodes or not symbol, f"docs/api names {name}, which isn't there"
    for node in nodes:
        yield from inside(module, node, (around,))


def inside(prefix: str, node: Definition, around: tuple[str, ...]) -> Iterator[Place]:
    place = Place(f"{prefix}.{node.name}", node, around)
    yield place
    if isinstance(node, ast.ClassDef):
        for inner in public(node.body):
            yield from inside(place.path, inner, (place.text, *around))


SURFACE = surface()


def shown(problems: list[str]) -> str:
    return "\n  ".join(["", *problems])


def test_the_surface_says_what_it_is() -> None:
    silent = [place.path for place in SURFACE if not place.text]
    assert not silent, shown(silent)


def own_code(node: Definition) -> Iterator[ast.AST]:
    """What a function does itself; of a class what making one does. Without functions and classes inside."""
    bodies = [node.body]
    if isinstance(node, ast.ClassDef):
        bodies = [
            n.body for n in node.body if isinstance(n, ast.FunctionDef) and n.name in ("__init__", "__post_init__")
        ]
    stack: list[ast.AST] = [statement for body in bodies for statement in body]
    while stack:
        found = stack.pop()
        yield found
        if not isinstance(found, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            stack.extend(ast.iter_child_nodes(found))


def raised(node: Definition) -> set[str]:
    caught = {
        handler.type.id
        for t in own_code(node)
        if isinstance(t, ast.Try)
        for handler in t.handlers
        if isinstance(handler.type, ast.Name)
    }
    names = set()
    for statement in own_code(node):
        if isinstance(statement, ast.Raise) and isinstance(statement.exc, ast.Call):
            function = statement.exc.func
            if isinstance(function, ast.Name) and function.id in ERRORS - caught:
                names.add(function.id)
    return names


def test_errors_of_the_surface_are_named() -> None:
    problems = []
    for place in SURFACE:
        _, _, section = place.text.partition("Raises")
        problems += [f"{place.path} raises {name}" for name in sorted(raised(place.node)) if name not in section]
    assert not problems, shown(problems)


def annotated(node: Definition) -> Iterator[tuple[str, str]]:
    """Parameters of a function, or fields of a class, and how they are annotated."""
    if isinstance(node, ast.FunctionDef):
        arguments = node.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if argument.annotation is not None:
                yield argument.arg, ast.unparse(argument.annotation)
    else:
        for field in node.body:
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                yield field.target.id, ast.unparse(field.annotation)


def test_arrays_of_the_surface_have_their_shapes() -> None:
    problems = []
    for place in SURFACE:
        texts = " ".join(" ".join((place.text, *place.around)).split())
        for name, annotation in annotated(place.node):
            told = re.search(rf"\b{name}\b\W[^.;]{{0,60}}?(?:{SHAPE})", texts, re.IGNORECASE)
            if re.search(r"\bndarray\b|\bArray\b", annotation) and not told:
                problems.append(f"{place.path}: {name}: {annotation}")
        if isinstance(place.node, ast.FunctionDef) and place.node.returns is not None:
            returns = ast.unparse(place.node.returns)
            if re.fullmatch(r"np\.ndarray|Array", returns) and not re.search(SHAPE, place.text):
                problems.append(f"{place.path} -> {returns}")
    assert not problems, shown(problems)


def test_durations_and_sizes_of_the_surface_have_their_units() -> None:
    problems = []
    for place in SURFACE:
        text = " ".join((place.text, *place.around[:1]))
        for name, annotation in annotated(place.node):
            number = re.search(r"\bfloat\b|\bint\b", annotation)
            if number and (DURATION.fullmatch(name) or SIZE.fullmatch(name)) and not UNITS.search(text):
                problems.append(f"{place.path}: {name}: {annotation}")
    assert not problems, shown(problems)
