"""The benchmark's tables and picture: only what compares is compared, and a legend says what is drawn."""

from __future__ import annotations

import importlib
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))
standings = importlib.import_module("standings")
GRID = standings.GRID


def played(contender: str, seed: int, value: float, task: str = "easy"):
    """A study that names what is worth `value` from the first cost on."""
    return standings.Result(task, contender, seed, (value,) * len(GRID), 0.5, 1.0, 1.0)


def found_of(*results, task: str = "easy"):
    return standings.by_contender(results, task)


def test_wins_are_paired_by_seed_whatever_was_not_played():
    ours = [played("rltune", seed, 0.9) for seed in (0, 1, 2)]
    theirs = [played("bohb, proxy", 2, 0.8), played("bohb, proxy", 1, 0.95)]
    won = standings.wins(ours, theirs, 4.0)
    assert (won.count, won.total) == (1.0, 2)


def test_contenders_that_lack_seeds_are_left_out_and_named():
    ours = [played("rltune", seed, 0.9) for seed in range(3)]
    whole = [played("bohb, proxy", seed, 0.8) for seed in range(5)]
    part = [played("rltune, no proxies", seed, 0.7) for seed in (0, 2, 4)]
    found, said = standings.comparable(found_of(*ours, *whole, *part))
    assert {name: [r.seed for r in results] for name, results in found.items()} == {
        "rltune": [0, 1, 2],
        "bohb, proxy": [0, 1, 2],
    }
    assert "rltune, no proxies (2)" in said and "bohb" not in said
    assert standings.comparable(found_of(*ours, *whole))[1] == ""


def test_the_table_tells_wins_at_every_budget_and_when_a_score_is_kept():
    early, late = GRID.index(2.0), GRID.index(4.0)
    # better than ours until 4 is spent; falls below the recipe once in between
    values = [0.99 if i < late else 0.6 for i in range(len(GRID))]
    values[early + 1] = 0.4
    theirs = replace(played("bohb, proxy", 0, 0.0), values=tuple(values))
    head, _, mine, row = standings.table(found_of(played("rltune", 0, 0.9), theirs)).splitlines()
    cells = dict(zip(head.split(" | "), row.split(" | "), strict=True))
    told = {name.strip(" |"): cell.strip(" |") for name, cell in cells.items()}
    assert [told[f"rltune wins at {b}"][:5].strip() for b in (2, 4, 8)] == ["0 % (", "100 %", "100 %"]
    assert told["stays above the recipe from"] == f"{GRID[early + 2]:g}"
    assert told["stays above 95 % of best from"] == "> 8"
    assert mine.count("–") >= 3


@pytest.fixture
def two_tasks():
    """On one task bohb is the best peer, on the other dyhpo; mobster is on the second alone, random always last."""
    easy = [played("rltune", 0, 0.9), played("bohb, target", 0, 0.8), played("bohb, proxy", 0, 0.85)]
    easy += [played("dyhpo, proxy", 0, 0.6), played("random, target", 0, 0.55)]
    hard = [replace(r, task="hard") for r in easy if r.contender == "rltune"]
    hard += [played("dyhpo, proxy", 0, 0.8, "hard"), played("bohb, proxy", 0, 0.7, "hard")]
    hard += [played("mobster, proxy", 0, 0.75, "hard"), played("random, target", 0, 0.6, "hard")]
    return {task: found_of(*results, task=task) for task, results in (("easy", easy), ("hard", hard))}


def test_a_peer_has_one_colour_in_all_panels_and_stands_in_the_legend_once(two_tasks):
    lines = [t for t in standings.picture(two_tasks).figure.data if t.name is not None]
    colors, told = {}, Counter(t.name for t in lines if t.showlegend is not False)
    for trace in lines:
        colors.setdefault(trace.name, set()).add(trace.line.color)
    methods = {"rltune", "bohb", "dyhpo", "mobster", "random"}
    assert told == dict.fromkeys([*methods, "on the target", "on the proxy"], 1)
    assert all(len(colors[name]) == 1 for name in methods)
    assert len(set.union(*(colors[name] for name in methods))) == len(methods)
    drawn = [(t.name, t.line.dash, t.xaxis) for t in lines if t.name == "bohb"]
    assert drawn == [("bohb", "solid", "x"), ("bohb", "dot", "x"), ("bohb", "dot", "x2")]


def test_the_peers_that_are_drawn_are_those_that_come_first_somewhere(two_tasks, monkeypatch):
    monkeypatch.setattr(standings, "COLORS", ("a", "b", "c"))
    # random is the best on the target of the second task: there it has no rival
    assert set(standings.drawn(two_tasks)) == {"bohb", "dyhpo", "random"}


def test_printing_writes_nothing(tmp_path, monkeypatch, capsys):
    docs, kept = tmp_path / "docs.md", tmp_path / "kept.jsonl"
    docs.write_text("<!-- easy -->\nold\n<!-- end of easy -->\n")
    monkeypatch.setattr(standings, "DOCS", docs)
    monkeypatch.setattr(standings, "KEPT", kept)
    monkeypatch.setattr(standings, "write_page", lambda *_: pytest.fail("a page was written"))
    standings.tell([played("rltune", 0, 0.9), played("bohb, proxy", 0, 0.8)], write=False)
    assert "bohb, proxy" in capsys.readouterr().out
    assert "old" in docs.read_text() and not kept.exists()


def test_what_is_lost_in_replay_is_paired_by_seed():
    ablations = importlib.import_module("ablations")
    ours = [played("rltune", seed, value) for seed, value in ((0, 0.9), (1, 0.7), (2, 0.8))]
    other = [played("rltune, no proxies", seed, value) for seed, value in ((2, 0.7), (1, 0.6), (0, 0.8))]
    part = [played("random, target", 0, 0.6)]
    said = ablations.replay_table({"rltune": ours, "rltune, no proxies": other, "random, target": part})
    assert "| +0.100 (+0.100 to +0.100) |" in said
    assert "random, target (1)" in said and "| random, target |" not in said


@pytest.mark.parametrize("extra", [[], ["--print"]])
def test_the_check_of_transfer_writes_its_tables_unless_it_only_prints(extra, tmp_path, monkeypatch):
    check = importlib.import_module("transfer_check")
    docs = tmp_path / "docs.md"
    marks = [f"<!-- {m} -->\nold\n<!-- end of {m} -->\n" for m in (*check.GROUPS.values(), "simulated studies")]
    docs.write_text("".join(marks))
    monkeypatch.setattr(check, "DOCS", docs)
    monkeypatch.setattr(check, "tell_pairs", lambda *_: dict.fromkeys(check.GROUPS.values(), "new ranks"))
    monkeypatch.setattr(check, "tell_studies", lambda _: "new studies")
    monkeypatch.setattr(sys, "argv", ["transfer_check.py", *extra])
    check.main()
    text = docs.read_text()
    assert (text.count("new ranks"), text.count("new studies"), text.count("old")) == (
        (0, 0, 3) if extra else (2, 1, 0)
    )
