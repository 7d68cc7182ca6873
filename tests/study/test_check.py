"""The transfer check in whole studies: when it begins, what it finds, what follows, and that it can be interrupted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from rltune.optimizers.base import Problem
from rltune.optimizers.build import build_optimizer
from rltune.report.data import read_report_data
from rltune.report.html import render
from rltune.store.base import StudyState
from rltune.study.api import open_study
from rltune.study.check import PAIRING, VERDICT, CheckTerms, TransferCheck, beaten_in_check
from rltune.study.plan import PlanTerms
from rltune.study.work import View
from rltune.testing.simulated_study import SimulatedStudy, simulate_study
from rltune.testing.surfaces import GrpoSurface, grpo_recipe
from rltune.types import Configuration, Cost, Evaluation, Fidelity, History, Phase, Proposal, StopKind, StopReason
from study.toy import StopAfter, toy_study

GOOD, MISLEADING = {"small": -0.2}, {"small": 0.7}
NOTHING_LEARNS, ALL_DIE = {"small": 3.0}, {"small": -3.0}
TARGET = "middle"


def study(
    moved: Mapping[str, float], seed: int, check: CheckTerms | None, name: str = "random", **more
) -> SimulatedStudy:
    surface = GrpoSurface(moved=moved)
    unit = Proposal(grpo_recipe(), Fidelity(TARGET, surface.horizon), 0, Phase.SEARCH, "")
    full = surface.evaluate(unit, History()).cost.seconds

    def build(problem: Problem):
        return build_optimizer(name, problem)

    return simulate_study(surface, surface.problem(seed), build, 24 * full, check, **more)


def regret(done: SimulatedStudy) -> float:
    surface = GrpoSurface()
    return surface.optimum(TARGET)[1] - surface.value(done.winner, Fidelity(TARGET, surface.horizon))


RECIPES_REGRET = GrpoSurface().optimum(TARGET)[1] - GrpoSurface().value(grpo_recipe(), Fidelity(TARGET, 40))


def test_a_misleading_proxy_is_recognized_and_the_study_survives_it() -> None:
    found, blind, missed = [], [], 0
    for seed in range(16):
        done = study(MISLEADING, seed, CheckTerms())
        assert regret(done) <= RECIPES_REGRET + 1e-9  # never worse than the recipe, check or not
        verdict = done.facts.get(VERDICT)
        if not isinstance(verdict, Mapping):
            continue
        missed += verdict["standing"] != "weak"
        if verdict["standing"] == "weak":
            assert verdict["distrusted"] == ["small"]
            what = "nothing makes a difference" if "blind" in verdict else "did not hold on the target"
            assert what in str(verdict["reason"]) and "middle" in str(verdict["reason"])
            found.append(regret(done))
            blind.append(regret(study(MISLEADING, seed, None)))
    assert len(found) >= 4 and missed <= len(found) // 4
    assert sum(found) / len(found) < 0.8 * sum(blind) / len(blind)


@pytest.mark.slow
def test_the_default_optimizer_survives_a_misleading_proxy_too() -> None:
    done = study(MISLEADING, 0, CheckTerms(), "joint_fidelity")
    verdict = done.facts[VERDICT]
    assert isinstance(verdict, Mapping) and verdict["standing"] == "weak"
    assert regret(done) < 0.7 * RECIPES_REGRET


def test_after_a_weak_verdict_the_search_trains_the_target_only() -> None:
    for seed in range(12):
        done = study(MISLEADING, seed, CheckTerms())
        if VERDICT in done.facts:
            break
    pairing = done.facts[PAIRING]
    assert isinstance(pairing, Mapping)
    search = [e for e in done.history.evaluations if e.phase is Phase.SEARCH]
    first = next(i for i, e in enumerate(search) if e.fidelity.model == TARGET)
    assert all(e.fidelity.model == TARGET for e in search[first:])
    assert len(search) - first > len(pairing["configurations"])


def test_a_good_proxy_is_left_in_peace_at_little_cost() -> None:
    with_check, without = [], []
    for seed in range(12):
        done = study(GOOD, seed, CheckTerms())
        verdict = done.facts.get(VERDICT)
        assert not isinstance(verdict, Mapping) or verdict["distrusted"] == []
        with_check.append(regret(done))
        without.append(regret(study(GOOD, seed, None)))
    assert sum(with_check) / 12 < sum(without) / 12 + 0.05


@pytest.mark.parametrize("moved", [NOTHING_LEARNS, ALL_DIE])
def test_a_proxy_that_shows_nothing_is_left_for_the_target(moved: Mapping[str, float]) -> None:
    with_check, without = [], []
    for seed in range(6):
        done = study(moved, seed, CheckTerms())
        verdict = done.facts[VERDICT]
        assert isinstance(verdict, Mapping) and PAIRING not in done.facts
        assert verdict["standing"] == "weak" and verdict["distrusted"] == verdict["blind"] == ["small"]
        assert "nothing makes a difference" in str(verdict["reason"]) and "middle" in str(verdict["reason"])
        search = [e for e in done.history.evaluations if e.phase is Phase.SEARCH]
        assert search[-1].fidelity.model == TARGET
        with_check.append(regret(done))
        without.append(regret(study(moved, seed, None)))
    assert sum(with_check) < sum(without) and max(with_check) <= RECIPES_REGRET + 1e-9


@pytest.mark.slow
def test_the_default_optimizer_leaves_a_proxy_that_shows_nothing() -> None:
    done = study(ALL_DIE, 0, CheckTerms(), "joint_fidelity")
    verdict = done.facts[VERDICT]
    assert isinstance(verdict, Mapping) and verdict["blind"] == ["small"]
    assert regret(done) < 0.7 * RECIPES_REGRET


@pytest.mark.parametrize(("moved", "seed"), [(MISLEADING, 0), (MISLEADING, 3), (ALL_DIE, 0)])
def test_a_study_that_is_killed_again_and_again_goes_on_as_it_would_have(moved: Mapping[str, float], seed: int) -> None:
    whole = study(moved, seed, CheckTerms())
    broken = study(moved, seed, CheckTerms(), after=lambda history: True)
    assert broken.facts == whole.facts and broken.history == whole.history and broken.winner == whole.winner


def test_a_check_that_would_cost_too_much_is_skipped_and_says_so() -> None:
    done = study(GOOD, 0, CheckTerms(share=0.001))
    pairing = done.facts[PAIRING]
    assert isinstance(pairing, Mapping) and "more than it may take" in str(pairing["skipped"])
    assert VERDICT not in done.facts
    assert not [e for e in done.history.evaluations if e.fidelity.model == TARGET and e.phase is Phase.SEARCH]


def test_a_check_waits_for_what_it_can_pair_and_says_at_the_end_what_was_missing() -> None:
    surface = GrpoSurface()
    problem, recipe = surface.problem(0), grpo_recipe()
    check = TransferCheck(
        problem, recipe, PlanTerms(100, 0.5, None, 1, ("small",), TARGET, problem.rungs, 3, 1), CheckTerms()
    )
    base = History(base_scores={"small": 0.35, TARGET: 0.35})

    def notes(seconds: float, history: History):
        return check.notes(View(history, history.evaluations, (), (), {}, (), seconds, 0))

    one = base.with_evaluation(surface.evaluate(Proposal(recipe, Fidelity("small", 10), 0, Phase.SEARCH, ""), base))
    assert not notes(20, one) and not notes(45, one)
    (late,) = notes(51, one)
    assert "3 configurations that live" in late.text and "skipped" in late.text


def test_a_proxy_whose_picks_all_die_is_weak_whatever_noise_orders_below_the_untrained_score() -> None:
    problem = GrpoSurface().problem(0)
    terms = PlanTerms(100, 0.5, None, 1, ("small",), TARGET, problem.rungs, 3, 1)
    base = History(base_scores={"small": 0.35, TARGET: 0.35})
    chosen = [Configuration({"n": n}) for n in range(4)]
    on_proxy = [0.52, 0.46, 0.42, 0.36]
    on_target = [None, None, None, 0.34]  # three died; the lowest, which learned nothing, is noise below untrained
    for configuration, ours, theirs in zip(chosen, on_proxy, on_target, strict=True):
        for model, score in (("small", ours), (TARGET, theirs)):
            stop = StopReason(StopKind.REACHED if score else StopKind.RULE, 10 if score else 6, "")
            base = base.with_evaluation(
                Evaluation(configuration, Fidelity(model, 10), 0, Phase.SEARCH, score, Cost(1.0), stop, stop.step)
            )
    facts = {PAIRING: {"proxy": "small", "step": 10, "configurations": [dict(c.values) for c in chosen]}}
    view = View(base, base.evaluations, (), (), facts, (), 40.0, 0)
    (note,) = TransferCheck(problem, grpo_recipe(), terms, CheckTerms()).notes(view)
    assert note.name == VERDICT and note.value["standing"] == "weak" and "died on the target" in note.text


def test_a_configuration_that_is_beaten_on_both_models_is_no_candidate() -> None:
    pairs = [
        {"configuration": "best", "proxy": 0.9, "target": 0.8},
        {"configuration": "low", "proxy": 0.3, "target": 0.4},
        {"configuration": "surprise", "proxy": 0.5, "target": 0.9},
    ]
    assert beaten_in_check({VERDICT: {"pairs": pairs}}) == {"low"}
    assert beaten_in_check({}) == frozenset()


# --- with the loop, the store and a trainer ------------------------------------------------------------------------
MISLED = {
    "fixed": {"misled_on": "xs"},
    "space": {"learning_rate": {"type": "float", "low": 1e-4, "high": 1e-2, "log": True}},
    "validation": {"prompts": 400, "samples": 1},
    "budget": {"time": 3600, "search": 0.9, "trials": 20},
}


def test_a_real_study_says_that_its_proxy_misled_and_trains_each_step_once(tmp_path: Path) -> None:
    with toy_study(tmp_path, **MISLED) as toy:
        assert toy.run() is StudyState.FINISHED
        summary, data = toy.summary(), read_report_data(toy.store)
        told = [e.message for e in toy.store.events() if "did not hold on the target" in e.message]
        assert len(told) == 1 and summary.transfer.check["standing"] == "weak"
        assert "did not hold on the target" in render(data)
        assert summary.work.steps_retrained == 0
        confirmed = {s.run_id for s in toy.store.segments() if s.phase is Phase.CONFIRM}
        goals = {e.configuration for _, e in toy.store.evaluations() if e.fidelity == Fidelity("embedded/s", 8)}
        assert confirmed and len(goals) > 2 + 1  # more than `confirm.top` and the recipe
        assert summary.gain is not None and summary.winner is not None and summary.recipe is not None
        rate = summary.winner.configuration.values["learning_rate"]
        assert isinstance(rate, float) and rate < 4e-4  # the proxy's best is 1e-2, the target's 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("trials", [13, 15])
def test_a_study_that_is_stopped_during_its_check_goes_on(tmp_path: Path, trials: int) -> None:
    stop = StopAfter(trials)
    with toy_study(tmp_path, **MISLED) as toy:
        assert toy.run(stop, stop) is StudyState.INTERRUPTED
    with open_study(tmp_path / "toy") as toy:
        assert toy.run() is StudyState.FINISHED
        assert [d.kind for d in toy.store.decisions()].count(VERDICT) == 1
        assert toy.summary().work.steps_retrained == 0


@pytest.mark.slow
@pytest.mark.parametrize(("transfer", "checked"), [(False, False), ({"pairs": 3}, True)])
def test_the_study_file_switches_the_check(tmp_path: Path, transfer: object, checked: bool) -> None:
    with toy_study(tmp_path, **MISLED, transfer=transfer) as toy:
        toy.run()
        facts = toy.store.study().facts
        assert (PAIRING in facts) == checked
        if checked:
            verdict = facts[VERDICT]
            assert isinstance(verdict, Mapping) and len(verdict["pairs"]) == 3


def test_without_proxies_there_is_nothing_to_check(tmp_path: Path) -> None:
    with toy_study(tmp_path, models={"target": "embedded/s"}, budget={"time": 600, "search": 0.9, "trials": 10}) as toy:
        assert toy.run() is StudyState.FINISHED
        assert PAIRING not in toy.store.study().facts and toy.summary().transfer.check == {}
