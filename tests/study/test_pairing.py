"""Which configurations a transfer check pairs."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from rltune.study.pairing import LEAST, Pairing, choose_pairing, score_noise, spread
from rltune.testing.surfaces import SMALL, GrpoSurface
from rltune.types import Configuration, Cost, Evaluation, Fidelity, History, Phase, StopKind, StopReason

RECIPE = Configuration({"n": 0})
PROBLEM = GrpoSurface().problem(0)  # rungs 10, 20, 40


def configuration(n: int) -> Configuration:
    return Configuration({"n": n})


def evaluation(n: int, steps: int, score: float | None, kind: StopKind = StopKind.REACHED) -> Evaluation:
    stop = StopReason(kind, steps, "")
    fidelity = Fidelity(SMALL.name, steps)
    return Evaluation(configuration(n), fidelity, 0, Phase.SEARCH, score, Cost(1.0), stop, steps)


def history(scores: Mapping[tuple[int, int], float | None]) -> History:
    found = [
        evaluation(n, steps, s, StopKind.RULE if s is None else StopKind.REACHED) for (n, steps), s in scores.items()
    ]
    return History(tuple(found), base_scores={SMALL.name: 0.3})


@given(st.dictionaries(st.integers(0, 40), st.floats(0, 1), min_size=1), st.integers(3, 8))
def test_a_spread_goes_from_the_best_to_the_lowest_without_repeats(scores: dict[int, float], count: int) -> None:
    named = {configuration(n): score for n, score in scores.items()}
    chosen = spread(named, count, RECIPE)
    assert len(chosen) == len(set(chosen)) == min(count, len(named))
    levels = [named[c] for c in chosen]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] == max(named.values()) and levels[-1] == min(named.values())
    assert RECIPE not in named or RECIPE in chosen


def test_a_spread_is_even_in_score_though_most_crowd_at_the_top() -> None:
    named = {configuration(n): score for n, score in enumerate([0.2, 0.9, 0.89, 0.88, 0.87, 0.66, 0.45, 0.21], 1)}
    assert [round(named[c], 2) for c in spread(named, 4, RECIPE)] == [0.9, 0.66, 0.45, 0.2]


def test_the_lowest_rung_is_taken_where_scores_differ_by_more_than_noise() -> None:
    flat = {(n, 10): 0.5 + 0.001 * n for n in range(6)}
    steep = {(n, 20): 0.4 + 0.1 * n for n in range(5)}
    found = choose_pairing(PROBLEM, history({**flat, **steep}), 4, prompts=256)
    assert isinstance(found, Pairing) and found.proxy == Fidelity(SMALL.name, 20) and len(found.configurations) == 4
    assert choose_pairing(PROBLEM, history({**flat, **steep}), 4, prompts=8) != found
    assert "more than noise" in str(choose_pairing(PROBLEM, history(flat), 4, prompts=256))


def test_dead_and_worse_than_untrained_configurations_are_not_paired() -> None:
    scores: dict[tuple[int, int], float | None] = {(n, 10): 0.35 + 0.1 * n for n in range(5)}
    scores |= {(7, 10): 0.1, (4, 40): None}  # 7 fell below the base model; 4, the best, died later
    found = choose_pairing(PROBLEM, history(scores), 8, prompts=256)
    assert isinstance(found, Pairing)
    assert {c.values["n"] for c in found.configurations} == {0, 1, 2, 3}


def test_what_cannot_be_paired_is_said() -> None:
    assert "no proxy has been scored" in str(choose_pairing(PROBLEM, History(), 4, 256))
    few = choose_pairing(PROBLEM, history({(n, 10): 0.4 + 0.2 * n for n in range(LEAST - 1)}), 4, 256)
    assert f"{LEAST} configurations that live" in str(few)


def test_noise_is_that_of_a_share_of_prompts() -> None:
    assert score_noise([0.5, 0.5], 100) == 0.05
    assert score_noise([0.99], 100) < 0.05 and score_noise([], 100) == 0.05
