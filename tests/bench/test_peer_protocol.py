"""What the driver of the peers guarantees, shown on random search and on children that misbehave."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

FOLDER = Path(__file__).parents[2] / "bench" / "peers"


def load(name: str):
    spec = importlib.util.spec_from_file_location(f"peers_{name}", FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


driver = load("driver")
protocol = load("protocol")

RUNGS = [8, 16, 32, 64]
SPACE = [
    {"name": "learning_rate", "kind": "float", "low": 5e-6, "high": 1.6e-3, "log": True},
    {"name": "rollouts", "kind": "int", "low": 2, "high": 16, "log": False},
    {"name": "lr_scheduler", "kind": "choice", "choices": ["constant", "cosine"]},
]
RECIPE = {"learning_rate": 1e-4, "rollouts": 8, "lr_scheduler": "constant"}


class Recorder:
    """Answers until `budget` full runs are spent; each evaluation is paid in full."""

    def __init__(self, budget: float) -> None:
        self.budget, self.spent = budget, 0.0
        self.asked: list[tuple[str, dict, int]] = []

    def __call__(self, run, configuration, steps):
        if self.spent + steps / 64 > self.budget:
            return {"stop": True}
        self.spent += steps / 64
        self.asked.append((run, configuration, steps))
        return {"score": 0.5, "cost": steps / 64, "spent": self.spent}


def problem(seed: int = 0, recipe: dict | None = RECIPE) -> dict:
    return {"space": SPACE, "rungs": RUNGS, "recipe": recipe, "seed": seed, "budget": 4.0}


def study(seed: int, recipe: dict | None = RECIPE) -> list:
    recorder = Recorder(4)
    driver.run_peer("random", problem(seed, recipe), recorder)
    return recorder.asked


def child(tmp_path: Path, body: str) -> dict:
    """The table of peers with one of its own: `body` runs after the problem was read."""
    program = tmp_path / "child.py"
    program.write_text(f"import json, sys, time\nproblem = json.loads(sys.stdin.readline())\n{body}\n")
    return {"own": (str(program), None)}


def asking(**request: object) -> str:
    good = {"run": "1", "configuration": RECIPE, "steps": 8}
    return f"print({json.dumps(json.dumps({'evaluate': {**good, **request}}))}, flush=True); sys.stdin.readline()"


def test_random_search_spends_the_budget_on_full_runs_and_starts_with_the_recipe():
    asked = study(seed=1)
    assert len(asked) == 4
    assert [steps for _, _, steps in asked] == [64] * 4
    assert asked[0][1] == RECIPE
    assert len({run for run, _, _ in asked}) == 4


def test_seeds_are_honoured():
    assert study(seed=1) == study(seed=1)
    assert study(seed=1)[1:] != study(seed=2)[1:]


def test_without_a_recipe_nothing_is_known_of_it():
    assert study(seed=1, recipe=None)[0][1] != RECIPE


def test_an_unknown_method_and_a_missing_environment_are_named():
    with pytest.raises(driver.PeerError, match="no peer is named 'randm'.*random"):
        driver.run_peer("randm", problem(), Recorder(1))
    with pytest.raises(driver.PeerError, match=r"own needs the environment 'nowhere'.*install\.py"):
        driver.run_peer("own", problem(), Recorder(1), peers={"own": ("own.py", "nowhere")})


def test_methods_that_could_not_be_installed_are_named_with_their_error(tmp_path, monkeypatch):
    found = tmp_path / "installed.json"
    monkeypatch.setattr(driver, "INSTALLED", found)
    with pytest.raises(driver.PeerError, match="no peer has been installed"):
        driver.unavailable()
    methods = {"bohb": {"error": None}, "ifbo": {"error": "no weights"}}
    found.write_text(json.dumps({"environments": {}, "methods": methods}))
    assert driver.unavailable() == {"ifbo": "no weights"}


def test_a_crash_gives_the_childs_last_words(tmp_path):
    peers = child(tmp_path, asking() + "\nraise RuntimeError('the forest burned')")
    with pytest.raises(driver.PeerError, match=r"(?s)own must exit with status 0, got 1.*the forest burned"):
        driver.run_peer("own", problem(), Recorder(1), peers=peers)


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        ({"steps": 9}, r"steps must be one of \[8, 16, 32, 64\], got 9"),
        ({"configuration": {**RECIPE, "rollouts": 17}}, "rollouts must be int from 2 to 16, got 17"),
        ({"configuration": {**RECIPE, "rollouts": 4.0}}, r"rollouts must be int from 2 to 16, got 4\.0"),
        ({"configuration": {**RECIPE, "lr_scheduler": "linear"}}, "lr_scheduler must be one of"),
        ({"configuration": {}}, "learning_rate must be float.*got None"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(tmp_path, request_, complaint):
    recorder = Recorder(1)
    with pytest.raises(driver.PeerError, match=complaint):
        driver.run_peer("own", problem(), recorder, peers=child(tmp_path, asking(**request_)))
    assert not recorder.asked


def test_a_run_goes_on_with_its_own_configuration_only(tmp_path):
    grown = child(tmp_path, "\n".join([asking(), asking(steps=16)]))
    recorder = Recorder(1)
    driver.run_peer("own", problem(), recorder, peers=grown)
    assert [steps for _, _, steps in recorder.asked] == [8, 16]
    other = {**RECIPE, "rollouts": 9}
    with pytest.raises(driver.PeerError, match="run 1 must keep its configuration"):
        peers = child(tmp_path, "\n".join([asking(), asking(steps=16, configuration=other)]))
        driver.run_peer("own", problem(), Recorder(1), peers=peers)
    with pytest.raises(driver.PeerError, match="run 1 must go beyond its 8 steps"):
        driver.run_peer("own", problem(), Recorder(1), peers=child(tmp_path, "\n".join([asking(), asking()])))


def test_a_child_that_hangs_is_ended_at_the_limit(tmp_path):
    with pytest.raises(driver.PeerError, match=r"own must finish within 0\.3 s"):
        driver.run_peer("own", problem(), Recorder(1), limit_seconds=0.3, peers=child(tmp_path, "time.sleep(60)"))


def test_what_a_child_leaves_running_ends_with_it(tmp_path):
    pid = tmp_path / "pid"
    body = f"import subprocess\np = subprocess.Popen(['sleep', '60'])\nopen({str(pid)!r}, 'w').write(str(p.pid))"
    driver.run_peer("own", problem(), Recorder(1), peers=child(tmp_path, body))
    status = Path(f"/proc/{pid.read_text()}/stat")
    # Killed, if perhaps not yet gone, nor waited for by whom it was left to.
    deadline = time.monotonic() + 30
    while status.exists() and status.read_text().split()[2] not in "ZX":
        assert time.monotonic() < deadline, "it still runs"
        time.sleep(0.05)


def test_an_error_of_the_parent_is_passed_on_and_ends_the_child(tmp_path):
    pid = tmp_path / "pid"
    body = f"import os; open({str(pid)!r}, 'w').write(str(os.getpid()))\n{asking()}\ntime.sleep(60)"

    def answer(run, configuration, steps):
        raise ZeroDivisionError("in the table")

    with pytest.raises(ZeroDivisionError, match="in the table"):
        driver.run_peer("own", problem(), answer, peers=child(tmp_path, body))
    assert not Path(f"/proc/{pid.read_text()}").exists()


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_what_the_child_sends_passes_the_parents_checks(learning_rate, rollouts):
    values = {"learning_rate": learning_rate, "rollouts": rollouts, "lr_scheduler": "cosine"}
    parameters = [protocol.Parameter(**{**p, "choices": tuple(p.get("choices", ()))}) for p in SPACE]
    sent = {p.name: protocol._plain(p, values[p.name]) for p in parameters}
    driver._Checks(problem()).check("1", json.loads(json.dumps(sent)), 8)
