"""Grid search: a coarse sweep, then a fine one around its best with several seeds."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable

import pytest

from rltune.errors import OptimizerError
from rltune.optimizers.base import Session
from rltune.optimizers.build import build_optimizer
from rltune.testing.surfaces import GrpoSurface
from rltune.types import Configuration, Cost, Evaluation, Proposal, StopKind, StopReason

PROBLEM = GrpoSurface().problem(0)
SMALL_SWEEP = {"parameters": ["learning_rate", "clip_ratio"], "points": 3, "fine_points": 2, "seeds": 2}


def result(proposal: Proposal, score: float | None) -> Evaluation:
    p, kind = proposal, StopKind.REACHED if score is not None else StopKind.RULE
    stop = StopReason(kind, p.fidelity.steps, "")
    return Evaluation(p.configuration, p.fidelity, p.seed, p.phase, score, Cost(1.0), stop, p.fidelity.steps)


def sweep(score: Callable[[Proposal], float | None], options: dict[str, object]) -> tuple[Session, list[Proposal]]:
    session, asked = Session(build_optimizer("grid", PROBLEM, options)), []
    while (proposal := session.ask()) is not None:
        asked.append(proposal)
        session.tell(result(proposal, score(proposal)))
    return session, asked


def near(rate: float, clip: float) -> Callable[[Proposal], float]:
    """A score with its best at these values."""
    return lambda p: (
        -abs(math.log10(float(p.configuration.values["learning_rate"]) / rate))
        - abs(float(p.configuration.values["clip_ratio"]) - clip)
    )


def test_the_coarse_sweep_is_wide_and_the_fine_one_narrow_with_seeds() -> None:
    _, asked = sweep(near(1e-4, 0.4), SMALL_SWEEP)
    assert asked[0].configuration == PROBLEM.recipe
    coarse, fine = asked[1:10], asked[10:]
    assert {p.seed for p in asked[:10]} == {PROBLEM.training_seed}
    corners = {(p.configuration.values["learning_rate"], p.configuration.values["clip_ratio"]) for p in coarse}
    assert corners == set(itertools.product([3e-6, 9.487e-5, 3e-3], [0.1, 0.25, 0.4]))
    assert all(p.fidelity == PROBLEM.full_search_run for p in asked)
    # four new ones around the best with the first seed, then all five with the second
    assert [p.seed == PROBLEM.training_seed for p in fine] == [True] * 4 + [False] * 5
    rates = {float(p.configuration.values["learning_rate"]) for p in fine}
    assert min(rates) > 3e-5 and max(rates) < 3e-4
    assert all(0.3 < float(p.configuration.values["clip_ratio"]) <= 0.4 for p in fine)


def test_what_is_not_swept_stays_at_the_recipe() -> None:
    _, asked = sweep(near(1e-4, 0.4), SMALL_SWEEP)
    fixed = set(PROBLEM.space.names) - {"learning_rate", "clip_ratio"}
    assert all(p.configuration.values[name] == PROBLEM.recipe.values[name] for p in asked for name in fixed)


def test_by_default_learning_rate_and_kl_are_swept() -> None:
    _, asked = sweep(lambda p: 0.5, {})
    moved = {n for p in asked for n, v in p.configuration.values.items() if v != PROBLEM.recipe.values[n]}
    assert moved == {"learning_rate", "kl_coef"}
    assert len({p.configuration for p in asked[:26]}) == 26


def test_the_order_of_a_sweep_is_shuffled_by_the_seed() -> None:
    rates = [float(p.configuration.values["learning_rate"]) for p in sweep(near(1e-4, 0.4), SMALL_SWEEP)[1][1:10]]
    assert rates != sorted(rates) and rates != sorted(rates, reverse=True)


def test_ranks_by_the_mean_over_seeds() -> None:
    session = Session(build_optimizer("grid", PROBLEM, SMALL_SWEEP))
    seen: dict[Configuration, list[float]] = {}
    while (proposal := session.ask()) is not None:
        value = near(1e-4, 0.4)(proposal) - 10.0 * (proposal.seed != PROBLEM.training_seed and len(seen) % 2)
        seen.setdefault(proposal.configuration, []).append(value)
        session.tell(result(proposal, value))
    ranked = session.optimizer.rank(session.history, 99)
    full = {c: sum(v) / 2 for c, v in seen.items() if len(v) == 2}
    assert ranked[: len(full)] == sorted(full, key=lambda c: (full[c], c.json()), reverse=True)
    assert set(ranked) == set(seen)


def test_a_configuration_that_dies_with_one_seed_gets_no_other_and_is_not_ranked() -> None:
    died: list[Configuration] = []

    def score(proposal: Proposal) -> float | None:
        if proposal.seed != PROBLEM.training_seed and not died:
            died.append(proposal.configuration)
            return None
        return near(1e-4, 0.4)(proposal)

    session, asked = sweep(score, {**SMALL_SWEEP, "seeds": 3})
    count = Counter(p.configuration for p in asked)
    assert count[died[0]] == 2 and sorted(count.values())[-4:] == [3] * 4
    assert died[0] not in session.optimizer.rank(session.history, 99)


def test_several_bests_are_refined() -> None:
    one, two = (sweep(near(1e-4, 0.4), {**SMALL_SWEEP, "top": top, "seeds": 1})[1] for top in (1, 2))
    assert len(one) == 10 + 4 and len(two) == 10 + 8


def test_the_fine_sweep_waits_for_the_coarse_one() -> None:
    session = Session(build_optimizer("grid", PROBLEM, SMALL_SWEEP))
    asked = [p for p in (session.ask() for _ in range(20)) if p]
    assert len(asked) == 10
    for proposal in asked:
        assert session.ask() is None
        session.tell(result(proposal, near(1e-4, 0.4)(proposal)))
    assert session.ask() is not None


def test_when_all_dies_it_ends() -> None:
    session, asked = sweep(lambda p: None, SMALL_SWEEP)
    assert len(asked) == 10 and session.optimizer.rank(session.history, 3) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"parameters": ["learning_rat"]}, "did you mean 'learning_rate'"),
        ({"parameters": []}, "at least 1"),
        ({"narrow": 0}, "greater than 0"),
        ({"point": 3}, "did you mean 'points'"),
    ],
)
def test_wrong_options_are_told(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptimizerError, match=message):
        build_optimizer("grid", PROBLEM, options)
