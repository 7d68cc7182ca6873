"""The sections that are a figure, or the sentence that says why it isn't there yet."""

from __future__ import annotations

from rltune.report.data import ReportData
from rltune.report.figures.base import Picture
from rltune.report.figures.costs import costs_picture
from rltune.report.figures.curves import kl_picture, loss_picture, reward_picture
from rltune.report.figures.spending import spending_picture
from rltune.report.markup import Html, missing, section, tag
from rltune.report.plots import plot


def spending(data: ReportData) -> Html:
    """Scores over what was spent."""
    return section("Score against cost", "spending", _or_missing(spending_picture(data), "Nothing was evaluated yet."))


def curves(data: ReportData) -> Html:
    """Reward and KL; of algorithms that learn from given answers there is neither, and the loss takes their place."""
    reward = reward_picture(data)
    loss = loss_picture(data) if reward is None else None
    if loss is not None:
        return section("Every run", "curves", tag("h3", "Loss"), plot(loss))
    no_reward, no_kl = (
        "No run has reported a reward.",
        "No run has reported KL to the base model: without a KL term in the loss there is no such metric.",
    )
    if not any(data.records.curves.values()):
        no_reward = no_kl = "No step was trained yet."
    return section(
        "Every run",
        "curves",
        tag("h3", "Reward"),
        _or_missing(reward, no_reward),
        tag("h3", "KL to the base model"),
        _or_missing(kl_picture(data), no_kl),
    )


def costs(data: ReportData) -> Html:
    """What each configuration cost, by model and rung."""
    return section("What each configuration cost", "costs", _or_missing(costs_picture(data), "No trial has ended yet."))


def _or_missing(picture: Picture | None, why: str) -> Html:
    return plot(picture) if picture is not None else missing(why)
