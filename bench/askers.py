"""Optimizers that are told the same history and asked while it grows: what each ask took.

An asker is an iterator: each `next` asks once, then tells the next evaluation of the history. What is proposed is
never answered, so that all see the same evaluations. rltune sees them whole. Optuna knows no fidelities: it is told
configuration and score of each. SMAC3 runs in its peers' environment (peers/smac_ask.py) and is told steps as well.
A dead run's score is the base model's, for all.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import IO, Any, cast

import optuna
from optuna.samplers import BaseSampler, GPSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from contenders import problem_of
from peers.driver import HERE, PeerError, environment, interpreter
from rltune.optimizers.base import Problem
from rltune.optimizers.build import build_optimizer
from rltune.optimizers.distributions import distribution_of
from rltune.optimizers.optuna_parts import quiet
from rltune.optimizers.optuna_study import suggest
from rltune.types import Configuration, Evaluation, History

LIMIT_SECONDS = 600.0
"""Wall-clock time after which a peer that doesn't answer is ended."""

SMAC = {"smac": ("smac_ask.py", "smac")}
"""Program and environment; see PEERS in peers/driver.py."""


@dataclass(frozen=True, slots=True)
class Told:
    """A history, and how many of its evaluations are known at the first ask; at each later ask one more is.

    Attributes:
        history: at least `evaluations` long; there are as many asks as are left, and one.
    """

    problem: Problem
    history: History
    evaluations: int

    def __post_init__(self) -> None:
        if not 0 < self.evaluations <= len(self.history.evaluations):
            raise ValueError(f"evaluations must be 1 to {len(self.history.evaluations)}, got {self.evaluations}")

    @property
    def known(self) -> tuple[Evaluation, ...]:
        return self.history.evaluations[: self.evaluations]

    @property
    def later(self) -> tuple[Evaluation, ...]:
        return self.history.evaluations[self.evaluations :]

    def score(self, evaluation: Evaluation) -> float:
        """What those are told that know only scores."""
        return self.history.base_scores[evaluation.fidelity.model] if evaluation.score is None else evaluation.score


@dataclass(frozen=True, slots=True)
class Taken:
    """One ask: seconds on the wall clock, seconds of processor time, and what was proposed."""

    wall: float
    cpu: float
    configuration: Configuration


Asker = Callable[[Told], Generator[Taken, None, None]]


def joint_fidelity(told: Told) -> Generator[Taken, None, None]:
    optimizer = build_optimizer("joint_fidelity", told.problem)
    for count in range(told.evaluations, len(told.history.evaluations) + 1):
        shown = History(told.history.evaluations[:count], (), told.history.base_scores)
        wall, cpu = time.perf_counter(), time.process_time()
        proposal = optimizer.ask(shown)
        took = time.perf_counter() - wall, time.process_time() - cpu
        if proposal is None or not proposal.values:
            raise ValueError(f"a history of {count} evaluations must hold the initial design, but it isn't complete")
        yield Taken(*took, proposal.configuration)


def optuna_gp(told: Told) -> Generator[Taken, None, None]:
    return _optuna(told, GPSampler(seed=told.problem.seed))


def optuna_tpe(told: Told) -> Generator[Taken, None, None]:
    return _optuna(told, TPESampler(seed=told.problem.seed))


def _optuna(told: Told, sampler: BaseSampler) -> Generator[Taken, None, None]:
    with quiet():
        study = optuna.create_study(direction="maximize", sampler=sampler)
    study.add_trials([_trial(told, evaluation) for evaluation in told.known])
    for evaluation in (*told.later, None):
        wall, cpu = time.perf_counter(), time.process_time()
        trial = study.ask()
        configuration = suggest(trial, told.problem.space)
        took = time.perf_counter() - wall, time.process_time() - cpu
        # samplers take no notice of a failed trial
        with quiet():
            study.tell(trial, state=TrialState.FAIL)
        yield Taken(*took, configuration)
        if evaluation is not None:
            study.add_trial(_trial(told, evaluation))


def _trial(told: Told, evaluation: Evaluation) -> FrozenTrial:
    parameters = told.problem.space.parameters
    return create_trial(
        value=told.score(evaluation),
        params=dict(evaluation.configuration.values),
        distributions={name: distribution_of(parameters[name]) for name in evaluation.configuration.values},
    )


def smac_multi_fidelity(told: Told) -> Generator[Taken, None, None]:
    return _smac(told, "multi_fidelity", SMAC)


def smac_forest(told: Told) -> Generator[Taken, None, None]:
    return _smac(told, "forest", SMAC)


def _smac(told: Told, facade: str, peers: Mapping[str, tuple[str, str | None]]) -> Generator[Taken, None, None]:
    """Raises PeerError if SMAC isn't installed, crashes, or takes longer than the limit for an answer."""
    python = interpreter("smac", peers)
    history = [
        {"configuration": dict(e.configuration.values), "steps": e.fidelity.steps, "score": told.score(e)}
        for e in told.history.evaluations
    ]
    # `problem_of` reads space, rungs and recipe, which a problem has as well as a world
    request = {**problem_of(cast(Any, told.problem), told.problem.seed), "facade": facade, "history": history}
    with tempfile.TemporaryDirectory(prefix="asked-") as folder, tempfile.TemporaryFile("w+") as words:
        child = subprocess.Popen(
            [str(python), str(HERE / peers["smac"][0])],
            cwd=folder,
            env=environment(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            text=True,
        )
        try:
            message: object = {**request, "told": told.evaluations}
            for _ in range(len(told.later) + 1):
                answer = _answer(child, message, words)
                yield Taken(answer["wall"], answer["cpu"], told.problem.space.clip(answer["configuration"]))
                message = "more"
        finally:
            child.kill()
            child.communicate()


def _answer(child: subprocess.Popen[str], message: object, words: IO[str]) -> dict[str, Any]:
    """What the child says to a message."""
    requests, answers = cast(IO[str], child.stdin), cast(IO[str], child.stdout)
    clock = threading.Timer(LIMIT_SECONDS, child.send_signal, [signal.SIGKILL])
    clock.start()
    try:
        # A child that has gone is known by its silence.
        with contextlib.suppress(BrokenPipeError):
            requests.write(json.dumps(message) + "\n")
            requests.flush()
        line = answers.readline()
    finally:
        clock.cancel()
    if not line:
        words.seek(0)
        raise PeerError("SMAC3 must answer an ask, but ended", hint=f"its last words: {words.read().strip()[-2000:]}")
    return json.loads(line)
