"""Ask and tell without a study: what may be told, in few words or in full, and what is refused."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import rltune
from rltune.bayes.cost_model import fit_cost_model
from rltune.bayes.data import FidelityScale
from rltune.optimizers.base import Problem, Session
from rltune.optimizers.build import build_optimizer
from rltune.testing.surfaces import BASE_SCORE, GrpoSurface
from rltune.types import Configuration, Cost, Evaluation, Fidelity, History, Phase, Proposal, StopKind, StopReason

SURFACE = GrpoSurface()
PROBLEM = SURFACE.problem(0)


class Script:
    """Proposes what it is given, one after the other, whatever it is told."""

    name = "script"

    def __init__(self, *proposals: Proposal) -> None:
        self.proposals = list(proposals)

    def ask(self, history: History) -> Proposal | None:
        return self.proposals.pop(0) if self.proposals else None

    def rank(self, history: History, count: int) -> list[Configuration]:
        scored = [e for e in history.evaluations if e.score is not None]
        return [e.configuration for e in sorted(scored, key=lambda e: -(e.score or 0.0))][:count]


def proposal(steps: int = 200, rate: float = 1e-5, seed: int = 0) -> Proposal:
    return Proposal(Configuration({"learning_rate": rate}), Fidelity("7B", steps), seed, Phase.SEARCH, "")


def asked(*proposals: Proposal, history: History | None = None) -> Session:
    session = Session(Script(*proposals), history)
    for expected in proposals:
        assert session.ask() == expected
    assert session.ask() is None
    return session


def test_a_score_is_told_in_one_line() -> None:
    session = asked(proposal(), history=History(base_scores={"7B": 0.2}))
    told = session.tell(proposal(), 0.7, seconds=60.0)
    assert session.history == History((told,), (), {"7B": 0.2})
    stop = StopReason(StopKind.REACHED, 200, "reached")
    expected = Evaluation(
        proposal().configuration, Fidelity("7B", 200), 0, Phase.SEARCH, 0.7, Cost(train_seconds=60.0), stop, 200
    )
    assert told == expected


def test_seconds_are_those_since_the_run_was_told_of_last() -> None:
    """And an evaluation's cost is the run's, so that a continuation adds up."""
    session = asked(proposal(100), proposal(200), proposal(100, rate=3e-5), proposal(100, seed=1))
    assert session.tell(proposal(100), 0.5, seconds=10.0, steps=50).cost.seconds == 10
    assert session.tell(proposal(100), 0.6, seconds=12.0).cost.seconds == 22
    assert session.tell(proposal(100, rate=3e-5), 0.6, seconds=7.0).cost.seconds == 7
    assert session.tell(proposal(100, seed=1), 0.6, seconds=8.0).cost.seconds == 8
    assert session.tell(proposal(200), failed="out of memory", seconds=5.0).cost.seconds == 27


def test_seconds_may_be_told_by_what_they_bought() -> None:
    session = asked(proposal(100), proposal(200))
    session.tell(proposal(100), 0.5, seconds=Cost(10.0, 2.0, 1.0))
    assert session.tell(proposal(200), 0.6, seconds=Cost(11.0, 2.0)).cost == Cost(21.0, 4.0, 1.0)


def test_a_cost_model_learns_the_seconds_of_a_step() -> None:
    """One second a step, of runs told in segments and rung by rung: no segment counts twice, and none is left out."""
    session, space = Session(Script()), PROBLEM.space
    for seed, parts in enumerate([((10, 10),), ((10, 10), (20, 10), (40, 20)), ((20, 20), (40, 20))]):
        run = replace(proposal(40), configuration=PROBLEM.recipe, fidelity=PROBLEM.goal, seed=seed)
        for steps, seconds in parts:
            session.tell(run, 0.5, seconds=float(seconds), steps=steps)
    scale = FidelityScale(PROBLEM.rungs[0], PROBLEM.horizon, PROBLEM.sizes, PROBLEM.target.name)
    model = fit_cost_model(session.history, space, scale, {})
    features = np.array([[1.0, 0.0, *(space.encode(PROBLEM.recipe) - 0.5)]])
    assert model.step.expected(features) == pytest.approx(1.0, rel=0.05)


def test_a_passed_step_leaves_the_run_in_flight() -> None:
    session = asked(proposal())
    session.tell(proposal(), 0.4, steps=50)
    session.tell(proposal(), 0.5, steps=100)
    assert session.history.pending == (proposal(),)
    session.tell(proposal(), 0.6)
    assert session.history.pending == ()
    assert [(e.fidelity.steps, e.score) for e in session.history.evaluations] == [(50, 0.4), (100, 0.5), (200, 0.6)]


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        ({"stopped": "the KL ran away"}, StopKind.RULE),
        ({"failed": "out of memory"}, StopKind.FAILED),
        ({"interrupted": "a reboot"}, StopKind.INTERRUPTED),
        ({"score": math.nan}, StopKind.DIVERGED),
        ({"score": math.inf}, StopKind.DIVERGED),
    ],
)
def test_every_end_before_the_end_is_an_end(end: dict[str, object], kind: StopKind) -> None:
    other = proposal(rate=3e-5)
    session = asked(proposal(), other)
    told = session.tell(proposal(), **end, steps=80, seconds=20.0)  # pyright: ignore[reportArgumentType]
    assert session.history.pending == (other,)
    assert (told.score, told.stop.kind, told.stop.step, told.steps_trained) == (None, kind, 80, 80)
    assert told.fidelity == proposal().fidelity, "what was asked for wasn't reached"


@pytest.mark.parametrize("score", [None, 0.4, math.nan])
@pytest.mark.parametrize("kind", list(StopKind))
def test_every_full_evaluation_of_an_end_is_an_end(kind: StopKind, score: float | None) -> None:
    """At whatever step it was: only a score on the way leaves the run in flight."""
    session = asked(proposal())
    stop, cost = StopReason(kind, 80, ""), Cost(train_seconds=9.0)
    full = Evaluation(proposal().configuration, Fidelity("7B", 80), 0, Phase.SEARCH, score, cost, stop, 80)
    assert session.tell(full) is full
    on_the_way = kind is StopKind.REACHED and score == 0.4
    assert session.history.pending == ((proposal(),) if on_the_way else ())
    session.tell(replace(full, fidelity=Fidelity("7B", 200), stop=replace(stop, step=200)))
    assert session.history.pending == ()


@pytest.mark.parametrize("name", ["joint_fidelity", "random", "bohb", "optuna"])
def test_a_stopped_configuration_is_dead_and_an_interrupted_one_comes_again(name: str) -> None:
    session = Session(build_optimizer(name, SURFACE.problem(0)))
    first = session.ask()
    assert first is not None
    session.tell(first, interrupted="a reboot", steps=3, seconds=2.0)
    assert session.ask() == first
    session.tell(first, stopped="the KL ran away", steps=5, seconds=2.0)
    second = session.ask()
    assert second is not None and second.configuration != first.configuration
    assert session.best is None
    session.tell(second, 0.5, seconds=4.0)
    assert session.best is not None


def test_best_is_what_the_optimizer_ranks_first() -> None:
    session = asked(proposal(), proposal(rate=3e-5))
    assert session.best is None
    session.tell(proposal(), 0.5)
    session.tell(proposal(rate=3e-5), 0.6)
    assert session.best == Configuration({"learning_rate": 3e-5})


@pytest.mark.parametrize("score", [1, np.float32(0.5), np.float64(0.5)])
def test_every_kind_of_number_is_a_score(score: float) -> None:
    told = asked(proposal()).tell(proposal(), score)
    assert type(told.score) is float and told.score == float(score)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "one of score, stopped, failed and interrupted, got none"),
        ({"score": 0.5, "stopped": "KL"}, "one of score, stopped, failed and interrupted, got several"),
        ({"failed": "crash", "interrupted": "reboot"}, "got several"),
        ({"score": "0.5"}, "a score must be a number, got '0.5'"),
        ({"score": True}, "a score must be a number, got True"),
        ({"failed": True}, "must be told in words, got True"),
        ({"score": 0.5, "steps": 300}, "from 1 .* to 200 .*, got 300"),
        ({"score": 0.5, "steps": 0}, "from 1 .* to 200 .*, got 0"),
        ({"score": 0.5, "steps": 50.0}, "steps must be a whole number .*, got 50.0"),
        ({"score": 0.5, "seconds": -1.0}, "seconds must be a finite number >= 0, got -1.0"),
        ({"score": 0.5, "seconds": math.nan}, "seconds must be a finite number >= 0, got nan"),
        ({"score": 0.5, "seconds": "60"}, "seconds must be a finite number >= 0, got '60'"),
    ],
)
def test_what_can_not_be_is_refused_and_changes_nothing(wrong: dict[str, object], message: str) -> None:
    session = asked(proposal())
    before = session.history
    with pytest.raises(rltune.RltuneError, match=message):
        session.tell(proposal(), **wrong)  # pyright: ignore[reportArgumentType]
    assert session.history is before


def test_what_was_told_is_not_told_again() -> None:
    session = asked(proposal(), proposal(400))
    session.tell(proposal(), 0.5, steps=100)
    with pytest.raises(rltune.RltuneError, match="from 101 .* to 200 .*, got 100"):
        session.tell(proposal(), 0.5, steps=100)
    with pytest.raises(rltune.RltuneError, match="from 100 .* to 200 .*, got 99"):
        session.tell(proposal(), failed="crash", steps=99)
    session.tell(proposal(), 0.5)
    for again in ({"score": 0.5}, {"failed": "crash"}):
        with pytest.raises(rltune.RltuneError, match="at step 200 was told already"):
            session.tell(proposal(), **again)  # pyright: ignore[reportArgumentType]
    session.tell(proposal(400), 0.6)
    assert session.history.pending == ()


def test_a_full_evaluation_is_told_alone_and_with_numbers() -> None:
    session = asked(proposal())
    full = session.tell(proposal(), 0.5)
    for wrong in (replace(full, score="0.5"), replace(full, last_score="0.5")):
        with pytest.raises(rltune.RltuneError, match="a score must be a number, got '0.5'"):
            session.tell(wrong)
        with pytest.raises(rltune.RltuneError, match="a score must be a number, got '0.5'"):
            Session(Script(), History((wrong,)))
    with pytest.raises(rltune.RltuneError, match="an evaluation and nothing else"):
        session.tell(full, 0.5)
    with pytest.raises(rltune.RltuneError, match="takes a proposal .*, got 0.5"):
        session.tell(0.5)  # pyright: ignore[reportArgumentType]


def test_configurations_are_readable() -> None:
    configuration = Configuration({"learning_rate": 1e-6, "scheduler": "cosine"})
    assert repr(configuration) == "Configuration({'learning_rate': 1e-06, 'scheduler': 'cosine'})"
    assert eval(repr(configuration)) == configuration
    assert "mappingproxy" not in repr(proposal())


def test_base_scores_are_what_the_dead_are_worth() -> None:
    """A session goes on from a history: the score before training keeps its place in it."""
    session = Session(build_optimizer("random", PROBLEM), History(base_scores={"small": BASE_SCORE}))
    first = session.ask()
    assert first is not None
    session.tell(first, failed="crash")
    assert session.history.base_scores == {"small": BASE_SCORE}


def test_a_pickled_history_goes_on() -> None:
    session = Session(build_optimizer("random", PROBLEM))
    for score in (0.4, 0.5):
        current = session.ask()
        assert current is not None
        session.tell(current, score, seconds=5.0)
    again = Session(build_optimizer("random", PROBLEM), pickle.loads(pickle.dumps(session.history)))
    assert again.history == session.history and again.ask() == session.ask()


def test_everything_for_ask_and_tell_is_at_the_top() -> None:
    space = rltune.Space({"learning_rate": rltune.FloatParameter(low=1e-7, high=1e-4, log=True)})
    model = rltune.ModelSpec("7B", 7e9)
    recipe = rltune.Configuration({"learning_rate": 1e-6})
    problem = rltune.Problem(space, model, (), (model,), (50, 100), recipe, seed=0)
    assert isinstance(problem, Problem)
    session = rltune.Session(rltune.build_optimizer("random", problem))
    first = session.ask()
    assert isinstance(first, rltune.Proposal) and first.configuration == recipe
    assert isinstance(session.tell(first, 0.5), rltune.Evaluation)
    assert set(rltune.__all__) <= set(dir(rltune))


def test_ask_and_tell_need_no_torch() -> None:
    """Only the optimizer that learns loads it, when it is built."""
    names = sorted(set(rltune.__all__) - {"Study", "create", "forecast", "open_study"})
    code = f"import sys, rltune; [getattr(rltune, name) for name in {names}]; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "False\n"
