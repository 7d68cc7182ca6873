"""Who takes part in the optimizer benchmark, and one study of each: what it would train, by what it had spent.

Notation:
    spent  cost so far in full runs of the recipe on the target
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from arena import Studied, World
from peers.driver import PEERS, run_peer
from rltune.bayes.score_model import one_thread
from rltune.optimizers.build import build_optimizer
from rltune.space.parameters import CategoricalParameter, FloatParameter, IntParameter
from rltune.types import Configuration, Fidelity, Phase, Proposal
from standings import GRID

CONFIRM_SHARE = 0.4
"""Of a budget, what a search on a proxy leaves for confirming its best on the target."""


@dataclass(frozen=True)
class Contender:
    """One way to tune: rltune with `options`, or a peer.

    Attributes:
        peer: its name in PEERS; None: rltune. proxies: sizes that may be searched on; of a peer the first one, () for
            the target. options: of the joint-fidelity optimizer.
        stopping, reuse: see `Studied`.
    """

    name: str
    peer: str | None = None
    proxies: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    stopping: bool = True
    reuse: bool = True

    def study(self, world: World, seed: int) -> list[Configuration]:
        """What it would train after each cost of GRID."""
        if self.peer is None:
            with one_thread():
                return _rltune(self, world, seed)
        if self.proxies:
            return _peer_on_proxy(self, world, seed)
        return _peer_on_target(self, world, seed)


def contenders(world: World) -> list[Contender]:
    """All of them: rltune first, then its other acquisition, its ablations, and each peer twice."""
    every, smallest = world.proxies, world.proxies[:1]
    ours = [
        Contender("rltune", proxies=every),
        Contender("rltune, ei_per_cost", proxies=every, options={"acquisition": "ei_per_cost"}),
        Contender("rltune, no proxies"),
        Contender("rltune, no checkpoint reuse", proxies=every, reuse=False),
        Contender("rltune, no early stopping", proxies=every, stopping=False),
    ]
    on_target = [Contender(f"{peer}, target", peer) for peer in PEERS]
    on_proxy = [Contender(f"{peer}, proxy", peer, smallest) for peer in PEERS]
    return [*ours, *on_target, *on_proxy]


# --- rltune ------------------------------------------------------------------------------------------------------
def _rltune(contender: Contender, world: World, seed: int) -> list[Configuration]:
    problem = world.problem(seed, contender.proxies)
    optimizer = build_optimizer("joint_fidelity", problem, contender.options)
    study = Studied(world, stopping=contender.stopping, reuse=contender.reuse)
    chosen: list[Configuration] = []
    named = problem.recipe
    while len(chosen) < len(GRID):
        proposal = optimizer.ask(study.history)
        if proposal is None:
            break
        study.run(proposal)
        # What is named at a cost rests on what had ended by then: a run counts once it is paid for.
        while len(chosen) < len(GRID) and GRID[len(chosen)] < study.spent:
            chosen.append(named)
        named = next(iter(optimizer.rank(study.history, 1)), problem.recipe)
    return chosen + [named] * (len(GRID) - len(chosen))


# --- peers -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Told:
    """One answer to a peer."""

    spent: float
    configuration: Configuration
    steps: int
    score: float


def _peer_on_target(contender: Contender, world: World, seed: int) -> list[Configuration]:
    told = _conversation(contender, world, world.target, seed)
    return [_leader(told, cost) or world.recipe for cost in GRID]


def _peer_on_proxy(contender: Contender, world: World, seed: int) -> list[Configuration]:
    told = _conversation(contender, world, contender.proxies[0], seed)
    return [_confirmed(told, world, cost) for cost in GRID]


def _conversation(contender: Contender, world: World, size: str, seed: int) -> list[_Told]:
    """Everything a peer was told until the largest budget was spent."""
    assert contender.peer is not None
    study, told = Studied(world, stopping=False), list[_Told]()

    def answer(run: str, configuration: dict[str, Any], steps: int) -> dict[str, Any]:
        if study.spent >= GRID[-1]:
            return {"stop": True}
        asked = world.space.clip(configuration)
        before = study.spent
        # another run of a configuration that was run before has another seed: its luck is its own
        number = seeds.setdefault((asked, run), sum(known == asked for known, _ in seeds))
        study.run(Proposal(asked, Fidelity(size, steps), number, Phase.SEARCH, ""))
        score = world.score(asked, size, steps, number)
        told.append(_Told(study.spent, asked, steps, score))
        return {"score": score, "cost": study.spent - before, "spent": study.spent}

    seeds: dict[tuple[Configuration, str], int] = {}
    run_peer(contender.peer, problem_of(world, seed), answer)
    return told


def problem_of(world: World, seed: int) -> dict[str, Any]:
    """The problem as a peer is told it; see peers/protocol.py."""
    return {
        "space": [_described(name, parameter) for name, parameter in world.space.parameters.items()],
        "rungs": list(world.rungs),
        "recipe": dict(world.recipe.values),
        "seed": seed,
        "budget": GRID[-1],
    }


def _described(name: str, parameter: object) -> dict[str, Any]:
    if isinstance(parameter, CategoricalParameter):
        return {"name": name, "kind": "choice", "choices": list(parameter.choices)}
    assert isinstance(parameter, (FloatParameter, IntParameter))
    kind = "int" if isinstance(parameter, IntParameter) else "float"
    return {"name": name, "kind": kind, "low": parameter.low, "high": parameter.high, "log": parameter.log}


def _leader(told: Sequence[_Told], cost: float) -> Configuration | None:
    """The best score at the highest rung that any run has reached by then."""
    known = [t for t in told if t.spent <= cost]
    return max(known, key=lambda t: (t.steps, t.score)).configuration if known else None


def _confirmed(told: Sequence[_Told], world: World, cost: float) -> Configuration:
    """Of the proxy's best, in their order as many as the rest of the budget pays for are run on the target; the best
    of those. If it pays for none, the proxy's best."""
    known = [t for t in told if t.spent <= (1 - CONFIRM_SHARE) * cost]
    if not known:
        return world.recipe
    ranked = sorted(known, key=lambda t: (t.steps, t.score), reverse=True)
    left, best = cost - known[-1].spent, (-1.0, ranked[0].configuration)
    for configuration in dict.fromkeys(t.configuration for t in ranked):
        left -= world.seconds(configuration, world.target, 0, world.rungs[-1]).seconds / world.unit
        if left < 0:
            break
        score = world.score(configuration, world.target, world.rungs[-1], 0)
        best = max(best, (score, configuration), key=lambda pair: pair[0])
    return best[1]
