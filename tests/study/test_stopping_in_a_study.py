"""Stopping rules at work in a whole study: futile runs end early, and rules that can't judge say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from rltune.stopping.build import build_rules
from rltune.study.orders import Workshop
from rltune.study.results import level_at_end
from rltune.study.snapshot import Moment, Snapshots
from rltune.trainers.base import Scoring
from rltune.types import Configuration, Evaluation, Fidelity, Phase, Proposal, StopKind
from study.toy import StopAfter, toy_study

LONG = {"steps": 60, "rungs": [20, 60], "budget": {"time": 600, "search": 0.9, "trials": 14}}


def evaluations(folder: Path, **changes: object) -> list[Evaluation]:
    with toy_study(folder, **LONG, **changes) as study:
        study.run()
        return [e for _, e in study.store.evaluations()]


def test_a_run_that_cannot_come_near_the_best_ends_early(tmp_path: Path) -> None:
    found = evaluations(tmp_path, stopping={"preset": "default"}, executor={"slots": 1, "grace_time": 5})
    futile = [e for e in found if e.stop.kind is StopKind.FUTILE]
    assert futile and all(e.stop.rule == "futility" and e.phase is Phase.SEARCH for e in futile)
    best = max(e.score for e in found if e.score is not None)
    for e in futile:
        assert e.steps_trained < 60 and e.stop.values["upper"] < e.stop.values["best"] <= best
        assert "another run already has" in e.stop.reason


def test_futility_can_be_switched_off(tmp_path: Path) -> None:
    stopping = {"preset": "default", "futility": False}
    found = evaluations(tmp_path, stopping=stopping, executor={"slots": 1, "grace_time": 5})
    assert not [e for e in found if e.stop.kind is StopKind.FUTILE]


def test_a_rule_that_cannot_judge_says_so_once(tmp_path: Path) -> None:
    watcher = StopAfter(1000)
    with toy_study(tmp_path, stopping={"preset": "default"}) as study:
        study.run(observer=watcher)
        events = [e.message for e in study.store.events()]
    told = [text for text in events if "entropy_collapse" in text]
    assert told == ["the stopping rule entropy_collapse abstains: entropy is not reported"]
    assert told[0] in watcher.messages


@pytest.mark.parametrize(
    ("phase", "steps", "best", "expected"),
    [
        (Phase.SEARCH, 40, 0.7, {"non_finite", "futility", "plateau", "insist"}),
        (Phase.SEARCH, 20, 0.7, {"non_finite", "insist"}),
        (Phase.SEARCH, 40, None, {"non_finite", "plateau", "insist"}),
        (Phase.CONFIRM, 40, 0.7, {"non_finite", "insist"}),
        (Phase.FINAL, 40, 0.7, {"non_finite"}),
    ],
)
def test_only_a_search_run_on_its_way_to_the_end_can_be_futile(
    tmp_path: Path, phase: Phase, steps: int, best: float | None, expected: set[str]
) -> None:
    with toy_study(tmp_path) as study:
        run = study.store.run(Configuration({"learning_rate": 1e-4}), "embedded/xs", 0)
    nested = {"rule": "insist", "inner": {"rule": "futility"}, "patience": 2}
    rules = [
        rule.describe() for rule in build_rules([{"rule": name} for name in ("non_finite", "futility", "plateau")])
    ]
    rules += [rule.describe() for rule in build_rules([nested])]
    workshop = Workshop(
        folder=tmp_path,
        trainer="toy",
        model_paths={"embedded/xs": "xs"},
        task="arithmetic/easy",
        task_options={},
        fixed={},
        learning_rate_factors={},
        rungs=(20, 40),
        validation=Scoring(4, 1),
        test=Scoring(4, 1),
        rules=rules,
        final_rules=rules[:1],
        checkpoint_every=10,
        seed=0,
        threads=1,
    )
    proposal = Proposal(run.configuration, Fidelity("embedded/xs", steps), 0, phase, "")
    order = workshop.train_order("segment", tmp_path, run, proposal, None, (), best)
    assert {rule["rule"] for rule in order.rules} == expected
    for rule in order.rules:
        assert rule["rule"] != "futility" or (rule["best"], rule["horizon"]) == (0.7, 40)
        told = "futility" in expected or best is None and "plateau" in expected
        assert rule["rule"] != "insist" or rule["inner"]["horizon"] == (40 if told else None)


def test_the_best_level_is_that_of_the_best_scored_run_at_the_fidelity(tmp_path: Path) -> None:
    with toy_study(tmp_path) as study:
        snapshots = Snapshots(study.store)
        snapshots.take(Moment())
        assert snapshots.best(Fidelity("embedded/xs", 8)) is None
        study.run()
        scored = [(e.score, run) for run, e in study.store.evaluations() if e.fidelity == Fidelity("embedded/xs", 8)]
        _, run = max((score, run) for score, run in scored if score is not None)
        last = study.store.curve(run)[-1].values["reward"]
        snapshots.take(Moment())
        run_id = snapshots.best(Fidelity("embedded/xs", 8))
        assert run_id is not None
        assert level_at_end(study.store.curve(run_id), 8) == pytest.approx(last)
