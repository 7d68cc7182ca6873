"""Calls that could run somebody else's code stand nowhere in the package but where a reason is given here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "rltune"

UNSAFE = {
    "eval", "exec", "compile", "__import__",
    "pickle.load", "pickle.loads", "pickle.Unpickler", "marshal.load", "marshal.loads", "shelve.open", "dill.load",
    "joblib.load", "torch.load", "np.load", "numpy.load", "yaml.load", "yaml.unsafe_load", "yaml.full_load",
    "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput",
    "tarfile.open", "zipfile.ZipFile", "shutil.unpack_archive",
}  # fmt: skip

ALLOWED = {
    # Between a trial and the processes that it has launched itself, in a folder that only its user can open.
    ("trainers/trl/wire.py", "pickle.loads"): 2,
}

REMOTE = ("from_pretrained", "load_dataset")


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield path.relative_to(PACKAGE).as_posix(), node


def test_no_call_runs_code_from_a_file() -> None:
    found: dict[tuple[str, str], int] = {}
    for path, call in calls():
        name = name_of(call.func)
        if name in UNSAFE:
            found[path, name] = found.get((path, name), 0) + 1
    assert found == ALLOWED


def test_nothing_goes_through_a_shell() -> None:
    shells = [(path, call.lineno) for path, call in calls() for k in call.keywords if k.arg == "shell"]
    assert shells == []


def test_code_that_comes_with_a_model_is_refused_explicitly() -> None:
    silent = []
    for path, call in calls():
        # peft reads a configuration and safetensors; it has no such parameter.
        if name_of(call.func).endswith(REMOTE) and name_of(call.func) != "PeftModel.from_pretrained":
            given = {k.arg: k.value for k in call.keywords}
            refused = given.get("trust_remote_code")
            if not (isinstance(refused, ast.Constant) and refused.value is False):
                silent.append((path, call.lineno))
    # datasets 4 and later has no parameter of that name: it runs no loading scripts at all.
    assert [path for path, _ in silent] == ["tasks/hub.py"]
