"""A controller is killed between a request and what follows from it: all is done in the end, and nothing twice."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from rltune.errors import RltuneError
from rltune.store.base import RequestState, RunRecord, StudyState
from rltune.store.open import open_study as open_store
from rltune.study import steering
from rltune.study.api import Study, create, open_study
from rltune.types import StopKind
from study.toy import StopAfter, study_source

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent

KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from rltune.study.api import open_study
from rltune.study import helm

def die(*arguments, **named):
    os.kill(os.getpid(), signal.SIGKILL)

when = sys.argv[2]
real = helm.Helm._do
if when == "answered":  # the answer and its facts are in the store, and nothing else has happened
    helm.Helm._do = die
elif when == "done":
    def done(self, asked):
        real(self, asked)
        die()
    helm.Helm._do = done
elif when == "unanswered":
    helm.grant = die
with open_study(sys.argv[1]) as study:
    study.run()
"""


def killed_at(study: Study, when: str) -> None:
    """Runs the study in another process that is killed when it comes to a request."""
    command = [sys.executable, "-c", KILLED, str(study.folder), when, str(HERE.parent)]
    assert subprocess.run(command, timeout=300).returncode == -signal.SIGKILL


def stopped(location: str | None, tmp_path: Path, name: str) -> tuple[Study, RunRecord]:
    """A study that was interrupted in its search, and a run that would go on."""
    where = {} if location is None else {"store": location.replace(":not-to-be-shown", "")}
    source = study_source(
        tmp_path, name, fixed={"step_time": 0.05}, budget={"time": 600, "trials": 6}, transfer={"check": False}, **where
    )
    study = create(source)
    while True:  # on a busy machine a trial may come to its end before it is interrupted
        stop = StopAfter(2)
        assert study.run(stop, stop) is StudyState.INTERRUPTED
        cut = [r for r in study.store.runs() if r.stop and r.stop.kind is StopKind.INTERRUPTED]
        if cut:
            return study, cut[0]


@pytest.mark.parametrize(
    ("kind", "when"), [("sqlite", "unanswered"), ("sqlite", "answered"), ("sqlite", "done"), ("postgres", "answered")]
)
def test_each_request_is_carried_out_once(
    kind: str, when: str, tmp_path: Path, name: str, request: pytest.FixtureRequest
) -> None:
    found, cut = stopped(request.getfixturevalue("server") if kind == "postgres" else None, tmp_path, name)
    with found as study:
        asked = [
            ("enqueue", {"configuration": {"learning_rate": 3e-4}, "steps": 4}),
            ("stop_run", {"run": cut.id}),
            ("budget", {"trials": 8}),
        ]
        for kind, values in asked:
            steering.request(study.folder, kind, values, "cli")
        for _ in asked if when != "unanswered" else range(1):
            killed_at(study, when)
            assert study.store.study().state is not StudyState.FINISHED
        assert study.run() is StudyState.FINISHED

        assert [r.state for r in study.store.requests()] == [RequestState.DONE] * 3
        ledger = [d.kind for d in study.store.decisions()]
        assert [ledger.count(kind) for kind, _ in asked] == [1, 1, 1]
        runs = [r for r in study.store.runs() if r.configuration.values["learning_rate"] == 3e-4]
        tried = [r for r in runs if r.model == "embedded/xs"]
        assert len(tried) == 1
        scored = {e.fidelity.steps for found, e in study.store.evaluations() if found == tried[0].id and e.succeeded}
        assert scored == {2, 4}, "as far as it was asked for, and no further"
        assert sum(s.retrained for s in study.store.segments(tried[0].id)) == 0 or when == "done"
        ends = [e.stop.kind for found, e in study.store.evaluations() if found == cut.id and not e.succeeded]
        assert ends == [StopKind.STOPPED]
        assert study.store.outline(None, None).totals.trials == 8


def test_a_controller_that_is_killed_again_and_again_while_three_people_ask(tmp_path: Path) -> None:
    """Whatever is asked, by whom and when: each request is answered once, and the study has its end."""
    budget = {"time": 600, "trials": 8}
    with create(study_source(tmp_path, fixed={"step_time": 0.03}, budget=budget)) as study:
        rng, over = random.Random(7), threading.Event()
        people = [threading.Thread(target=ask_now_and_then, args=(study, seed, over)) for seed in range(3)]
        command = [sys.executable, "-m", "rltune", "resume", "--wait", "--quiet", str(study.folder)]
        for person in people:
            person.start()
        try:
            for _ in range(5):
                controller = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
                before = len(study.store.requests(RequestState.DONE))
                deadline = time.monotonic() + 60
                while len(study.store.requests(RequestState.DONE)) < before + 2 and time.monotonic() < deadline:
                    time.sleep(rng.uniform(0.05, 0.3))
                controller.send_signal(signal.SIGKILL)
                controller.wait()
        finally:
            over.set()
            for person in people:
                person.join()
        again = open_study(study.folder)
        while again.run() is not StudyState.FINISHED:  # a pause that came last is lifted by a new sitting
            continue
        answered = study.store.requests()
        assert len(answered) > 10 and RequestState.WAITING not in {r.state for r in answered}
        lines = [d.values["request"] for d in study.store.decisions() if "request" in d.values]
        assert sorted(map(int, lines)) == sorted({r.id for r in answered}), "each is in the ledger, once"
        pairs = [(found, e.fidelity.steps) for found, e in study.store.evaluations()]
        assert len(pairs) == len(set(pairs)) and study.summary().winner is not None
        again.close()


def ask_now_and_then(study: Study, seed: int, over: threading.Event) -> None:
    rng = random.Random(seed)
    store = open_store(study.location, study.name, read_only=True)
    while not over.is_set():
        runs = [run.id for run in store.runs()] or ["r0001"]
        kind, values = rng.choice(
            [
                ("pause", {}),
                ("resume", {}),
                ("resume", {}),
                ("stop_run", {"run": rng.choice(runs)}),
                ("enqueue", {"configuration": {"learning_rate": 10 ** rng.uniform(-5, -3)}, "steps": 4}),
                ("extend_run", {"run": rng.choice(runs)}),
                ("budget", {"trials": rng.randrange(8, 12)}),
            ]
        )
        with suppress(RltuneError):  # refused, and written down
            steering.request(study.folder, kind, values, f"person {seed}")
        over.wait(rng.uniform(0.2, 1.5))
    store.close()
