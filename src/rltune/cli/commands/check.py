"""`rltune check`: is the study file sound, and what would it do?"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from sqlalchemy import make_url

from rltune.cli.console import TextConsole
from rltune.cli.plan_words import amount
from rltune.cli.words import number, steps_in_words
from rltune.config.cluster import RayConfig
from rltune.config.load import load_study
from rltune.config.parts import ExecutorConfig
from rltune.config.study import StudyConfig
from rltune.space.combinations import Combinations, combinations
from rltune.study.blueprint import Blueprint, draw_blueprint
from rltune.study.disk import gigabytes
from rltune.study.explain import explain
from rltune.study.guess import ERROR
from rltune.study.preview import Preview, first_launches
from rltune.study.terms import guess_plan
from rltune.words import budget_text, listed, magnitude, several

GUESSED_FROM = 5e7
"""Parameters of a target from which on a guess for GPUs means something."""
UNWRAPPED = 10_000
"""Columns where nobody looks: what reads a pipe wants whole lines."""


def main(file: Path, commands: bool, as_json: bool) -> None:
    """Checks a study file and prints what it would do; `commands`: what its first runs would launch."""
    study = load_study(file)
    with TextConsole(stderr=True).status(f"checking {file}: asking its trainer, reading its data"):
        blueprint = draw_blueprint(study)
    if commands:
        print("\n".join(_launch(preview) for preview in first_launches(blueprint)))
    elif as_json:
        print(json.dumps(describe(blueprint)))
    else:
        tell(blueprint, file, TextConsole(width=None if sys.stdout.isatty() else UNWRAPPED))


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
        "optimizer": {"name": blueprint.config.optimizer.name, **asdict(blueprint.outline)},
        "recipe": {"name": blueprint.config.recipe, "configuration": dict(blueprint.recipe.values)},
        "space": {n: p.model_dump(mode="json", exclude_none=True) for n, p in problem.space.parameters.items()},
        "constraints": [_described(group) for group in combinations(problem.space)],
        "fixed": dict(blueprint.fixed),
        "learning_rate_factors": dict(blueprint.learning_rate_factors),
        "stopping": [dict(rule) for rule in blueprint.rules],
        "notes": list(blueprint.notes),
        "warm_start": [study.fact() for study in blueprint.earlier],
        "gpus": dict(blueprint.gpus),
        "config": blueprint.config.model_dump(mode="json", by_alias=True),
    }


def tell(blueprint: Blueprint, file: Path, console: TextConsole) -> None:
    """The same for people."""
    config, problem = blueprint.config, blueprint.problem
    budget = budget_text(config.budget.time, config.budget.gpu_hours)
    console.print(f"{file} is a valid study file", style="bold green", markup=False)
    for line in (
        f"tunes     {problem.target.name} ({magnitude(problem.target.parameters)} parameters) on {config.task.name}",
        *searching(blueprint),
        *(f"knows     {study.lines()[0]}" for study in blueprint.earlier),
        f"budget    {budget}, {config.budget.search:.0%} of it for the search",
        *afterwards(blueprint),
        f"stops     by {', '.join(str(rule['rule']) for rule in blueprint.rules) or 'no rule'}",
        f"runs on   {_where(config.executor)}",
        f"writes    {blueprint.folder}",
        *_kept(config),
        *_cost_lines(blueprint),
    ):
        console.print(line, markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("hyperparameter", "recipe", "searched"):
        table.add_column(heading)
    for name, parameter in problem.space.parameters.items():
        searched = parameter.allowed() if name in blueprint.outline.swept else "not searched: stays at the recipe"
        table.add_row(name, number(blueprint.recipe.values.get(name, "")), searched)
    for name, value in blueprint.fixed.items():
        table.add_row(name, number(value), "fixed")
    console.print(table)
    for group in combinations(problem.space):
        for line in explain(group):
            console.print(Padding(Text(line), (0, 0, 0, 2), expand=False))
    for name, factor in blueprint.learning_rate_factors.items():
        if factor != 1.0:
            console.print(f"learning rates are the target's; {name} trains with {factor:.3g} times them", markup=False)
    for note in blueprint.notes:
        console.print(f"note: {note}", style="yellow", markup=False)


def _where(executor: ExecutorConfig) -> str:
    """Where trials run, and how many at once."""
    at_once = f", {several(executor.slots, 'trial')} at once" if executor.slots else ""
    if isinstance(executor, RayConfig):
        return f"the Ray cluster {executor.address}{at_once or ', as many trials at once as it has room for'}"
    return f"this machine{at_once}"


def _kept(config: StudyConfig) -> list[str]:
    """What isn't in the study's folder, or not without a limit."""
    kept = config.checkpoints
    lines = [f"          records in {make_url(config.store).render_as_string()}"] if config.store else []
    if kept.remote or kept.limit:
        limit = f", {gigabytes(kept.limit)} at most" if kept.limit else ""
        lines.append(f"          checkpoints {f'at {kept.remote}' if kept.remote else 'there'}{limit}")
    return lines


def afterwards(blueprint: Blueprint) -> list[str]:
    """What follows the search."""
    config, seeds = blueprint.config, several(blueprint.config.final.seeds, "fresh seed")
    others = f" (on {listed(blueprint.other_tests)} too)" if blueprint.other_tests else ""
    if not blueprint.outline.swept:
        return [f"then      trains the recipe on the target with {seeds}, tests it{others}, and writes the report"]
    confirmed = several(config.confirm.top, "configuration")
    return [
        f"then      confirms {confirmed} on the target, trains the winner and the recipe",
        f"          with {seeds} each, tests them{others}, and writes the report",
    ]


def searching(blueprint: Blueprint) -> list[str]:
    """What the optimizer does: on which models, how far, how often, with which options."""
    problem, outline, name = blueprint.problem, blueprint.outline, blueprint.config.optimizer.name
    models = [f"{model} ({magnitude(problem.sizes[model])})" for model in outline.models]
    full = outline.steps == (problem.horizon,)
    how = f"full runs of {several(problem.horizon, 'step')}" if full else f"to {steps_in_words(outline.steps)}"
    lines = [f"searches  on {listed(models)}, with {name}, {how}"]
    if not outline.swept:
        lines = [f"searches  nothing: {name} trains the recipe once, on {listed(models)}"]
    elif outline.runs:
        lines.append(f"          at most {several(outline.runs, 'run')}, over {listed(outline.swept)}")
    elif outline.design:
        lines.append(f"          the first {several(outline.design, 'configuration')} are the initial design")
    if problem.proxies and problem.target.name in outline.models:
        lines.append("          the target is searched on too: a search run may need its memory and its time")
    options = ", ".join(f"{key} {_option(value)}" for key, value in outline.options.items() if value not in (None, {}))
    return [*lines, f"options   {options}"] if options else lines


def _launch(preview: Preview) -> str:
    begins = f"from step {preview.start_step}" if preview.start_step else "from the base model"
    return f"# {preview.model}: the recipe {begins} to step {preview.stop_step}\n{preview.program.script()}\n"


def _option(value: object) -> str:
    return json.dumps(value) if isinstance(value, (dict, list, bool)) else number(value)


def _described(group: Combinations) -> dict[str, object]:
    return {
        "parameters": list(group.names),
        "constraints": [{"constraint": text, "reason": reason} for text, reason in group.constraints],
        "combinations": group.total,
        "possible": group.possible,
        "share": group.share,
        "never": {name: list(values) for name, values in group.never.items()},
        "example": group.example,
    }


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
