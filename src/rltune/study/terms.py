"""What a study's trainer and its file say about spending, before anything runs. Light: loads no torch, no store."""

from __future__ import annotations

import math
import os
from dataclasses import replace

from rltune.executors.local.gpus import visible_gpus
from rltune.study.blueprint import Blueprint
from rltune.study.disk import free_bytes
from rltune.study.guess import guess_timing
from rltune.study.plan import Plan, PlanTerms, make_plan
from rltune.trainers.build import build_trainer
from rltune.trainers.resources import Footprint, Foresees, SavesMemory


def plan_terms(blueprint: Blueprint, slots: int, there: float | None = None) -> PlanTerms:
    """The study file's words on spending, for the planner. `there`: GPUs in all; None: those of this machine."""
    config, problem, outline = blueprint.config, blueprint.problem, blueprint.outline
    gpus = blueprint.gpus
    if not gpus and there and config.executor.name == "ray":
        gpus = dict.fromkeys(blueprint.models, 1.0)  # that executor reserves one for each
    return PlanTerms(
        budget=math.inf if config.budget.time is None else config.budget.time,
        search_share=config.budget.search,
        trials=config.budget.trials,
        slots=slots,
        search_models=outline.models,
        target=problem.target.name,
        rungs=problem.rungs,
        confirm=config.confirm.top,
        seeds=config.final.seeds,
        search_steps=outline.steps,
        runs=outline.runs,
        design=outline.design,
        tests=1 + len(blueprint.other_tests),
        gpus=gpus,
        there=gpus_there(blueprint) if there is None else int(there),
        pairs=config.transfer.pairs if config.transfer.check and problem.proxies else 0,
        sizes=checkpoint_sizes(blueprint),
        free=free_bytes(blueprint.folder) if config.checkpoints.remote is None else None,
        gpu_seconds=math.inf if config.budget.gpu_hours is None else 3600 * config.budget.gpu_hours,
        limit=config.checkpoints.limit,
    )


def checkpoint_sizes(blueprint: Blueprint) -> dict[str, int]:
    """By model, bytes of a complete checkpoint as its trainer foresees them; none if it can't tell."""
    return {name: footprint.checkpoint_bytes for name, footprint in footprints(blueprint).items()}


def footprints(blueprint: Blueprint) -> dict[str, Footprint]:
    """What the recipe takes on each model, as its trainer foresees it; none if it can't tell."""
    trainer = build_trainer(blueprint.config.trainer.name, blueprint.config.trainer.settings)
    if not isinstance(trainer, Foresees):
        return {}
    recipe = blueprint.hyperparameters
    sizes = {name: model.parameters for name, model in blueprint.models.items()}
    return {name: trainer.foresee(float(size), recipe) for name, size in sizes.items() if size is not None}


def guess_plan(blueprint: Blueprint) -> Plan | None:
    """The plan from the models' sizes alone: starts nothing. None if the trainer can't tell what it will take.

    On a machine without GPUs it is the plan for one that has as many as the largest trial needs.
    """
    config, prints = blueprint.config, footprints(blueprint)
    if prints.keys() != blueprint.models.keys():
        return None
    there = gpus_there(blueprint)
    if config.executor.device != "cpu":
        there = there or max(blueprint.gpus.values(), default=1)
    slots = config.executor.slots or max(1, int(there // min(blueprint.gpus.values(), default=1)))
    terms = replace(plan_terms(blueprint, slots), there=int(there))
    timings = {
        name: guess_timing(
            float(blueprint.models[name].parameters or 0),
            footprint,
            response=footprint.response or blueprint.max_response_length,
            answers=config.validation.prompts * config.validation.samples,
            gpus=blueprint.gpus.get(name, 1),
        )
        for name, footprint in prints.items()
    }
    return replace(make_plan(terms, timings, guessed=True), unit="GPU-hours")


def memory_levels(blueprint: Blueprint) -> dict[str, tuple[str, ...]]:
    """How the trials of each model can save memory, in words; none if the trainer can't."""
    trainer = build_trainer(blueprint.config.trainer.name, blueprint.config.trainer.settings)
    if not isinstance(trainer, SavesMemory):
        return {}
    recipe, target = blueprint.hyperparameters, blueprint.problem.target.name
    return {
        name: tuple(trainer.memory_levels(recipe, "target" if name == target else "proxy")) for name in blueprint.models
    }


def gpus_there(blueprint: Blueprint) -> int:
    """GPUs of this machine that trials may use; 0: they train on the CPU, or on a cluster."""
    executor = blueprint.config.executor
    return 0 if executor.device == "cpu" or executor.name != "local" else len(visible_gpus(os.environ))
