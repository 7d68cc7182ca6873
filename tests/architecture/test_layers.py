"""Guards the shape of the package: layers, import cycles, and that `import rltune` stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "rltune"

# Each layer imports only from layers before it. Within a layer a folder imports another only where ARROWS says so.
LAYERS = [
    {"errors", "types", "clock", "words", "redaction", "visible", "own_code"},
    {"config", "space", "curves", "tasks", "models", "faults"},
    {"store", "stopping", "bayes", "trainers"},
    {"executors", "optimizers", "analysis", "callbacks"},
    {"study", "report", "trackers"},
    {"cli", "web", "testing"},
]
ARROWS = {("config", "space"), ("models", "tasks"), ("study", "report"), ("study", "trackers"), ("own_code", "errors")}
TRACKER_PACKAGES = {"wandb", "mlflow", "tensorboard"}
HEAVY = {"torch", "transformers", "trl", "ray", "verl", "plotly", "botorch", "gpytorch", "sqlalchemy", "scipy"}
HEAVY |= {"alembic", *TRACKER_PACKAGES}


def rooms_of(path: Path) -> str:
    """The first name below the package: a folder or a module."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports_of(path: Path) -> set[str]:
    """Modules of the package that a file imports, as dotted names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            if node.module and node.module.split(".")[0] == "rltune":
                found.add(node.module)
                found.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names if alias.name.split(".")[0] == "rltune")
    return found


SOURCES = sorted(p for p in PACKAGE.rglob("*.py") if p.parent != PACKAGE or not p.name.startswith("__"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    level = {room: number for number, layer in enumerate(LAYERS) for room in layer}
    here = rooms_of(path)
    assert here in level, f"{here} has no place in the layers"
    for module in imports_of(path):
        parts = module.split(".")
        if len(parts) < 2 or parts[1] == here or parts[1] not in level:
            continue
        there = parts[1]
        assert level[there] < level[here] or (here, there) in ARROWS, f"{here} must not import {there} ({module})"


def test_no_import_cycles() -> None:
    modules = {".".join(("rltune", *p.relative_to(PACKAGE).with_suffix("").parts)): p for p in SOURCES}
    modules = {name.removesuffix(".__init__"): path for name, path in modules.items()}
    graph = {name: imports_of(path) & modules.keys() - {name} for name, path in modules.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, f"import cycle: {' -> '.join((*trail[trail.index(name) :], name))}"
        if name not in done:
            for following in graph[name]:
                visit(following, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_import_is_light() -> None:
    loaded = run_python("import sys, rltune; print('\\n'.join(m.split('.')[0] for m in sys.modules))")
    assert not HEAVY & set(loaded.split())


def test_import_is_fast() -> None:
    code = "import time; t = time.perf_counter(); import rltune; print(time.perf_counter() - t)"
    assert min(float(run_python(code)) for _ in range(3)) < 0.5


def test_reading_a_study_file_needs_no_torch() -> None:
    code = "import sys, rltune.config.load; print('torch' in sys.modules, 'numpy' in sys.modules)"
    assert run_python(code).split()[0] == "False"


def test_a_trackers_package_is_imported_by_its_own_file_alone() -> None:
    found = {}
    for path in SOURCES:
        modules = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                modules.add(node.module.split(".")[0])
            elif isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
        found |= {str(path.relative_to(PACKAGE)): package for package in modules & TRACKER_PACKAGES}
    assert found == {f"trackers/{package}_.py": package for package in TRACKER_PACKAGES}


def test_the_mirror_of_a_tracker_loads_no_torch() -> None:
    loaded = run_python("import sys, rltune.trackers.process; print('\\n'.join(m.split('.')[0] for m in sys.modules))")
    assert not {"torch", "plotly", *TRACKER_PACKAGES} & set(loaded.split())


def test_every_folder_of_the_package_has_a_layer() -> None:
    rooms = {p.name for p in PACKAGE.iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert rooms <= {room for layer in LAYERS for room in layer}
