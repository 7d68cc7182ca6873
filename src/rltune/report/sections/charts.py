"""The sections that are a figure, or the sentence that says why it isn't there yet."""

from __future__ import annotations

from rltune.report.data import ReportData
from rltune.report.figures.base import Picture
from rltune.report.figures.costs import costs_picture
from rltune.report.figures.curves import kl_picture, reward_picture
from rltune.report.figures.spending import spending_picture
from rltune.report.figures.transfer import transfer_picture
from rltune.report.markup import Html, missing, paragraph, section, tag
from rltune.report.plots import plot


def spending(data: ReportData) -> Html:
    return section("Score against cost", "spending", _or_missing(spending_picture(data), "Nothing was evaluated yet."))


def curves(data: ReportData) -> Html:
    no_kl = "No run has reported KL to the base model: without a KL term in the loss there is no such metric."
    if not any(data.records.curves.values()):
        no_kl = "No step was trained yet."
    return section(
        "Every run",
        "curves",
        tag("h3", "Reward"),
        _or_missing(reward_picture(data), "No step was trained yet."),
        tag("h3", "KL to the base model"),
        _or_missing(kl_picture(data), no_kl),
    )


def costs(data: ReportData) -> Html:
    return section("What each configuration cost", "costs", _or_missing(costs_picture(data), "No trial has ended yet."))


def transfer(data: ReportData) -> Html:
    """The scatter and the rank correlations, with how little they rest on."""
    found = data.summary.transfer
    picture = transfer_picture(data)
    if picture is None:
        text = "No configuration has been trained both on a proxy and to the end on the target yet."
        return section("From proxy to target", "transfer", missing(text))
    if found.spearman is None or found.kendall is None:
        text = f"No rank correlation: {found.note}."
    else:
        text = f"Spearman {found.spearman:.2f}, Kendall {found.kendall:.2f} ({found.note})."
    return section("From proxy to target", "transfer", plot(picture), paragraph(text))


def _or_missing(picture: Picture | None, why: str) -> Html:
    return plot(picture) if picture is not None else missing(why)
