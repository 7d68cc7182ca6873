"""`rltune check`: is the study file sound, and what would it do?"""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from rltune.cli.words import amount, duration, number
from rltune.config.load import load_study
from rltune.study.blueprint import Blueprint, draw_blueprint
from rltune.study.disk import gigabytes
from rltune.study.guess import ERROR
from rltune.study.terms import guess_plan

GUESSED_FROM = 5e7
"""Parameters of a target from which on a guess for GPUs means something."""


def main(file: Path, as_json: bool) -> None:
    blueprint = draw_blueprint(load_study(file))
    if as_json:
        print(json.dumps(describe(blueprint)))
    else:
        tell(blueprint, file, Console(highlight=False))


def describe(blueprint: Blueprint) -> dict[str, object]:
    """The whole resolved study, as JSON."""
    problem = blueprint.problem
    return {
        "valid": True,
        "name": blueprint.config.name,
        "folder": str(blueprint.folder),
        "target": {"name": problem.target.name, "parameters": problem.target.parameters},
        "proxies": [{"name": m.name, "parameters": m.parameters} for m in problem.proxies],
        "rungs": list(problem.rungs),
        "recipe": {"name": blueprint.config.recipe, "configuration": dict(blueprint.recipe.values)},
        "space": {n: p.model_dump(mode="json", exclude_none=True) for n, p in problem.space.parameters.items()},
        "fixed": dict(blueprint.fixed),
        "learning_rate_factors": dict(blueprint.learning_rate_factors),
        "stopping": [dict(rule) for rule in blueprint.rules],
        "notes": list(blueprint.notes),
        "gpus": dict(blueprint.gpus),
        "config": blueprint.config.model_dump(mode="json", by_alias=True),
    }


def tell(blueprint: Blueprint, file: Path, console: Console) -> None:
    """The same for people."""
    config, problem = blueprint.config, blueprint.problem
    console.print(f"{file} is a valid study file", style="bold green", markup=False)
    proxies = ", ".join(f"{m.name} ({m.parameters / 1e6:.3g} M)" for m in problem.proxies) or "none"
    rungs = ", ".join(map(str, problem.rungs))
    others = f" (on {', '.join(blueprint.other_tests)} too)" if blueprint.other_tests else ""
    for line in (
        f"tunes     {problem.target.name} ({problem.target.parameters / 1e6:.3g} M parameters) on {config.task.name}",
        f"searches  on {proxies}, with {config.optimizer.name}, to steps {rungs}",
        f"budget    {duration(config.budget.time)}, {config.budget.search:.0%} of it for the search",
        f"then      confirms {config.confirm.top} configurations on the target, trains the winner and the recipe",
        f"          with {config.final.seeds} fresh seeds each, tests them{others}, and writes the report",
        f"stops     by {', '.join(str(rule['rule']) for rule in blueprint.rules) or 'no rule'}",
        f"writes    {blueprint.folder}",
        *_cost_lines(blueprint),
    ):
        console.print(line, markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("hyperparameter", "recipe", "searched"):
        table.add_column(heading)
    for name, parameter in problem.space.parameters.items():
        table.add_row(name, number(blueprint.recipe.values.get(name, "")), parameter.allowed())
    for name, value in blueprint.fixed.items():
        table.add_row(name, number(value), "fixed")
    console.print(table)
    for name, factor in blueprint.learning_rate_factors.items():
        if factor != 1.0:
            console.print(f"learning rates are the target's; {name} trains with {factor:.3g} times them", markup=False)
    for note in blueprint.notes:
        console.print(f"note: {note}", style="yellow", markup=False)


def _cost_lines(blueprint: Blueprint) -> list[str]:
    """What a full run and its checkpoints take, from the target's size; nothing for what a CPU trains."""
    target = blueprint.problem.target
    plan = guess_plan(blueprint) if target.parameters >= GUESSED_FROM else None
    if plan is None:
        return []
    hours = plan.full_target_seconds * blueprint.gpus.get(target.name, 1) / 3600
    lines = [
        f"costs     about {amount(hours)} GPU-hours a full run of the target, up to {ERROR} times as much or as "
        "little: `rltune plan` measures"
    ]
    if plan.disk is not None:
        sizes = plan.disk.sizes
        lines.append(f"keeps     checkpoints of {gigabytes(sizes[target.name])} of the target, computed from its size")
        lines += [f"warning   {text}" for text in plan.disk.warnings]
    return lines
