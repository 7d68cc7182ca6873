"""The law across sizes as a picture: curves of the largest embedded model, predicted from those of the smaller ones.

    python bench/size_picture.py sizes.html && python docs/picture.py sizes.html docs/images --section sizes

Eight configurations, each on three sizes with its learning rate scaled by 1/width; of the largest model the law knows
its size and its score before training, and nothing else.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from plotly.subplots import make_subplots

from forecast_error import size_runs
from recorded import Recorded, recorded_runs
from rltune.curves.phases import centred
from rltune.curves.sizes import LeftOut, leave_one_size_out
from rltune.report.figures.base import Picture, blank_figure
from rltune.report.markup import section
from rltune.report.page import whole_page, write_page
from rltune.report.plots import plot

MEASURED, PREDICTED = "#3f8fe0", "#7c6cf0"


def picture(left: tuple[LeftOut, ...], names: Mapping[str, str]) -> Picture:
    """One panel a configuration; `names` says by group what is particular to it."""
    columns = 4
    rows = -(-len(left) // columns)
    titles = [f"{names[found.run.group]}<br>mean error {found.error:.3f}" for found in left]
    figure = make_subplots(
        rows, columns, shared_xaxes=True, shared_yaxes=True, subplot_titles=titles, vertical_spacing=0.2
    )
    figure.update_layout(blank_figure("", "").layout)
    figure.update_layout(legend_y=1.16, margin_t=80)
    figure.update_annotations(font_size=13)
    figure.update_xaxes(title_text="step", row=rows)
    figure.update_yaxes(title_text="reward", col=1)
    for index, found in enumerate(left):
        place = {"row": index // columns + 1, "col": index % columns + 1, "showlegend": index == 0}
        steps, rewards = found.run.curve.steps, found.run.curve.rewards
        figure.add_scatter(
            x=steps,
            y=rewards,
            mode="markers",
            marker={"size": 3, "color": MEASURED},
            opacity=0.4,
            name="steps",
            **place,
        )
        level = centred(rewards, 7)
        figure.add_scatter(x=steps, y=level, mode="lines", line={"color": MEASURED}, name="measured", **place)
        figure.add_scatter(
            x=steps,
            y=found.predicted,
            mode="lines",
            line={"color": PREDICTED, "dash": "dash", "width": 3},
            name="predicted from the smaller models",
            **place,
        )
    error = np.mean([found.error for found in left])
    caption = (
        f"Reward of GRPO on {left[0].run.size:,.0f} parameters, never fitted: mean absolute error {error:.3f} over "
        f"{len(left)} configurations. Learning rates are those of this model."
    )
    return Picture("sizes", figure, caption, height=580)


def name_of(run: Recorded) -> str:
    """What a configuration is, shortly enough for a panel's title."""
    c = run.configuration
    return f"rate {c['learning_rate']:.2g}, {c['lr_scheduler']}, {c['rollouts']} rollouts, KL {c['kl_coef']:.2g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path)
    page = parser.parse_args().page
    recorded = recorded_runs()
    runs = size_runs(recorded)
    left = leave_one_size_out(runs, max(run.size for run in runs))
    names = {f"{run.number}": name_of(run) for run in recorded if (run.group, run.size) == ("family", "m")}
    body = section("A size that was never run", "sizes", plot(picture(left, names)))
    print(write_page(whole_page("Reward law across sizes", body), page))


if __name__ == "__main__":
    main()
