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
from plotly.graph_objects import Figure
from plotly.subplots import make_subplots

from rltune.analysis.replay import Share
from rltune.report.figures.base import RECIPE, WINNER, Picture, blank_figure
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
KINDS = {"target": "solid", "proxy": "dot"}
"""What a peer searches on -> its line in the picture."""
COLORS = ("#e39b2d", "#3f8fe0", "#c65fb0", "#e2553f", "#7c6cf0", "#9a5b1f")
"""Of the peers that are drawn."""
TICKS = tuple(mantissa * 10.0**decade for decade in range(-4, 1) for mantissa in (1, 2, 5))


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


def comparable(found: Found) -> tuple[Found, str]:
    """The contenders that have played all of rltune's seeds, on those seeds, and words on the others."""
    seeds = {r.seed for r in found[OURS]}
    kept = {name: [r for r in results if r.seed in seeds] for name, results in found.items()}
    left_out = [f"{name} ({len(mine)})" for name, mine in kept.items() if len(mine) < len(seeds)]
    said = f"Not in the table, since only some of rltune's {len(seeds)} seeds were played: {'; '.join(left_out)}."
    return {name: mine for name, mine in kept.items() if len(mine) == len(seeds)}, said if left_out else ""


def table(found: Found) -> str:
    """One row a contender: median regret with quartiles, costs from which on it stays good, rltune's wins."""
    head = [
        "contender",
        *(f"regret at {b:g}" for b in BUDGETS),
        *(f"stays above {mark} from" for mark in ("the recipe", "95 % of best", "99 % of best")),
        *(f"rltune wins at {b:g}" for b in BUDGETS),
    ]
    rows = [head, ["---"] * len(head), *(_row(name, results, found[OURS]) for name, results in found.items())]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def explain(found: Found) -> str:
    """What the columns of the table mean."""
    return (
        f"{len(found[OURS])} seeds each. Regret: median (quartiles) after 2, 4 and 8 full runs. *Stays above … from*: "
        "the cost in full runs (median) from which on what is named never falls below again. *rltune wins*: the share "
        "of seeds in which its regret is the smaller one (equal: half), with its 95 % interval."
    )


def _row(name: str, results: Sequence[Result], ours: Sequence[Result]) -> list[str]:
    cells = [name]
    for budget in BUDGETS:
        low, middle, high = np.quantile([r.regret(budget) for r in results], [0.25, 0.5, 0.75])
        cells.append(f"{middle:.3f} ({low:.3f}–{high:.3f})")
    first = results[0]
    for value in (first.recipe + 1e-6, 0.95 * first.best, 0.99 * first.best):
        middle = float(np.median([r.cost_to(value) for r in results]))
        cells.append(f"{middle:g}" if math.isfinite(middle) else f"> {GRID[-1]:g}")
    return [*cells, *("–" if name == OURS else _share(wins(ours, results, budget)) for budget in BUDGETS)]


def _share(won: Share) -> str:
    low, high = (round(100 * end) for end in won.interval)
    return f"{round(100 * won.value)} % ({low}–{high})"


def peers_of(found: Found, kind: str) -> Found:
    """The peers' contenders that search on the target or on the proxy."""
    return {name: results for name, results in found.items() if name.endswith(f", {kind}")}


def method_of(name: str) -> str:
    return name.split(",")[0]


def summary(found: Found) -> str:
    """In words: rltune at a budget of 4 against the best peer of each kind."""
    mine, said = median_regret(found[OURS], 4.0), []
    for kind in KINDS:
        peers = peers_of(found, kind)
        if not peers:
            continue
        name = min(peers, key=lambda n: median_regret(peers[n], 4.0))
        theirs = median_regret(peers[name], 4.0)
        least = min(peers, key=lambda n: wins(found[OURS], peers[n], 4.0).value)
        share = wins(found[OURS], peers[least], 4.0).value
        said.append(
            f"At 4 full runs the best peer on the {kind} is {method_of(name)} with a median regret of {theirs:.3f}; "
            f"rltune's is {mine:.3f}, {mine / theirs:.2f} of it. Its lowest win rate over one of them there is "
            f"{round(100 * share)} % ({method_of(least)})."
        )
    return " ".join(said)


def picture(by_task: Mapping[str, Found]) -> Picture:
    """A panel a task: median regret against cost."""
    figure = make_subplots(1, len(by_task), subplot_titles=list(by_task), shared_yaxes=True, horizontal_spacing=0.04)
    figure.update_layout(blank_figure("", "median regret").layout)
    figure.update_layout(legend_y=1.1, margin_t=24, margin_l=80, yaxis_title_standoff=16)
    figure.update_xaxes(title_text="cost in full runs of the recipe on the target", automargin=True)
    figure.update_yaxes(type="log", tickvals=TICKS, ticktext=[f"{tick:g}" for tick in TICKS])
    colors = drawn(by_task)
    for column, found in enumerate(by_task.values(), 1):
        place = {"row": 1, "col": column}
        _add_band(figure, found[OURS], **place)
        _add_line(figure, found[OURS], OURS, column == 1, {"color": WINNER, "width": 4}, **place)
        for method, color in colors.items():
            for kind in KINDS:
                if results := found.get(f"{method}, {kind}"):
                    line = {"color": color, "dash": KINDS[kind], "width": 2}
                    _add_line(figure, results, method, _told(figure, method), line, **place)
    for kind, dash in KINDS.items():  # what the two kinds of line mean, beside the colours
        line = {"color": RECIPE, "dash": dash, "width": 2}
        figure.add_scatter(x=[None], y=[None], mode="lines", name=f"on the {kind}", line=line, row=1, col=1)
    caption = (
        "Median regret over seeds of what each method would train, by what it has spent; the band holds the middle "
        f"half of rltune's seeds. {len(colors)} peers are drawn, by the best place that they take on any task at 4 "
        "full runs: solid on the target, dotted on the proxy with confirmation on the target."
    )
    return Picture("optimizers", figure, caption, height=560)


def drawn(by_task: Mapping[str, Found]) -> dict[str, str]:
    """Peer -> its colour in all panels: by the best place that it takes anywhere at a cost of 4, then the mean."""
    places: dict[str, list[int]] = {}
    for found in by_task.values():
        for kind in KINDS:
            peers = peers_of(found, kind)
            for place, name in enumerate(sorted(peers, key=lambda n: median_regret(peers[n], 4.0))):
                places.setdefault(method_of(name), []).append(place)
    best = sorted(places, key=lambda m: (min(places[m]), float(np.mean(places[m]))))
    return dict(zip(best, COLORS, strict=False))


def _told(figure: Figure, name: str) -> bool:
    """Whether a line of this name must still come into the legend."""
    return all(trace.name != name for trace in figure.data)


def _add_line(
    figure: Figure, results: Sequence[Result], name: str, first: bool, line: Mapping[str, object], **place: int
) -> None:
    y = [median_regret(results, cost) for cost in GRID]
    figure.add_scatter(x=GRID, y=y, name=name, legendgroup=name, showlegend=first, line=line, mode="lines", **place)


def _add_band(figure: Figure, results: Sequence[Result], **place: int) -> None:
    """The middle half of the seeds."""
    low, high = (np.array([np.quantile([r.regret(c) for r in results], q) for c in GRID]) for q in (0.25, 0.75))
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


def tell(results: Sequence[Result], *, write: bool = True) -> None:
    """Prints the tables; keeps the results and writes tables and picture into the docs, unless told not to."""
    by_task, text = {}, DOCS.read_text()
    for task in sorted({r.task for r in results}):
        by_task[task], left_out = comparable(by_contender(results, task))
        found = by_task[task]
        first = found[OURS][0]
        parts = [
            f"{summary(found)} The best expected score is {first.best:.3f}, the recipe's {first.recipe:.3f} (regret "
            f"{first.best - first.recipe:.3f}).",
            f"{explain(found)} {left_out}".rstrip(),
            table(found),
        ]
        said = "\n\n".join(parts)
        print(f"\n{task}\n{said}")
        text = replace_between(text, f"<!-- {task} -->", f"<!-- end of {task} -->", said)
    if not write:
        return
    KEPT.write_text("".join(json.dumps(asdict(r)) + "\n" for r in results))
    DOCS.write_text(text)
    page = write_page(
        whole_page("Optimizer benchmark", section("Regret against cost", "optimizers", plot(picture(by_task)))),
        ROOT / "build" / "optimizers.html",
    )
    script = [sys.executable, str(ROOT / "docs" / "picture.py"), str(page), str(ROOT / "docs" / "images")]
    subprocess.run([*script, "--section", "optimizers"], check=False)


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
