"""Real studies with proxies that can't stand in for the target: does the check see it, and what does it save?

    python bench/bad_transfer.py run [--seeds 1] [--time 5m] [--only misleading]   (on an otherwise idle machine)
    python bench/bad_transfer.py tell                                              (the table, into docs/transfer.md)
    python bench/bad_transfer.py tell --print                                      (only prints it)

GRPO on arithmetic/easy, the target embedded/s, one proxy of bench/bad_proxies.py each: `misleading` was trained on
another task and bears far larger learning rates; `blind` was trained on another task so that no reward ever comes. With
the check and without it, at the same budget.

Studies run one after the other, each in a process of its own; its figures are a file in build/bad_transfer, so that an
interrupted benchmark goes on.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bad_proxies import FOLDER, proxy_folder
from rltune.study.api import create
from rltune.study.check import PAIRING
from rltune.types import Configuration, Phase, Scalar
from standings import replace_between

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "bench" / "data" / "bad_transfer.jsonl"
DOCS = ROOT / "docs" / "transfer.md"
TARGET = "embedded/s"
STUDIED = ("misleading", "blind")
STUDY: Mapping[str, object] = {
    "task": "arithmetic/easy",
    "steps": 40,
    "final": {"seeds": 2},
    # searches on the proxies only: the check alone can leave one
    "optimizer": {"name": "joint_fidelity", "options": {"acquisition": "ei_per_cost"}},
}
SEARCH = 0.5
"""Share of the time for the search."""


@dataclass(frozen=True)
class Result:
    """One study. Accuracies: mean over the final seeds, sampled answers of the test split.

    Attributes:
        verdict: of the check, with its reason; empty without one. pairs: learning rate, worth on proxy and target.
        trials, on_target: of the search, and those of them on the target. seconds: of wall clock.
    """

    proxy: str
    check: bool
    seed: int
    time: str
    verdict: str
    reason: str
    pairs: tuple[tuple[float, float, float], ...]
    trials: int
    on_target: int
    winner: Mapping[str, Scalar]
    recipe: Mapping[str, Scalar]
    accuracy: float
    recipe_accuracy: float
    seconds: float


def path_of(proxy: str, check: bool, seed: int) -> Path:
    return FOLDER / f"{proxy}-{'check' if check else 'none'}-{seed:02d}.json"


def play(proxy: str, check: bool, seed: int, time: str) -> None:
    """One study, to its file."""
    folder = proxy_folder(proxy).relative_to(ROOT)
    terms = {"models": {"target": TARGET, "proxies": [str(folder)]}, "budget": {"time": time, "search": SEARCH}}
    with tempfile.TemporaryDirectory(prefix="bad-transfer-") as output:
        name = f"{proxy}-{'check' if check else 'none'}"
        more = {} if check else {"transfer": False}
        with create({**STUDY, **terms, **more, "name": name, "seed": seed, "output": output}) as study:
            study.run()
            found, facts = study.summary(), study.store.study().facts
            trials = [s for s in study.store.segments() if s.phase is Phase.SEARCH]
            targets = {run.id for run in study.store.runs() if run.model == TARGET}
    assert found.winner is not None and found.recipe is not None, "the study has no winner"
    assert found.winner.mean is not None and found.recipe.mean is not None, f"no test score: {found.undecided}"
    told = found.transfer.check
    result = Result(
        proxy,
        check,
        seed,
        time,
        str(told.get("standing", "skipped" if told else "")),
        str(told.get("reason", "")),
        _pairs(told, facts),
        len(trials),
        sum(segment.run_id in targets for segment in trials),
        dict(found.winner.configuration.values),
        dict(found.recipe.configuration.values),
        found.winner.mean,
        found.recipe.mean,
        found.seconds,
    )
    path_of(proxy, check, seed).write_text(json.dumps(asdict(result)))


def _pairs(told: Mapping[str, object], facts: Mapping[str, object]) -> tuple[tuple[float, float, float], ...]:
    """The check's pairs, by the proxy's order."""
    pairing, pairs = facts.get(PAIRING), told.get("pairs")
    if not isinstance(pairing, Mapping) or not isinstance(pairs, list):
        return ()
    chosen = {c.id: c for c in map(Configuration, pairing["configurations"])}
    found = [(chosen[p["configuration"]].values["learning_rate"], p["proxy"], p["target"]) for p in pairs]
    return tuple(sorted(((float(r), p, t) for r, p, t in found), key=lambda pair: -pair[1]))


def run(arguments: argparse.Namespace) -> None:
    """What is missing."""
    for seed in range(arguments.seeds):
        for proxy in STUDIED:
            for check in (True, False):
                if (arguments.only or "") not in proxy or path_of(proxy, check, seed).exists():
                    continue
                one = [sys.executable, __file__, "study", "--only", proxy, "--seeds", str(seed)]
                one += ["--time", arguments.time, *([] if check else ["--unchecked"])]
                subprocess.run(one, check=True, cwd=ROOT)
                print(row(Result(**json.loads(path_of(proxy, check, seed).read_text()))), flush=True)


def read_results() -> list[Result]:
    """What was run here, or else what is kept of an earlier benchmark."""
    lines = [path.read_text() for path in sorted(FOLDER.glob("*.json"))] or KEPT.read_text().splitlines()
    found = [Result(**json.loads(line)) for line in lines]
    return sorted(found, key=lambda r: (STUDIED.index(r.proxy), r.seed, not r.check))


def table(results: Sequence[Result]) -> str:
    """A row a study."""
    head = "proxy, seed, check, trials (target), pairs: rate: proxy / target, winner's rate, its test accuracy"
    names = [*head.split(", "), "the recipe's"]
    return "\n".join([f"| {' | '.join(names)} |", "|---" * len(names) + "|", *map(row, results)])


def row(r: Result) -> str:
    pairs = "; ".join(f"{rate:.2g}: {proxy:.2f} / {target:.2f}" for rate, proxy, target in r.pairs)
    winner = "the recipe" if r.winner == r.recipe else f"{float(r.winner['learning_rate']):.2g}"
    cells = [r.proxy, str(r.seed), r.verdict or "off", f"{r.trials} ({r.on_target})", pairs or "–", winner]
    return f"| {' | '.join(cells)} | {r.accuracy:.3f} | {r.recipe_accuracy:.3f} |"


def tell(arguments: argparse.Namespace) -> None:
    """Prints the table; keeps the results and writes it into the docs, unless told not to."""
    results = read_results()
    said = table(results)
    print(said, *(f"\n{r.proxy}, seed {r.seed}: {r.reason}" for r in results if r.reason), sep="\n")
    if not arguments.print:
        KEPT.write_text("".join(json.dumps(asdict(r)) + "\n" for r in results))
        DOCS.write_text(replace_between(DOCS.read_text(), "<!-- bad proxies -->", "<!-- end of bad proxies -->", said))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("run", "study", "tell"), help="study: the one that the options name")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--time", default="5m")
    parser.add_argument("--only", help="proxies whose name holds this")
    parser.add_argument("--unchecked", action="store_true", help="of `study`: without the check")
    parser.add_argument("--print", action="store_true", help="of `tell`: only print, write nothing")
    arguments = parser.parse_args()
    if arguments.what == "study":
        play(arguments.only, not arguments.unchecked, arguments.seeds, arguments.time)
    else:
        {"run": run, "tell": tell}[arguments.what](arguments)


if __name__ == "__main__":
    main()
