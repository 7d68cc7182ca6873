"""The sections that are tables: efficiency, stops and failures."""

from __future__ import annotations

from rltune.analysis.outcomes import Failure
from rltune.report.data import ReportData, percent_text, seconds_text
from rltune.report.markup import Html, join, missing, paragraph, section, table, tag
from rltune.words import several


def efficiency(data: ReportData) -> Html:
    """What the time bought, and what checkpoints and stopping saved."""
    e, work = data.summary.efficiency, data.summary.work
    speed = "–" if e.speed_up is None else f"{e.speed_up:.1f}×"
    tokens = "–" if e.tokens_per_second is None else f"{e.tokens_per_second:,.0f}"
    asked = sum(s.asked - s.step for s in data.summary.stops)
    rows: list[tuple[str, str, str]] = [
        ("average time a trial", seconds_text(e.trial_seconds), f"{e.trials} trials of the search"),
        (
            "a full target trial",
            seconds_text(e.full_run_seconds),
            f"mean of {e.full_runs} target runs from step 0 to {data.records.horizon or 'the last rung'}",
        ),
        ("speed-up against it", speed, "average trial of the search against a full target trial"),
        ("tokens a second, overall", tokens, "prompt and generated tokens over the study's whole wall clock"),
        ("steps trained", f"{work.steps_trained:,}", "over all models and phases"),
        (
            "steps that resuming saved",
            f"{work.steps_saved:,}",
            f"{several(work.promotions, 'promotion')} from a checkpoint",
        ),
        (
            "steps trained twice",
            f"{work.steps_retrained:,}",
            f"runs continued after an interruption: {work.recoveries}; "
            f"{several(work.promotions_exact, 'promotion')} repeated none",
        ),
        (
            "of them for want of room",
            f"{work.steps_retrained_for_room:,}",
            f"their checkpoints were among the {work.checkpoints_deleted:,} that were deleted",
        ),
        (
            "steps that stopping saved",
            f"{asked:,}",
            f"{several(len(data.summary.stops), 'run')}, up to the step they were sent to",
        ),
        (
            "optimizer's share",
            percent_text(e.optimizer_share),
            f"{seconds_text(e.optimizer_seconds)} of the wall clock",
        ),
        (
            "training / validation / start",
            " / ".join(seconds_text(s) for s in (e.train_seconds, e.validate_seconds, e.start_seconds)),
            "of all trials together",
        ),
        *_utilization(data),
        *_phases(data),
    ]
    return section("Efficiency", "efficiency", table(["", "", "what it counts"], rows, numeric=(1,)))


def _phases(data: ReportData) -> list[tuple[str, str, str]]:
    return [(f"phase {n}", seconds_text(s), "wall clock") for n, s in data.summary.seconds_by_phase.items()]


def _utilization(data: ReportData) -> list[tuple[str, str, str]]:
    """How busy GPUs or places were, in all and by phase, and what the rest of their time went into."""
    found = data.summary.utilization
    if found is None:
        return []
    uses = [("utilization", found.whole), *((f"utilization, {name}", use) for name, use in found.by_phase.items())]
    limit = data.summary.budget_gpu_hours
    held = (
        f"{found.unit}-hours held by trials",
        f"{found.whole.held:,.4g}",
        f"of {limit:,.4g} in the budget" if limit else f"of {found.whole.hours:,.4g} that there were",
    )
    return [held, *((name, percent_text(use.busy), f"lost to {use.losses}") for name, use in uses)]


def stopped(data: ReportData) -> Html:
    """Every run that a rule ended, with the reason."""
    stops = data.summary.stops
    if not stops:
        return section("Stopped early", "stops", missing("No rule has stopped a run."))
    rows = [[s.run, s.configuration, s.model, s.rule, f"{s.step} of {s.asked}", s.reason] for s in stops]
    headers = ["run", "configuration", "model", "rule", "step", "reason"]
    return section("Stopped early", "stops", table(headers, rows, numeric=(0, 4)))


def failed(data: ReportData) -> Html:
    """Every failed trial with the end of its log, and the study's own warnings and errors."""
    failures = data.summary.failures
    warned = [e for e in data.records.events if e.level != "info"]
    if not failures and not warned:
        return section("Failures", "failures", paragraph("No trial failed."))
    parts: list[object] = []
    if failures:
        rows = [
            [f.run, f.configuration, f.model, f.kind.replace("_", " "), f.fault, f.step, f.worker or "–", _told(f)]
            for f in failures
        ]
        headers = ["run", "configuration", "model", "kind", "fault", "step", "machine", "reason"]
        parts.append(table(headers, rows, numeric=(0, 5)))
        parts.append(paragraph(_FAULTS, "fine"))
    if warned:
        parts.append(tag("ul", join(tag("li", f"{e.level}: {e.message}") for e in warned)))
    return section("Failures", "failures", *parts)


_FAULTS = (
    "What is the configuration's fault was learned from. What the infrastructure ended went on from its newest "
    "checkpoint, and counts neither as a trial nor against its configuration."
)


def _told(failure: Failure) -> Html:
    return join([f"{failure.reason}. {failure.remedy[:1].upper()}{failure.remedy[1:]}.", _log(failure.log_tail)])


def _log(tail: str) -> Html:
    if not tail.strip():
        return Html("")
    return tag("details", join([tag("summary", "end of its log"), tag("pre", tail[-4000:])]))
