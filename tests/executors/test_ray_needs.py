"""Whether a trial has room: arithmetic that needs no Ray."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rltune.executors.ray.needs import Needs, describe, has_room, how_many, largest, less, more

amounts = st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 1.0, 2.0, 4.0])
nodes = st.dictionaries(st.sampled_from("abcd"), st.fixed_dictionaries({"CPU": amounts, "GPU": amounts}), max_size=4)
needs = st.builds(Needs, st.sampled_from([0.1, 0.5, 1.0]), amounts)


def test_all_of_it_must_be_free_on_one_node() -> None:
    halves = {"a": {"CPU": 1.0, "GPU": 0.5}, "b": {"CPU": 1.0, "GPU": 0.5}}
    assert not has_room(Needs(1, 1.0), halves, ()) and has_room(Needs(1, 0.5), halves, ())
    assert not has_room(Needs(1, 0, (("highmem", 1.0),)), halves, ())


def test_who_waits_comes_first() -> None:
    free = {"a": {"CPU": 2.0}, "b": {"CPU": 1.0}}
    assert has_room(Needs(1, 0), free, [Needs(1, 0), Needs(1, 0)])
    assert not has_room(Needs(1, 0), free, [Needs(1, 0)] * 3)
    assert has_room(Needs(1, 0), free, [Needs(64, 0)]), "what fits nowhere takes nothing"


def test_in_words() -> None:
    seen = {"a": {"CPU": 8.0, "node:10.0.0.1": 1.0, "memory": 1e9}, "b": {"CPU": 2.0, "GPU": 4.0}}
    assert str(Needs(2, 0.25)) == "2 CPU, 0.25 GPU" and describe({}) == "nothing"
    assert describe(seen["a"]) == "8 CPU" and largest(seen) == seen["b"] and largest({}) == {}


@given(needs, nodes)
def test_so_many_fit_and_no_more(wanted: Needs, totals: dict[str, dict[str, float]]) -> None:
    free, placed = dict(totals), 0
    while placed < 1000 and (node := next((n for n, r in free.items() if wanted.fit(r)), None)) is not None:
        free[node] = less(free[node], wanted)
        placed += 1
    assert placed == how_many(wanted, totals)
    assert has_room(wanted, totals, [wanted] * (placed - 1)) == (placed > 0)
    assert not has_room(wanted, totals, [wanted] * placed)


@given(needs, st.fixed_dictionaries({"CPU": amounts, "GPU": amounts}))
def test_what_goes_leaves_what_was_there(wanted: Needs, free: dict[str, float]) -> None:
    again = more(less(free, wanted), wanted)
    assert all(abs(again[name] - free[name]) < 1e-9 for name in free)
