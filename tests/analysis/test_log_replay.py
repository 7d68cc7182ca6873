"""Which curves of logs and studies are peers, how sets of rules are named, and what reaches the rules."""

from __future__ import annotations

import pytest

from rltune.analysis.log_replay import group_runs, replay_logs, rule_set
from rltune.analysis.logs import STUDY
from rltune.errors import RuleError
from rltune.trainers.logs.base import LoggedRun
from rltune.types import StepMetrics


def logged(source: str, run: str | None = None, format: str = "json_lines", steps: int = 3, horizon: int | None = None):
    curve = tuple(StepMetrics(step, {"reward": 0.1 * step}) for step in range(1, steps + 1))
    return LoggedRun(source, run, format, curve, (), horizon)


def test_a_file_with_one_run_is_alone() -> None:
    assert group_runs([logged("a.log"), logged("b.log")]) == ("a.log", "b.log")


def test_runs_of_a_file_are_told_apart_by_what_their_names_begin_with() -> None:
    runs = [logged("a", "xs-w1-s0"), logged("a", "s-w1-s0"), logged("a", "xs-w2-s0"), logged("b", "xs-w1-s0")]
    assert group_runs(runs) == ("a: xs", "a: s", "a: xs", "b: xs")
    assert group_runs([*runs[:3], logged("a", "last")]) == ("a",) * 4, "not all have such a part"


def test_runs_of_a_study_are_told_apart_by_model_and_length() -> None:
    names = [("run 1 on embedded/xs", 8), ("run 2 on embedded/xs", 16), ("run 13 on embedded/xs", 8)]
    runs = [logged("studies", name, STUDY, steps, 64) for name, steps in [*names, ("big run 1 on embedded/xs", 8)]]
    groups = group_runs(runs)
    assert groups[0] == groups[2] == "studies: embedded/xs to step 8"
    assert len(set(groups)) == 3


def test_a_pattern_groups_across_files() -> None:
    runs = [logged("7b-seed1.log"), logged("7b-seed2.log"), logged("sweep", "1b-a"), logged("sweep", "7b-b")]
    assert group_runs(runs, r"^(\d+b)") == ("7b", "7b", "1b", "7b")
    assert group_runs(runs, r"\db") == ("7b", "7b", "1b", "7b"), "without brackets all that matched"
    assert group_runs(runs, r"(seed)") == ("seed", "seed", "sweep: 1b", "sweep: 7b")
    assert group_runs(runs, r"(x)?7b")[0] == "7b-seed1.log", "the brackets matched nothing"
    with pytest.raises(RuleError, match="regular expression"):
        group_runs(runs, "(")


def test_a_set_says_what_it_is_made_of() -> None:
    mine = {"rule": "kl_runaway", "floor": 0.5}
    assert rule_set("paper").name == "paper"
    changed = rule_set("default", [mine])
    assert changed.name == "default + kl_runaway"
    assert [rule["floor"] for rule in changed.rules if rule["rule"] == "kl_runaway"] == [0.5]
    assert len(changed.rules) == len(rule_set("default").rules)
    only = rule_set("off", [mine, {"rule": "plateau"}])
    assert only.name == "kl_runaway, plateau" and len(only.rules) == 2
    with pytest.raises(RuleError, match="unknown preset"):
        rule_set("defualt")


def test_a_rule_that_looks_ahead_is_told_how_far() -> None:
    plateau = [rule_set("off", [{"rule": "plateau", "worth": 1e6, "patience": 1, "begin": 0.1}])]
    runs = [logged("a", steps=40, horizon=200)]

    def planned(**options: int) -> str | None:
        stop = replay_logs(runs, plateau, **options).judged[0][0].replayed.stop
        return stop and stop.reason

    assert "until step 200" in str(planned())
    assert "until step 120" in str(planned(horizon=120))
    study = [logged("a", "run 1 on m", STUDY, 40, 200)]
    stop = replay_logs(study, plateau).judged[0][0].replayed.stop
    assert stop is not None and "until step 40" in stop.reason, "a study's run that wasn't promoted ended there"
