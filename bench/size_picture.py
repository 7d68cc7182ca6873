"""The law across sizes as a picture: curves of the largest embedded model, predicted from those of the smaller ones.

    python bench/size_picture.py sizes.html && python docs/picture.py sizes.html docs/images --section sizes:640

Eight configurations, each on three sizes with its learning rate scaled by 1/width; of the largest model the law knows
its size and its score before training, and nothing else.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from plotly.subplots import make_subplots

from forecast_error import size_runs
from recorded import recorded_runs
from rltune.curves.phases import centred
from rltune.curves.sizes import LeftOut, leave_one_size_out
from rltune.report.figures.base import Picture, blank_figure
from rltune.report.markup import section
from rltune.report.page import whole_page, write_page
from rltune.report.plots import plot

MEASURED, PREDICTED = "#3f8fe0", "#7c6cf0"


def picture(left: tuple[LeftOut, ...]) -> Picture:
    """One panel a configuration."""
    columns = 4
    rows = -(-len(left) // columns)
    titles = [f"error {found.error:.3f}" for found in left]
    figure = make_subplots(rows, columns, shared_xaxes=True, shared_yaxes=True, subplot_titles=titles)
    figure.update_layout(blank_figure("step", "reward").layout)
    figure.update_layout(legend_y=1.12, margin_t=64)
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
        f"{len(left)} configurations."
    )
    return Picture("sizes", figure, caption, height=520)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path)
    page = parser.parse_args().page
    runs = size_runs(recorded_runs())
    left = leave_one_size_out(runs, max(run.size for run in runs))
    body = section("A size that was never run", "sizes", plot(picture(left)))
    print(write_page(whole_page("Reward law across sizes", body), page))


if __name__ == "__main__":
    main()
