"""The fields of TRL's configurations and their types, read from the installed sources without importing them.

Importing TRL takes several seconds, and a study file with a mistake has to be refused at once.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from rltune.errors import TrainerError
from rltune.trainers.trl.algorithms import ALGORITHMS

# What all of TRL's configurations inherit from, base first: (package, file in it, class)
_BASES = (
    ("transformers", "training_args.py", "TrainingArguments"),
    ("trl", "trainer/base_config.py", "_BaseConfig"),
)


@lru_cache(maxsize=len(ALGORITHMS))
def config_fields(algorithm: str = "grpo") -> Mapping[str, frozenset[str]]:
    """Field name of an algorithm's configuration -> the plain type names it accepts, such as {"float", "None"}.

    Raises:
        TrainerError: if TRL isn't installed, or its sources are not laid out as expected.
    """
    fields: dict[str, frozenset[str]] = {}
    own = ALGORITHMS[algorithm]
    for package, file, name in (*_BASES, ("trl", own.file, own.config)):
        path = _folder(package) / file
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
        except (OSError, SyntaxError, StopIteration) as error:
            raise TrainerError(
                f"expected class {name} in this file of the installed {package}",
                where=str(path),
                hint="install the versions that rltune pins: pip install 'rltune[trl]'",
            ) from error
        for node in found.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                fields[node.target.id] = frozenset(_names(node.annotation))
    return MappingProxyType(fields)


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise TrainerError(
            f"the trainer 'trl' needs the package {package}, which is not installed",
            where="trainer",
            hint="pip install 'rltune[trl]'",
        )
    return Path(spec.submodule_search_locations[0])


def _names(annotation: ast.expr) -> list[str]:
    """The members of a union, each by the name before its brackets: `dict[str, int] | None` -> dict, None."""
    if isinstance(annotation, ast.BinOp):
        return _names(annotation.left) + _names(annotation.right)
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return _names(ast.parse(annotation.value, mode="eval").body)
    if isinstance(annotation, ast.Subscript):
        if ast.unparse(annotation.value) in ("Union", "Optional") and isinstance(annotation.slice, ast.Tuple):
            return [name for member in annotation.slice.elts for name in _names(member)]
        return _names(annotation.value)
    return [ast.unparse(annotation)]
