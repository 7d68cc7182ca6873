"""Rules of the user's own: in a file beside the study, through every door that rltune's own rules go through."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rltune.errors import RuleError
from rltune.stopping.base import first_stop
from rltune.stopping.build import build_rules, describe_rules, with_context, without_metrics
from rltune.testing import rules as shown

RULE = """
from __future__ import annotations

from dataclasses import dataclass

from rltune.stopping.base import Decision
from rltune.stopping.checks import check_number
from rltune.stopping.latch import Thresholds, abstention


@dataclass(frozen=True, slots=True)
class KlBudget(Thresholds):
    budget: float = 0.5
    best: float | None = None

    def __post_init__(self):
        check_number(self.name, "budget", self.budget)

    @property
    def name(self):
        return "kl_budget"

    @property
    def needs(self):
        return ("kl",)

    def judge(self):
        return Judge(self)


class Judge:
    def __init__(self, rule):
        self.rule = rule

    def look(self, metrics):
        if (abstained := abstention(self.rule, metrics)) is not None:
            return abstained
        kl = metrics.values["kl"]
        return Decision(kl > self.rule.budget, "kl_budget", metrics.step, f"KL is {kl:.3g}", {"kl": kl})
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with the rule in own.py."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(RULE)
    return tmp_path


def test_a_rule_in_a_file_does_what_any_rule_must(folder: Path) -> None:
    (rule,) = build_rules([{"rule": "own.py:KlBudget"}])
    shown.check_rule(rule)


def test_its_description_leads_to_it_from_any_folder_and_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (description,) = describe_rules("off", [{"rule": "own.py:KlBudget", "budget": 0.25}])
    assert description == {"rule": f"{folder / 'own.py'}:KlBudget", "budget": 0.25, "best": None}
    (told,) = with_context([description], horizon=40, best=0.75)
    assert told["best"] == 0.75
    code = "import json, sys; from rltune.stopping.build import build_rules; print(build_rules(json.load(sys.stdin)))"
    monkeypatch.chdir("/")
    out = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps([told]), check=True, capture_output=True, text=True
    )
    assert out.stdout.strip() == "[KlBudget(budget=0.25, best=0.75)]"


def test_it_stands_beside_and_within_rules_of_rltune(folder: Path) -> None:
    own = {"rule": "own.py:KlBudget"}
    names = [rule.name for rule in build_rules(describe_rules("paper", [own]))]
    assert names == ["non_finite", "kl_growth", "reward_drop", "reward_zero", "kl_budget"]
    (both,) = build_rules([{"rule": "all_of", "rules": [own, {"rule": "reward_drop"}]}])
    stop = first_stop(both, shown.curve(shown.dying(0.5)))
    assert stop is not None and stop.step > 30 and "KL is" in stop.reason
    kept, idle = without_metrics([own, {"rule": "reward_drop"}], frozenset({"reward"}))
    assert (len(kept), idle) == (1, ("kl_budget",))


def test_a_file_that_changes_is_read_again(folder: Path) -> None:
    (before,) = build_rules([{"rule": "own.py:KlBudget"}])
    (folder / "own.py").write_text(RULE.replace("budget: float = 0.5", "budget: float = 0.125"))
    (after,) = build_rules([{"rule": "own.py:KlBudget"}])
    assert "budget=0.5" in repr(before) and "budget=0.125" in repr(after)


@pytest.mark.parametrize(
    ("address", "edit", "message"),
    [
        ("missing.py:KlBudget", str, "no such file: missing.py"),
        ("own.py:KlBugdet", str, "has no class 'KlBugdet'"),
        ("own.py:Judge", str, "is no rule"),
        ("no.such.module:Rule", str, "No module named"),
        ("own.py:KlBudget", lambda text: text.replace("frozen=True, ", ""), "could be changed"),
        ("own.py:KlBudget", lambda text: text.replace('return "kl_budget"', 'return "kl_growth"'), "a rule of rltune"),
        ("own.py:KlBudget", lambda text: text.replace('return ("kl",)', 'return "kl"'), "a tuple of metric names"),
        ("own.py:KlBudget", lambda text: text.replace('values["kl"]', 'values["lk"]'), "KeyError: 'lk'"),
        ("own.py:KlBudget", lambda text: text.replace("return abstained", "pass"), "KeyError: 'kl'"),
        (
            "own.py:KlBudget",
            lambda text: text.replace("return Decision", "return None and Decision"),
            "expected a Decision",
        ),
        ("own.py:KlBudget", lambda text: text + "\n1 / 0\n", "ZeroDivisionError"),
    ],
)
def test_what_is_wrong_with_it_is_said_before_anything_runs(
    folder: Path, address: str, edit: Callable[[str], str], message: str
) -> None:
    (folder / "own.py").write_text(edit(RULE))
    with pytest.raises(RuleError) as error:
        build_rules([{"rule": address}])
    assert message in error.value.message and error.value.where == "stopping.rules.0"


def test_thresholds_are_checked_as_those_of_any_rule(folder: Path) -> None:
    for wrong, message in (({"bugdet": 1}, "no threshold 'bugdet'"), ({"budget": "low"}, "must be a finite number")):
        with pytest.raises(RuleError, match=message):
            build_rules([{"rule": "own.py:KlBudget", **wrong}])
