"""How a plan reads in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rltune.cli.words import steps_in_words
from rltune.study.disk import gigabytes
from rltune.study.guess import ERROR
from rltune.study.hours import total
from rltune.words import duration, listed, several


def plan_lines(plan: Mapping[str, object]) -> list[str]:
    """A plan (`Plan.to_json`) in a few sentences."""
    timings, after = plan["timings"], plan["after"]
    assert isinstance(timings, Mapping) and isinstance(after, Mapping)
    lines = [
        f"{model}: {duration(t['step_seconds'])} a step, {duration(t['validate_seconds'])} a validation, "
        f"{duration(t['start_seconds'])} to start"
        for model, t in timings.items()
    ]
    search, budget, full = (float(str(plan[k])) for k in ("search_seconds", "budget", "full_target_seconds"))
    models, steps = plan["search_models"], plan["search_steps"]
    assert isinstance(models, Sequence) and isinstance(steps, Sequence)
    lines.append(
        f"search: {duration(search)} of {duration(budget)}, {'' if plan['capped'] else 'about '}"
        f"{several(plan['search_trials'], 'trial')} on {listed(models)} to {steps_in_words(steps)}, "
        f"{plan['slots']} at once"
    )
    lines.append(
        f"then: {several(after['confirm'], 'configuration')} and the recipe are confirmed on the target "
        f"({duration(full)} each), winner and recipe trained with {several(after['seeds'], 'fresh seed')} and tested: "
        f"about {duration(after['seconds'])}"
    )
    lines += [hours_line(plan), *disk_lines(plan)]
    warnings = plan["warnings"]
    assert isinstance(warnings, Sequence)
    return lines + [f"warning: {warning}" for warning in warnings]


def hours_line(plan: Mapping[str, object]) -> str:
    """`costs about 31 GPU-hours: search 10 (a 7.5, b 2.5), confirm 12, ...`."""
    hours = plan["hours"]
    assert isinstance(hours, Mapping)
    parts = []
    for phase, by_model in hours.items():
        spent = f"{phase} {amount(sum(by_model.values()))}"
        each = ", ".join(f"{model} {amount(value)}" for model, value in by_model.items())
        parts.append(f"{spent} ({each})" if len(by_model) > 1 else spent)
    unsure = f", up to {ERROR} times as much or as little (from the models' sizes)" if plan["guessed"] else ""
    return f"costs about {amount(total(hours))} {plan['unit']}{unsure}: {', '.join(parts)}"


def disk_lines(plan: Mapping[str, object]) -> list[str]:
    """`checkpoints: 91 GB each (target, computed), ...; at most 1.2 TB at a time, 3.0 TB are free`."""
    disk = plan["disk"]
    if not isinstance(disk, Mapping):
        return []
    each = ", ".join(
        f"{model} {gigabytes(size)}{'' if model in disk['measured'] else ' (computed)'}"
        for model, size in disk["sizes"].items()
    )
    free = "" if disk["free"] is None else f", {gigabytes(disk['free'])} are free"
    limit = disk.get("limit")
    if limit is not None and disk["asked"] > limit:
        asked = f"{gigabytes(disk['asked'])} without their limit of {gigabytes(limit)}"
        return [f"checkpoints: {each}; they would take {asked}, so some steps may be trained again{free}"]
    return [f"checkpoints: {each}; all that are kept take {gigabytes(disk['most'])} at most{free}"]


def amount(value: float) -> str:
    """Two significant digits, no exponent: `0.0031`, `4.2`, `310`."""
    return f"{value:.0f}" if value >= 10 else f"{float(f'{value:.2g}'):g}"
