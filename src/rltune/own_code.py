"""Code of the user's own, named by where it lies: `package.module:name`, or `path/to/file.py:name`.

Only what the user's own study file or command line names is ever imported. A file is imported once for each of its
versions, so that the same line always means the same object; it is known to Python as a module of its own name.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from rltune.errors import RltuneError

_FILES = "rltune_own_"
"""Begins the names of modules that are files."""


def is_address(text: str) -> bool:
    """Whether it names code of the user's own, and not something that rltune knows by its name."""
    return ":" in text


def import_own(address: str, what: str, *, error: type[RltuneError], where: str) -> Any:
    """What an address names.

    Args:
        address: `package.module:name` or `path/to/file.py:name`; a file's path starts at the working folder.
        what: the kind of object that is expected, for the messages: `function`, `class`.
        error, where: class and place of the errors.

    Raises:
        error: if the address isn't one, if what it names can't be imported, or has nothing of that name.
    """
    place, _, name = address.rpartition(":")
    if not place or not name:
        raise error(f"expected package.module:{what} or file.py:{what}, got {address!r}", where=where)
    try:
        module = _from_file(Path(place).expanduser()) if place.endswith(".py") else importlib.import_module(place)
    except Exception as cause:  # an imported file may raise anything
        raise error(
            f"{place!r} can't be imported: {type(cause).__name__}: {cause}",
            where=where,
            hint="the module must be installed or on PYTHONPATH; a file's path starts at the working folder",
        ) from cause
    found = getattr(module, name, None)
    if not callable(found):
        raise error(f"{place!r} has no {what} {name!r}", where=where, hint="check its spelling")
    return found


def address_of(kind: type) -> str:
    """The address of a class, wherever the working folder then is: of one from a file with the file's whole path."""
    module = kind.__module__
    file = getattr(sys.modules.get(module), "__file__", None)
    return f"{file if module.startswith(_FILES) else module}:{kind.__qualname__}"


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    path = path.resolve()
    state = path.stat()
    version = f"{path}:{state.st_mtime_ns}:{state.st_size}"
    name = f"{_FILES}{path.stem}_{hashlib.sha256(version.encode()).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # both are there for a file that ends in .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up while it is being made
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
