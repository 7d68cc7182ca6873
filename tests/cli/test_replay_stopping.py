"""`rltune replay-stopping`: what people and scripts are told, and what can't be read."""

from __future__ import annotations

import gzip
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from report.factory import CONFIG, fill_finished
from rltune.cli.main import main
from rltune.store.open import create_study

Command = Callable[..., tuple[int, str, str]]

_DATA = os.environ.get("RLTUNE_SHARED_DATA")
LOGS = (Path(_DATA) if _DATA else Path(__file__).parents[3] / "shared" / "data") / "verl_logs"


@pytest.fixture
def replay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """The command in a folder of its own: arguments -> (exit status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["rltune", "replay-stopping", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capfd.readouterr()
        return int(end.value.code or 0), out, err

    return call


def strict(text: str) -> list[dict[str, Any]]:
    """JSON lines; NaN and Infinity are refused."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return [json.loads(line, parse_constant=refuse) for line in text.splitlines()]


def learning(end: float = 0.8, steps: int = 40) -> list[dict[str, float]]:
    """Learns with a KL that grows by 2 % a step and a wobble of the reward."""
    return [
        {"step": t, "reward": end * (1 - 0.85**t) + 0.005 * (-1) ** t, "kl": 0.01 * 1.02**t, "step_seconds": 2.0}
        for t in range(1, steps + 1)
    ]


def running_away() -> list[dict[str, float]]:
    """Learns for 20 steps; then KL grows by a half each step and the reward falls to zero."""
    return [
        row if t <= 20 else row | {"kl": 0.02 * 1.5 ** (t - 20), "reward": 0.0} for t, row in enumerate(learning(), 1)
    ]


def write(path: Path, rows: list[dict[str, Any]], run: str | None = None) -> Path:
    named = {} if run is None else {"run": run}
    with path.open("a") as file:
        file.writelines(json.dumps(named | row) + "\n" for row in rows)
    return path


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Nine runs of one model: eight healthy ones and one that runs away."""
    path = tmp_path / "sweep.jsonl"
    for number in range(8):
        write(path, learning(0.6 + number / 40), f"xs-{number}")
    return write(path, running_away(), "xs-8")


def test_json_of_one_log(replay: Command, tmp_path: Path) -> None:
    path = write(tmp_path / "run.jsonl", running_away())
    status, out, err = replay(path, "--json")
    (line,) = strict(out)
    assert status == 0 and err == ""
    assert (line["file"], line["run"], line["preset"], line["steps"]) == (str(path), None, "default", 40)
    assert line["fate"] == "collapsed" and 20 <= line["lost_at"] <= 24
    assert 20 < line["stopped_at"] < 40 and line["rule"] in ("kl_runaway", "reward_collapse")
    assert line["reason"] and line["values"] and line["kind"] == "rule"
    assert (line["seconds"], line["saved_seconds"]) == (80.0, 2.0 * (40 - line["stopped_at"]))
    assert line["abstained"]["entropy_collapse"] == "entropy is not reported"
    assert "presets" not in line


def test_json_of_a_run_that_is_left_alone(replay: Command, tmp_path: Path) -> None:
    (line,) = strict(replay(write(tmp_path / "run.jsonl", learning()), "--json")[1])
    assert [line[key] for key in ("stopped_at", "rule", "reason", "kind", "lost_at")] == [None] * 5
    assert line["fate"] == "good" and line["saved_seconds"] == 0.0 and line["values"] == {}


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_null(bad: float, replay: Command, tmp_path: Path) -> None:
    rows = learning()
    rows[9] |= {"reward": bad, "kl": bad, "step_seconds": bad}
    (line,) = strict(replay(write(tmp_path / "run.jsonl", rows), "--json")[1])
    assert (line["stopped_at"], line["rule"], line["kind"]) == (10, "non_finite", "diverged")
    assert (line["fate"], line["lost_at"], line["end"]) == ("diverged", 10, None)
    assert line["seconds"] is None and line["saved_seconds"] is None


def test_json_of_several_presets(replay: Command, sweep: Path) -> None:
    lines = strict(replay(sweep, "--json", "--preset", "paper", "--preset", "off")[1])
    assert [line["run"] for line in lines] == [f"xs-{i}" for i in range(9)]
    for line in lines:
        assert line["preset"] == "paper" and list(line["presets"]) == ["paper", "off"]
        assert line["presets"]["paper"] == {key: line[key] for key in ("stopped_at", "rule", "reason")}
        assert line["presets"]["off"] == {"stopped_at": None, "rule": None, "reason": None}
    assert lines[8]["stopped_at"] is not None


def test_the_table_compares_the_presets(replay: Command, sweep: Path) -> None:
    status, out, _ = replay(sweep)
    assert status == 0
    assert "9 curves in 1 group: 2 good, 6 fine, 1 died (1 collapsed)" in out
    rows = {line[:28].strip(): line[28:] for line in out.splitlines()}
    assert out.splitlines()[1].split() == ["default", "paper"]
    assert "1 of 1, 100% (21-100)" in rows["dying runs stopped"]
    assert "0 of 2, 0% (0-66)" in rows["good runs lost"]
    assert "A run died if" in out and "top quarter" in out
    assert "default: entropy_collapse abstained in 9 of 9 curves: entropy is not reported" in out
    assert f"{sweep}: xs-8  collapsed, lost at step" in out
    assert re.search(r"  default  step 2\d of 40 by \w+: ", out) and "  paper    step 21 of 40 by reward_drop: " in out
    assert "  default  not stopped" in out


def test_of_many_curves_only_good_ones_that_are_lost_are_listed(replay: Command, tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    for number in range(44):
        write(path, learning(0.6 + number / 200, steps=12), f"xs-{number}")
    out = replay(path, "--preset", "off", "--rule", "{rule: kl_growth, growth: 0.01, patience: 8}")[1]
    assert "good runs that a preset would have stopped: 11, the first 10 here (--json tells of every curve)" in out
    assert out.count("of 12 by kl_growth") == 10 and "many.jsonl: xs-0 " not in out
    assert "kl_growth" in out.splitlines()[1]


def test_a_rule_is_added_to_the_default_preset_or_replaces_its_namesake(replay: Command, sweep: Path) -> None:
    lines = strict(replay(sweep, "--json", "--rule", "{rule: kl_runaway, floor: 1e9}", "--rule", "{rule: plateau}")[1])
    assert {line["preset"] for line in lines} == {"default + kl_runaway, plateau"}
    assert lines[8]["rule"] not in (None, "kl_runaway")


@pytest.mark.parametrize("text", ["- {rule: kl_growth, patience: 3}\n", "rules:\n  - {rule: kl_growth, patience: 3}\n"])
def test_rules_from_a_file(text: str, replay: Command, sweep: Path, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(text)
    lines = strict(replay(sweep, "--json", "--preset", "off", "--rules", "rules.yaml")[1])
    assert {line["preset"] for line in lines} == {"kl_growth"}
    # 0.01 * 1.02^20 = 0.0149 at step 20, then 0.03, 0.045, 0.0675: the third growth above 15 % is at step 23.
    assert [line["stopped_at"] for line in lines] == [None] * 8 + [23]


MISTAKES = {
    "preset": (("--preset", "defualt"), "--preset", "did you mean 'default'?"),
    "rule": (("--rule", "{rule: kl_runawya}"), "--rule", "did you mean 'kl_runaway'?"),
    "threshold": (("--rule", "{rule: kl_runaway, flor: 1}"), "--rule", "did you mean 'floor'?"),
    "inner rule": (("--rule", "{rule: any_of, rules: [{rule: x}]}"), "--rule.rules.0", "unknown rule 'x'"),
    "no mapping": (("--rule", "kl_runaway"), "--rule", "expected a mapping"),
    "no yaml": (("--rule", "{rule: ["), "--rule:1", "not valid YAML"),
    "no rules file": (("--rules", "nowhere.yaml"), "nowhere.yaml", "can't be read"),
    "no list": (("--rules", "one.yaml"), "one.yaml", "expected a list of rules"),
    "bad rule in the file": (("--rules", "bad.yaml"), "bad.yaml rules.1", "no threshold 'flor'"),
    "group": (("--group", "("), "group", "expected a regular expression"),
    "format": (("--format", "verl"), "", "unknown log format"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_and_nothing_is_printed(mistake: str, replay: Command, sweep: Path, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("rule: kl_runaway\n")
    (tmp_path / "bad.yaml").write_text("- {rule: kl_growth}\n- {rule: kl_runaway, flor: 1}\n")
    arguments, where, what = MISTAKES[mistake]
    status, out, err = replay(sweep, *arguments)
    assert (status, out) == (2, "")
    assert err.count("error:") == 1 and where in err and what in err, err


def test_what_cannot_be_read_is_told_after_the_others_were_done(replay: Command, tmp_path: Path) -> None:
    good = write(tmp_path / "good.jsonl", learning())
    (tmp_path / "prose.txt").write_text("It was a dark and stormy night.\n")
    write(tmp_path / "scores.jsonl", [{"step": 0, "score/mean": 0.5}])
    status, out, err = replay("nowhere.log", "prose.txt", good, "scores.jsonl", tmp_path, "--json")
    assert status == 2 and [line["file"] for line in strict(out)] == [str(good)]
    assert err.count("error:") == 4
    for told in ("no such file", "prose.txt", "validation scores only", "hint:", "folder"):
        assert told in err
    assert replay("nowhere.log")[:2] == (2, "")


def test_a_compressed_file_and_groups_by_a_pattern(replay: Command, sweep: Path, tmp_path: Path) -> None:
    packed = tmp_path / "sweep.jsonl.gz"
    packed.write_bytes(gzip.compress(sweep.read_bytes()))
    plain, lines = (strict(replay(path, "--json")[1]) for path in (sweep, packed))
    assert [line | {"file": "", "group": ""} for line in plain] == [line | {"file": "", "group": ""} for line in lines]
    assert {line["group"] for line in lines} == {f"{packed}: xs"}
    grouped = strict(replay(packed, "--json", "--group", "xs-([0-4])?")[1])
    assert [line["group"] for line in grouped] == ["0", "1", "2", "3", "4", *[f"{packed}: xs"] * 4]


def test_the_summary_is_one_object(replay: Command, sweep: Path) -> None:
    (found,) = strict(replay(sweep, "--summary-json")[1])
    assert found["runs"] == 9 and list(found["presets"]) == ["default", "paper"]
    default = found["presets"]["default"]
    assert default["recall"]["count"] == default["recall"]["total"] == default["died"] == 1
    assert default["good_lost"]["count"] == 0 and default["cost_unit"] == "seconds" and default["caught"] > 0.5
    assert found["presets"]["paper"]["rules"][1]["rule"] == "kl_growth"


def test_help_says_what_died_and_good_mean(replay: Command) -> None:
    status, out, _ = replay("--help")
    told = " ".join(out.split())
    assert status == 0 and "A run died if a reward wasn't finite" in told and "top quarter" in told


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "demo"
    store = create_study(folder, "demo", CONFIG)
    filled = fill_finished(store)
    assert filled.store.runs()
    store.close()
    yield folder


def test_a_studys_folder(replay: Command, study: Path) -> None:
    status, out, err = replay(study, "--json")
    lines = strict(out)
    assert status == 0, err
    assert len(lines) > 3 and all(line["run"].startswith("run ") for line in lines)
    assert all(line["group"].endswith(f" to step {line['steps']}") for line in lines)


@pytest.mark.skipif(not LOGS.is_dir(), reason=f"no published logs in {LOGS}")
def test_no_healthy_published_run_is_stopped(replay: Command) -> None:
    logs = sorted(LOGS.glob("*.log"))
    status, out, _ = replay(*logs, "--json", "--preset", "default", "--preset", "paper")
    lines = strict(out)
    assert status == 0 and [line["file"] for line in lines] == [str(log) for log in logs]
    for line in lines:
        assert line["stopped_at"] is None and line["fate"] == "good" and line["lost_at"] is None
    assert any(line["presets"]["paper"]["stopped_at"] for line in lines), "the failure to beat"
