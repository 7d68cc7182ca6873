"""Hyperband's brackets: their sizes are the published ones, and what is due follows from counts."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rltune.optimizers.brackets import Counts, Promote, Start, bracket_sizes, levels_of, moves

# What HpBandSter's BOHB plans (get_next_iteration of commit 0ec0ce2), for eta, min_budget, max_budget.
PUBLISHED = {
    (3, 9, 81): [((9, 3, 1), (9, 27, 81)), ((3, 1), (27, 81)), ((3,), (81,))],
    (3, 3, 81): [((27, 9, 3, 1), (3, 9, 27, 81)), ((9, 3, 1), (9, 27, 81)), ((6, 2), (27, 81)), ((4,), (81,))],
    (2, 5, 40): [((8, 4, 2, 1), (5, 10, 20, 40)), ((4, 2, 1), (10, 20, 40)), ((4, 2), (20, 40)), ((4,), (40,))],
    (4, 1, 64): [((64, 16, 4, 1), (1, 4, 16, 64)), ((16, 4, 1), (4, 16, 64)), ((8, 2), (16, 64)), ((4,), (64,))],
}


@pytest.mark.parametrize("given_", PUBLISHED)
def test_sizes_and_budgets_are_the_published_ones(given_: tuple[int, int, int]) -> None:
    eta, low, high = given_
    rungs = [low]
    while rungs[-1] < high:
        rungs.append(rungs[-1] * eta)
    levels = levels_of(rungs, eta)
    planned = [bracket_sizes(len(levels), eta, i) for i in range(len(levels))]
    assert [(sizes, levels[-len(sizes) :]) for sizes in planned] == PUBLISHED[given_]
    assert bracket_sizes(len(levels), eta, len(levels)) == planned[0]


@pytest.mark.parametrize(
    ("rungs", "eta", "levels"),
    [
        ((10, 20, 40), 3, (10, 40)),  # 40/3 is nearer to 10 than to 20
        ((10, 20, 40), 2, (10, 20, 40)),
        ((5, 10, 20, 40, 80), 3, (10, 20, 80)),
        ((10, 1000), 3, (10, 1000)),
        ((40,), 3, (40,)),
        ((1, 3, 9, 27, 81, 243), 3, (1, 3, 9, 27, 81, 243)),  # log(243)/log(3) is 4.99... in floats
    ],
)
def test_budgets_become_the_nearest_rungs(rungs: tuple[int, ...], eta: float, levels: tuple[int, ...]) -> None:
    assert levels_of(rungs, eta) == levels


def play(levels: int, eta: float, starts: int, workers: int) -> list[tuple[str, int, int]]:
    """What a search runs, as (kind, level, bracket), with so many runs in flight that end in turn."""
    at: list[int] = []  # highest level asked of each configuration
    busy: list[int] = []
    played = []
    while True:
        pending = tuple(sum(at[c] == k for c in busy) for k in range(levels))
        counts = Counts(len(at), tuple(sum(a >= k for a in at) for k in range(levels)), pending)
        move = None
        for candidate in moves(levels, eta, counts):
            resting = [c for c in range(len(at)) if at[c] == candidate.level - 1 and c not in busy]
            if isinstance(candidate, Start) or resting:
                move = candidate
                break
        if len(busy) < workers and move is not None and (len(at) < starts or isinstance(move, Promote)):
            if isinstance(move, Promote):
                at[resting[0]] = move.level
                busy.append(resting[0])
            else:
                at.append(move.level)
                busy.append(len(at) - 1)
            played.append((type(move).__name__, move.level, move.bracket))
        elif busy:
            busy.pop(0)
        else:
            return played


def test_one_worker_runs_bracket_after_bracket() -> None:
    first = [("Start", 0, 0)] * 9 + [("Promote", 1, 0)] * 3 + [("Promote", 2, 0)]
    second = [("Start", 1, 1)] * 3 + [("Promote", 2, 1)]
    assert play(3, 3, 16, 1)[:21] == first + second + [("Start", 2, 2)] * 3 + [("Start", 0, 3)]


@given(
    levels=st.integers(1, 4),
    eta=st.sampled_from([2.0, 3.0, 4.0]),
    brackets=st.integers(1, 6),
    workers=st.integers(1, 9),
)
def test_any_number_of_workers_runs_whole_brackets(levels: int, eta: float, brackets: int, workers: int) -> None:
    sizes = [bracket_sizes(levels, eta, i) for i in range(brackets)]
    starts = sum(s[0] for s in sizes)
    assume(starts <= 100)
    played = Counter((kind, level) for kind, level, _ in play(levels, eta, starts, workers))
    expected: Counter[tuple[str, int]] = Counter()
    for size in sizes:
        first = levels - len(size)
        expected["Start", first] += size[0]
        for stage, n in enumerate(size[1:], 1):
            expected["Promote", first + stage] += n
    assert played == expected
