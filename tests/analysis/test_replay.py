"""Verdicts on stopping rules, against numbers worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from rltune.analysis.replay import Curve, Replayer, Share, judge, rules_replayer, verdict
from rltune.stopping.base import Decision
from rltune.stopping.build import preset
from rltune.stopping.labels import Fate, label_runs
from rltune.stopping.replay import Replayed, replay
from rltune.types import StepMetrics, StopKind


def curve(rewards: Sequence[float], seconds: float | None = 2.0) -> list[StepMetrics]:
    time = {} if seconds is None else {"step_seconds": seconds}
    return [StepMetrics(step, {"reward": reward, **time}) for step, reward in enumerate(rewards, start=1)]


def rising(end: float) -> list[float]:
    return [0.0] * 5 + [end] * 45


FLAT = [0.0] * 50
COLLAPSED = [0.0] * 5 + [0.8] * 15 + [0.0] * 30


def stopping(steps: Mapping[int, tuple[int, str]], curves: Sequence[Curve]) -> Replayer:
    """Stops curve i at the given step, in the name of the given rule."""
    numbers = {id(each): i for i, each in enumerate(curves)}

    def stop(shown: Curve, horizon: int, best: float | None) -> Replayed:
        found = steps.get(numbers[id(shown)])
        kind = StopKind.FUTILE if found and found[1] == "futility" else StopKind.RULE
        decision = Decision(True, found[1], found[0], "because", kind=kind) if found else None
        return Replayed(decision, shown[-1].step, {}, math.nan, math.nan)

    return stop


@pytest.mark.parametrize("seconds", [2.0, None])
def test_a_verdict_by_hand(seconds: float | None) -> None:
    rewards = [rising(0.8), rising(0.7), rising(0.6), rising(0.5), COLLAPSED, FLAT, FLAT, [*rising(0.8)[:9], math.nan]]
    curves = [curve(each, seconds) for each in rewards]
    # Lost: the collapsed at step 22, those that never learned when 3 of the 4 that lived had a third of the best gain:
    # at steps 7 (0.8: 2 of 5 at 0.8), 7, 8 and 8. The last one at step 10, its end.
    steps = {1: (10, "kl"), 4: (30, "fall"), 5: (4, "kl"), 7: (10, "nan")}
    judged = judge(curves, ["g"] * 8, stopping(steps, curves))
    assert [each.label.lost for each in judged] == [None, None, None, None, 22, 8, 8, 10]
    found = verdict(judged)
    assert (found.runs, found.died, found.stopped, found.timed) == (8, 4, 4, seconds is not None)
    assert (found.recall, found.precision) == (Share(3, 4), Share(3, 4))
    assert found.good_lost == Share(1, 2) and found.best_lost == Share(0, 1)
    assert found.caught == pytest.approx((20 + 42) / (28 + 42 + 42))
    assert found.saved == pytest.approx((40 + 20 + 46) / (7 * 50 + 10))
    assert found.when == pytest.approx(30 / 50)
    assert found.by_rule == {"fall": 1, "kl": 2, "nan": 1}
    assert found.by_fate == {Fate.DIVERGED: Share(1, 1), Fate.COLLAPSED: Share(1, 1), Fate.NEVER_LEARNED: Share(1, 2)}


def test_of_nothing_nothing_is_claimed() -> None:
    healthy = [curve(rising(0.8))]
    found = verdict(judge(healthy, ["g"], stopping({}, healthy)))
    assert (found.died, found.stopped, found.saved) == (0, 0, 0.0)
    assert math.isnan(found.caught) and math.isnan(found.when) and math.isnan(found.recall.value)
    assert all(map(math.isnan, found.precision.interval))
    assert verdict(()).runs == 0


def test_who_is_stopped_as_futile_was_not_called_dying() -> None:
    curves = [curve(rising(0.8)), curve(rising(0.6)), curve(FLAT), curve(FLAT)]
    steps = {0: (9, "kl"), 1: (30, "futility"), 2: (30, "futility"), 3: (30, "kl")}
    found = verdict(judge(curves, ["g"] * 4, stopping(steps, curves)))
    assert (found.precision, found.precision_dying, found.recall) == (Share(2, 4), Share(1, 2), Share(2, 2))


def test_a_run_of_unknown_fate_spoils_no_rate() -> None:
    curves = [curve(rising(0.8)), [StepMetrics(1, {"kl": 1.0})]]
    found = verdict(judge(curves, ["a", "b"], stopping({0: (20, "x"), 1: (1, "x")}, curves)))
    assert found.stopped == 2 and found.precision == Share(0, 1) and found.good_lost == Share(1, 1)


def test_costs_of_timed_and_untimed_curves_are_not_added_up() -> None:
    curves = [curve(rising(0.8), 1000.0), curve(rising(0.8), None)]
    found = verdict(judge(curves, ["a", "b"], stopping({0: (25, "x")}, curves)))
    assert not found.timed and found.saved == pytest.approx(25 / 100)


def test_the_best_run_lost_is_told_a_group() -> None:
    curves = [curve(rising(end)) for end in (0.8, 0.7, 0.3, 0.9)]
    found = verdict(judge(curves, ["a", "a", "b", "b"], stopping({0: (9, "x"), 2: (9, "x")}, curves)))
    assert found.best_lost == Share(1, 2)


def test_a_rule_is_told_what_the_runs_before_it_reached_if_they_lived_on() -> None:
    told: list[tuple[int, float | None]] = []

    def listen(shown: Curve, horizon: int, best: float | None) -> Replayed:
        told.append((horizon, best))
        return replay([], shown)

    ends = (0.5, 0.75, 0.25, 0.5)
    judge([curve(rising(end)) for end in ends], ["a", "a", "b", "a"], listen, horizons=[None, 80, None, None])
    assert told == [(80, None), (80, 0.5), (80, 0.75), (50, None)]
    curves = [curve(rising(end)) for end in ends]
    told.clear()
    first = stopping({0: (9, "x")}, curves)
    judge(curves, ["a"] * 4, lambda c, h, b: (told.append((h, b)), first(c, h, b))[1])
    assert told == [(50, None), (50, None), (50, 0.75), (50, 0.75)], "what was stopped reached nothing"


def test_each_curve_is_counted_once() -> None:
    count: list[None] = []
    curves = [curve(FLAT), curve(rising(0.5))]
    judge(curves, ["a", "b"], stopping({}, curves), on_each=lambda: count.append(None))
    assert len(count) == 2


_runs = st.lists(st.lists(st.integers(0, 8).map(lambda n: n / 8), min_size=1, max_size=25), min_size=1, max_size=6)


@given(_runs, st.data())
def test_labels_do_not_depend_on_the_rules_and_shares_are_shares(runs: list[list[float]], data: st.DataObject) -> None:
    curves = [curve(run) for run in runs]
    groups = data.draw(st.lists(st.sampled_from("ab"), min_size=len(runs), max_size=len(runs)))
    steps = {
        i: (data.draw(st.integers(1, len(runs[i]))), "x") for i in data.draw(st.sets(st.sampled_from(range(len(runs)))))
    }
    alive, stopped = (judge(curves, groups, stopping(each, curves)) for each in ({}, steps))
    assert repr([each.label for each in alive]) == repr([each.label for each in stopped])
    found = verdict(stopped)
    for each in stopped:
        assert 0 <= each.caught <= each.remaining <= each.cost and each.caught <= each.saved <= each.cost
    assert found.stopped == len(steps) == sum(found.by_rule.values())
    assert sum(share.total for share in found.by_fate.values()) == found.died == found.recall.total
    assert 0 <= found.saved < 1 and (math.isnan(found.caught) or 0 <= found.caught <= 1)


def test_presets_get_the_context_that_they_need() -> None:
    """The default preset's futility rule abstains for a group's first run only, and stops the one that can't win."""
    curves = [curve([end * (1 - 0.9**t) + 0.01 * (-1) ** t for t in range(60)]) for end in (0.9, 0.2)]
    first, second = judge(curves, ["g"] * 2, rules_replayer(preset("default")))
    assert "futility" in first.replayed.abstentions and "futility" not in second.replayed.abstentions
    assert first.replayed.stop is None
    assert second.replayed.stop is not None and second.replayed.stop.rule == "futility"
    assert [each.label for each in (first, second)] == list(label_runs(curves))


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_intervals_are_wilsons(counts: tuple[int, int]) -> None:
    count, total = counts
    expected = binomtest(count, total).proportion_ci(confidence_level=0.95, method="wilson")
    assert Share(count, total).interval == pytest.approx((expected.low, expected.high), abs=1e-12)
