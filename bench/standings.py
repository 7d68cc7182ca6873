"""What came of the optimizer benchmark: regrets, costs, win rates; the tables and the picture of the docs.

Notation:
    regret  the best expected score of the target after a full run in the space, less that of what a contender names
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from plotly.subplots import make_subplots

from rltune.analysis.replay import Share
from rltune.report.figures.base import Picture, blank_figure
from rltune.report.markup import section
from rltune.report.page import whole_page, write_page
from rltune.report.plots import plot

ROOT = Path(__file__).parents[1]
SCRATCH = ROOT / "build" / "optimizers"
KEPT = ROOT / "bench" / "data" / "optimizers.jsonl"
DOCS = ROOT / "docs" / "benchmark.md"
BUDGETS = (2.0, 4.0, 8.0)
GRID = tuple(0.25 * i for i in range(1, 33))
"""Costs at which a study is looked at, in full runs of the recipe on the target; the last is the largest budget."""
OURS = "rltune"
COLORS = ("#e39b2d", "#3f8fe0", "#c65fb0", "#6aa84f", "#b5763a", "#8891a0", "#e2553f")
SHOWN = 5
"""So many peers of each kind are drawn: those with the smallest regret at 4."""


@dataclass(frozen=True)
class Result:
    """One study: the value of what a contender names at each cost of GRID."""

    task: str
    contender: str
    seed: int
    values: tuple[float, ...]
    recipe: float
    best: float
    seconds: float

    def regret(self, cost: float) -> float:
        return self.best - self.values[GRID.index(cost)]

    def cost_to(self, value: float) -> float:
        """The cost from which on what is named is worth at least `value`; infinite if it isn't at the end."""
        below = [i for i, reached in enumerate(self.values) if reached < value]
        after = below[-1] + 1 if below else 0
        return GRID[after] if after < len(GRID) else math.inf


Found = Mapping[str, Sequence[Result]]
"""Results by contender's name, seeds rising."""


def read_results() -> list[Result]:
    """What was played here, or else what is kept of an earlier benchmark."""
    lines = [path.read_text() for path in sorted(SCRATCH.glob("*/*.json"))] or KEPT.read_text().splitlines()
    return [Result(**{**row, "values": tuple(row["values"])}) for row in map(json.loads, lines)]


def by_contender(results: Sequence[Result], task: str) -> Found:
    found: dict[str, list[Result]] = {}
    for result in sorted(results, key=lambda r: (r.contender != OURS, r.seed)):
        if result.task == task:
            found.setdefault(result.contender, []).append(result)
    return found


def median_regret(results: Sequence[Result], cost: float) -> float:
    return float(np.median([r.regret(cost) for r in results]))


def wins(ours: Sequence[Result], theirs: Sequence[Result], cost: float) -> Share:
    """Seeds in which ours has the smaller regret (equal: half)."""
    other = {r.seed: r.regret(cost) for r in theirs}
    pairs = [(r.regret(cost), other[r.seed]) for r in ours if r.seed in other]
    return Share(sum(1.0 if a < b else 0.5 if a == b else 0.0 for a, b in pairs), len(pairs))


def table(found: Found) -> str:
    """One row a contender: median regret with quartiles at each budget, cost to reach, win rates of rltune."""
    costs = ("recipe", "95 % of best", "99 % of best")
    head = [
        "contender",
        "seeds",
        *(f"regret at {b:g}" for b in BUDGETS),
        *(f"cost to {c}" for c in costs),
        "rltune wins",
    ]
    rows = [head, ["---"] * len(head), *(_row(name, results, found[OURS]) for name, results in found.items())]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _row(name: str, results: Sequence[Result], ours: Sequence[Result]) -> list[str]:
    cells = [name, str(len(results))]
    for budget in BUDGETS:
        low, middle, high = np.quantile([r.regret(budget) for r in results], [0.25, 0.5, 0.75])
        cells.append(f"{middle:.3f} ({low:.3f}–{high:.3f})")
    first = results[0]
    for value in (first.recipe + 1e-6, 0.95 * first.best, 0.99 * first.best):
        middle = float(np.median([r.cost_to(value) for r in results]))
        cells.append(f"{middle:g}" if math.isfinite(middle) else f"> {GRID[-1]:g}")
    won = wins(ours, results, 4.0)
    low, high = won.interval
    return [*cells, "–" if name == OURS else f"{won.value:.0%} ({low:.0%}–{high:.0%})"]


def summary(found: Found) -> str:
    """In words: rltune at a budget of 4 against the best peer of each kind."""
    mine, said = median_regret(found[OURS], 4.0), []
    for kind in ("target", "proxy"):
        peers = {name: results for name, results in found.items() if name.endswith(f", {kind}")}
        if not peers:
            continue
        name = min(peers, key=lambda n: median_regret(peers[n], 4.0))
        theirs = median_regret(peers[name], 4.0)
        least = min(peers, key=lambda n: wins(found[OURS], peers[n], 4.0).value)
        share = wins(found[OURS], peers[least], 4.0).value
        said.append(
            f"At 4 full runs the best peer on the {kind} is {name.split(',')[0]} with a median regret of {theirs:.3f}; "
            f"rltune's is {mine:.3f}, {mine / theirs:.2f} of it. Its lowest win rate over one of them is {share:.0%} "
            f"({least.split(',')[0]})."
        )
    return " ".join(said)


def picture(by_task: Mapping[str, Found]) -> Picture:
    """A panel a task: median regret against cost."""
    figure = make_subplots(1, len(by_task), subplot_titles=list(by_task), shared_yaxes=True)
    figure.update_layout(blank_figure("cost in full runs of the recipe on the target", "median regret").layout)
    for column, found in enumerate(by_task.values(), 1):
        place = {"row": 1, "col": column}
        low, high = (np.array([np.quantile([r.regret(c) for r in found[OURS]], q) for c in GRID]) for q in (0.25, 0.75))
        figure.add_scatter(
            x=[*GRID, *GRID[::-1]],
            y=[*high, *low[::-1]],
            fill="toself",
            line={"width": 0},
            fillcolor="rgba(18,163,122,.2)",
            showlegend=False,
            hoverinfo="skip",
            **place,
        )
        for name, style in _drawn(found).items():
            y = [median_regret(found[name], c) for c in GRID]
            figure.add_scatter(x=GRID, y=y, name=name, line=style, mode="lines", showlegend=column == 1, **place)
    figure.update_yaxes(type="log")
    figure.update_layout(legend_y=1.1)
    caption = (
        "Median regret over seeds of what each method would train, by what it has spent; the band holds the middle "
        f"half of rltune's seeds. Of the peers the {SHOWN} best of each kind are drawn: solid on the target, dotted on "
        "the proxy with confirmation on the target."
    )
    return Picture("optimizers", figure, caption, height=560)


def _drawn(found: Found) -> dict[str, dict[str, object]]:
    """Contender -> its line."""
    lines: dict[str, dict[str, object]] = {OURS: {"color": "#12a37a", "width": 4}}
    for kind, dash in (("target", "solid"), ("proxy", "dot")):
        peers = sorted(
            (name for name in found if name.endswith(f", {kind}")), key=lambda n: median_regret(found[n], 4.0)
        )
        for number, name in enumerate(peers[:SHOWN]):
            lines[name] = {"color": COLORS[number % len(COLORS)], "dash": dash, "width": 2}
    return lines


def tell(results: Sequence[Result]) -> None:
    """Keeps the results, prints the tables, and writes tables and picture into the docs."""
    KEPT.write_text("".join(json.dumps(asdict(r)) + "\n" for r in results))
    by_task = {task: by_contender(results, task) for task in sorted({r.task for r in results})}
    text = DOCS.read_text()
    for task, found in by_task.items():
        first = found[OURS][0]
        said = (
            f"{summary(found)} The best expected score is {first.best:.3f}, the recipe's {first.recipe:.3f} (regret "
            f"{first.best - first.recipe:.3f}).\n\n{table(found)}"
        )
        print(f"\n{task}\n{said}")
        text = replace_between(text, f"<!-- {task} -->", f"<!-- end of {task} -->", said)
    DOCS.write_text(text)
    page = write_page(
        whole_page("Optimizer benchmark", section("Regret against cost", "optimizers", plot(picture(by_task)))),
        ROOT / "build" / "optimizers.html",
    )
    script = [sys.executable, str(ROOT / "docs" / "picture.py"), str(page), str(ROOT / "docs" / "images")]
    subprocess.run([*script, "--section", "optimizers:700"], check=False)


def replace_between(text: str, start: str, end: str, said: str) -> str:
    """The text with what stands between two marks replaced.

    Raises:
        ValueError: if a mark is missing.
    """
    head, _, rest = text.partition(start)
    _, found, tail = rest.partition(end)
    if not found:
        raise ValueError(f"the text must hold {start!r} and then {end!r}")
    return f"{head}{start}\n{said}\n{end}{tail}"
