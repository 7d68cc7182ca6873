"""How good forecasts are: error of the final reward from 30 % and 50 % of a run, coverage, stop advice, other sizes.

    python bench/forecast_error.py [--markdown]

The final reward is the mean over the last tenth of the steps. Curves: every recorded run that didn't die, apart for
those that settings were chosen on (even-numbered configurations below 76) and the others, and every published log.
Curves that a forecast refuses are counted and left out for all methods.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from recorded import Recorded, published_logs, recorded_runs
from rltune.curves.forecast import Forecast, forecast
from rltune.curves.series import series
from rltune.curves.sizes import SizedCurve, leave_one_size_out
from rltune.models.embedded import embedded_folder
from rltune.models.inspect import describe_model
from rltune.stopping.labels import label_runs

Array = np.ndarray
TAIL = 0.1
LOOKED_AT = 76
"""Of the wide configurations below this number, the even ones were used to choose the settings of the forecast."""


def last_value(y: Array, horizon: int) -> float:
    return float(y[-1])


def linear(y: Array, horizon: int) -> float:
    slope, level = np.polyfit(np.arange(1, y.size + 1), y, 1)
    return float(np.clip(level + slope * (1 - TAIL / 2) * horizon, 0, 1))


def smoothing(alpha: float) -> Callable[[Array, int], float]:
    def smoothed(y: Array, horizon: int) -> float:
        level = y[0]
        for value in y[1:]:
            level = alpha * value + (1 - alpha) * level
        return float(level)

    return smoothed


def damped_trend(y: Array, horizon: int, alpha: float = 0.3, beta: float = 0.1, damping: float = 0.9) -> float:
    """Holt's smoothing with a damped trend (Gardner and McKenzie 1985): a stronger rival than the plain baselines."""
    level, trend = y[0], 0.0
    for value in y[1:]:
        before = level
        level = alpha * value + (1 - alpha) * (level + damping * trend)
        trend = beta * (level - before) + (1 - beta) * damping * trend
    ahead = (1 - TAIL / 2) * horizon - y.size
    return float(np.clip(level + trend * damping * (1 - damping**ahead) / (1 - damping), 0, 1))


BASELINES: dict[str, Callable[[Array, int], float]] = {
    "last value": last_value,
    "linear": linear,
    "exponential smoothing, 0.1": smoothing(0.1),
    "exponential smoothing, 0.3": smoothing(0.3),
}


@dataclass
class Tally:
    """Absolute errors by method, and how often intervals hold the outcome."""

    errors: dict[str, list[float]] = field(default_factory=dict)
    inside: list[bool] = field(default_factory=list)
    alone: list[bool] = field(default_factory=list)  # the bootstrap interval of the best law alone
    refused: int = 0

    def add(self, rewards: Array, share: float) -> None:
        horizon = rewards.size
        seen = rewards[: round(share * horizon)]
        found = forecast(seen, horizon=horizon)
        if not isinstance(found, Forecast):
            self.refused += 1
            return
        actual = final(rewards)
        guesses = {name: guess(seen, horizon) for name, guess in BASELINES.items()}
        guesses["damped trend (not counted as a baseline)"] = damped_trend(seen, horizon)
        guesses["rltune"] = found.final
        guesses["best law alone (AICc)"] = float(
            found.laws[0].level(np.linspace((1 - TAIL) * horizon, horizon, 9)).mean()
        )
        for name, guess in guesses.items():
            self.errors.setdefault(name, []).append(abs(guess - actual))
        self.inside.append(found.interval[0] <= actual <= found.interval[1])
        low, high = found.laws[0].interval
        self.alone.append(low <= actual <= high)

    def rows(self) -> list[tuple[str, ...]]:
        means = {name: float(np.mean(errors)) for name, errors in self.errors.items()}
        best = min(means[name] for name in BASELINES)
        rows = []
        for name, mean in means.items():
            covered = {"rltune": self.inside, "best law alone (AICc)": self.alone}.get(name)
            cover = f"{np.mean(covered):.0%}" if covered else "–"
            rows.append((name, f"{mean:.4f}", f"{mean / best:.2f}", cover))
        return rows


def final(rewards: Array) -> float:
    return float(rewards[-max(1, round(TAIL * rewards.size)) :].mean())


def healthy(runs: list[Recorded]) -> list[Recorded]:
    """Those that didn't die, each judged among its peers."""
    alive = []
    for key in dict.fromkeys((run.size, run.group, run.seed) for run in runs):
        peers = [run for run in runs if (run.size, run.group, run.seed) == key]
        labels = label_runs([run.curve for run in peers])
        alive += [run for run, label in zip(peers, labels, strict=True) if not label.died]
    return alive


def chosen_on(run: Recorded) -> bool:
    return run.group == "wide" and run.number < LOOKED_AT and run.number % 2 == 0


def show_errors(curves: dict[str, list[Array]], markdown: bool) -> None:
    for label, group in curves.items():
        for share in (0.3, 0.5):
            tally = Tally()
            for rewards in group:
                tally.add(rewards, share)
            print(f"\n{label}, from {share:.0%}: {len(tally.inside)} curves, {tally.refused} refused")
            head = ("method", "mean absolute error", "of the best baseline's", "80 % interval holds")
            for row in (head, *([("---",) * 4] if markdown else []), *tally.rows()):
                print("| " + " | ".join(row) + " |" if markdown else "  ".join(cell.ljust(28) for cell in row))


def show_advice(logs: dict[str, Array]) -> None:
    """Reward given up: final reward less the mean of a tenth of the steps around the advised one (before it, if the run
    would have ended there)."""
    print("\nstop advice (worth 0.01)")
    for name, rewards in logs.items():
        horizon = rewards.size
        for share in (0.3, 0.5, 1.0):
            found = forecast(rewards[: round(share * horizon)], horizon=horizon)
            if not isinstance(found, Forecast):
                print(f"{name} from {share:.0%}: refused, {found.reason}")
                continue
            step, reach = found.advice.step, max(1, round(TAIL * horizon / 2))
            around = rewards[max(0, step - reach) : min(horizon, step + reach)]
            given_up = final(rewards) - float(around.mean())
            print(
                f"{name} from {share:.0%}: stop at {step} of {horizon}, gives up {given_up:+.4f} "
                f"(expected {found.advice.given_up:.4f}), saves {found.advice.saved:.0%}"
            )


def size_runs(runs: list[Recorded]) -> list[SizedCurve]:
    """The family's runs: the same configurations on all sizes, learning rates scaled by width."""
    parameters = {
        size: float(describe_model(str(embedded_folder(f"embedded/{size}"))).parameters or 0)
        for size in ("xs", "s", "m")
    }
    return [
        SizedCurve(parameters[run.size], run.base, series(run.rewards), float(run.rewards.size), f"{run.number}")
        for run in runs
        if run.group == "family"
    ]


def show_sizes(runs: list[Recorded]) -> None:
    sized = size_runs(runs)
    print("\nleave one size out: the curve of a size from those of the others")
    for size in sorted({run.size for run in sized}):
        left = leave_one_size_out(sized, size)
        nearest = min({run.size for run in sized} - {size}, key=lambda other: abs(np.log(other / size)))
        copied = [
            abs(final(other.curve.rewards) - final(found.run.curve.rewards))
            for found in left
            for other in sized
            if other.size == nearest and other.group == found.run.group
        ]
        print(
            f"{size:,.0f} parameters: trajectory error {np.mean([f.error for f in left]):.4f}, final error "
            f"{np.mean([f.final_error for f in left]):.4f} over {len(left)} configurations; "
            f"final reward of the nearest size taken as it is: {np.mean(copied):.4f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    runs = recorded_runs()
    alive = healthy(runs)
    logs = {name: np.array([m.values["reward"] for m in curve]) for name, curve in published_logs().items()}
    curves = {
        "recorded, settings chosen on them": [run.rewards for run in alive if chosen_on(run)],
        "recorded, held out": [run.rewards for run in alive if not chosen_on(run)],
        "published logs": list(logs.values()),
        "held out and published": [run.rewards for run in alive if not chosen_on(run)] + list(logs.values()),
    }
    show_errors({label: group for label, group in curves.items() if group}, arguments.markdown)
    show_advice(logs)
    show_sizes(runs)


if __name__ == "__main__":
    main()
