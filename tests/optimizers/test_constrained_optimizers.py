"""Every optimizer in a space whose values constrain each other, some of them absent at times: nothing impossible is
proposed, and determinism, independence of the history's order, and exhaustion hold as they do without constraints."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from test_optimizer_contract import ENDS, VARIANTS, build, ended, what

from rltune.optimizers.base import Problem, Session
from rltune.space.constraints import AtMost, Divides
from rltune.space.parameters import CategoricalParameter, FloatParameter, IntParameter
from rltune.space.space import Space
from rltune.testing.surfaces import MIDDLE, SMALL, GrpoSurface, grpo_recipe, grpo_space, simulate
from rltune.types import Configuration, History, Proposal

pytestmark = pytest.mark.slow

SURFACE = GrpoSurface()
EVALUATIONS = 16
BATCHES = (
    Divides.of("updates", "prompts"),
    Divides.of("16 * updates", "prompts * rollouts"),
    AtMost.of("clip_ratio", "clip_ratio_high"),
    AtMost.of(2, "rollouts"),
    Divides.of("passes", "rollouts"),
)


@pytest.fixture(params=sorted(VARIANTS))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def tied_problem(seed: int) -> Problem:
    """`passes` exists only under one schedule; elsewhere it is 2."""
    space = Space(
        {
            **grpo_space().parameters,
            "clip_ratio_high": FloatParameter(low=0.15, high=0.5),
            "prompts": IntParameter(low=16, high=96),
            "updates": CategoricalParameter(choices=(1, 2, 3, 4, 6)),
            "passes": IntParameter(low=1, high=4, when={"lr_scheduler": ("cosine",)}),
        },
        BATCHES,
        {"passes": 2},
    )
    recipe = space.clip({**grpo_recipe().values, "rollouts": 6, "clip_ratio_high": 0.3, "prompts": 64, "updates": 4})
    return replace(SURFACE.problem(seed), space=space, recipe=recipe)


def possible(configuration: Configuration) -> bool:
    """Judged without the package's constraints."""
    v = configuration.values
    prompts, updates, rollouts = int(v["prompts"]), int(v["updates"]), int(v["rollouts"])
    assert ("passes" in v) == (v["lr_scheduler"] == "cosine")
    batches = prompts % updates == 0 and prompts * rollouts % (16 * updates) == 0
    clips = float(v["clip_ratio"]) <= float(v["clip_ratio_high"]) * (1 + 1e-8)
    return batches and clips and rollouts % int(v.get("passes", 2)) == 0


def test_a_search_proposes_nothing_impossible_and_nothing_twice(name: str) -> None:
    problem = tied_problem(1)
    optimizer = build(name, problem)
    history = simulate(optimizer, SURFACE, evaluations=EVALUATIONS, slots=3)
    done = [(e.configuration, e.fidelity, e.seed) for e in history.evaluations]
    assert len(set(done)) == len(done) and (len(done) >= EVALUATIONS or name in ENDS)
    for configuration in {*(c for c, _, _ in done), *optimizer.rank(history, 5)}:
        assert problem.space.contains(configuration) and possible(configuration)


def test_the_history_alone_decides_in_any_order(name: str) -> None:
    problem = tied_problem(2)
    whole = simulate(build(name, problem), SURFACE, evaluations=EVALUATIONS, slots=3)
    cut = len(whole.evaluations) * 3 // 4
    known, later = list(whole.evaluations[:cut]), whole.evaluations[cut:]
    pending = tuple(Proposal(e.configuration, e.fidelity, e.seed, e.phase, "") for e in later)
    shown = replace(whole, evaluations=tuple(known), pending=pending)
    used = build(name, problem)
    used.ask(whole)
    expected = build(name, problem).ask(shown)
    assert used.ask(shown) == expected
    random.Random(0).shuffle(known)
    mixed = replace(whole, evaluations=tuple(known), pending=pending[::-1])
    assert what(build(name, problem).ask(mixed)) == what(expected)
    assert build(name, problem).rank(mixed, 3) == build(name, problem).rank(shown, 3)


def test_a_small_space_is_used_up_to_its_last_possible_combination(name: str) -> None:
    """Of six combinations five are possible: (1, 2), (1, 3), (1, 4), (2, 2), (2, 4)."""
    space = Space(
        {"updates": CategoricalParameter(choices=(1, 2)), "prompts": IntParameter(low=2, high=4)},
        (Divides.of("updates", "prompts"),),
    )
    recipe = Configuration({"updates": 1, "prompts": 2})
    session = Session(build(name, Problem(space, MIDDLE, (SMALL,), (SMALL,), (10, 20, 40), recipe, seed=0)), History())
    seen: set[Configuration] = set()
    for number in range(40):
        proposal = session.ask()
        if proposal is None:
            break
        seen.add(proposal.configuration)
        session.tell(ended(proposal, 0.3 + 0.01 * number))
    assert session.ask() is None
    found = {(int(c.values["updates"]), int(c.values["prompts"])) for c in seen}
    assert found == ({(1, 2)} if name == "recipe" else {(1, 2), (1, 3), (1, 4), (2, 2), (2, 4)})
