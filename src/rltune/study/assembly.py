"""From a blueprint to the working parts of a study. Here the heavy libraries come in."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rltune import __version__
from rltune.clock import Clock, SystemClock
from rltune.errors import StudyError
from rltune.executors.base import Executor, Limits
from rltune.executors.build import build_executor
from rltune.optimizers.build import build_optimizer
from rltune.store.base import StudyState, StudyStore
from rltune.store.open import create_study
from rltune.study.blueprint import Blueprint
from rltune.study.check import CheckTerms, TransferCheck
from rltune.study.guide import Guide
from rltune.study.loop import StudyLoop
from rltune.study.observer import Observer
from rltune.study.orders import Workshop
from rltune.study.phases import Confirm, Final, Prepare, StudyPhase, Test
from rltune.study.plan import Plan, PlanTerms, make_plan, timings_of
from rltune.study.search import Search
from rltune.study.terms import memory_levels, plan_terms
from rltune.trainers.base import Scoring
from rltune.types import Configuration

CHECKPOINTS_A_RUN = 8
"""Checkpoints that a full-length run writes at least: a crash costs an eighth of a run at most."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a sitting works with."""

    executor: Executor
    workshop: Workshop
    phases: tuple[StudyPhase, ...]
    recipe: Configuration
    budget: float
    grace_seconds: float

    def loop(
        self, store: StudyStore, clock: Clock, observer: Observer, stop_requested: Callable[[], bool]
    ) -> StudyLoop:
        return StudyLoop(
            store=store,
            executor=self.executor,
            workshop=self.workshop,
            phases=self.phases,
            recipe=self.recipe,
            limit=self.budget,
            clock=clock,
            observer=observer,
            stop_requested=stop_requested,
            landing_seconds=2 * self.grace_seconds + 10.0,
        )


def assemble(blueprint: Blueprint, folder: Path) -> Parts:
    """Builds optimizer, executor and phases."""
    config = blueprint.config
    workshop = make_workshop(blueprint, folder)
    executor = make_executor(blueprint)
    guide = Guide(
        blueprint.problem, lambda problem: build_optimizer(config.optimizer.name, problem, config.optimizer.options)
    )
    terms = plan_terms(blueprint, executor.slots)
    phases = (
        Prepare(tuple(blueprint.models)),
        Search(guide, terms, make_check(blueprint, terms)),
        Confirm(blueprint.problem, blueprint.recipe, guide, terms),
        Final(blueprint.problem, blueprint.recipe),
        Test(blueprint.problem, blueprint.recipe, blueprint.other_tests),
    )
    return Parts(executor, workshop, phases, blueprint.recipe, terms.budget, config.executor.grace_time)


def measure_plan(
    blueprint: Blueprint, observer: Observer, stop_requested: Callable[[], bool], clock: Clock | None = None
) -> Plan:
    """Times a few steps on each model, in a folder that is thrown away, and plans with them.

    Raises:
        StudyError: if a model can't be timed, or `stop_requested` said so.
    """
    # Where the study would lie: a checkpoint of a large model doesn't fit into every /tmp.
    place = next(p for p in blueprint.folder.absolute().parents if p.is_dir())
    with tempfile.TemporaryDirectory(prefix=".rltune-plan-", dir=place) as scratch:
        folder = Path(scratch) / blueprint.config.name
        store = create_study(folder, blueprint.config.name, {})
        parts = assemble(blueprint, folder)
        prepare = replace(parts, phases=parts.phases[:1])
        try:
            if prepare.loop(store, clock or SystemClock(), observer, stop_requested).run() is not StudyState.FINISHED:
                raise StudyError("interrupted before all models were timed", where="plan")
            return make_plan(plan_terms(blueprint, parts.executor.slots), timings_of(store.study().facts))
        finally:
            store.close()


def make_workshop(blueprint: Blueprint, folder: Path) -> Workshop:
    """What all jobs of the study have in common."""
    config = blueprint.config
    horizon = blueprint.problem.horizon
    validation = config.validation
    return Workshop(
        folder=folder.absolute(),
        trainer=config.trainer.name,
        model_paths=blueprint.model_paths,
        task=config.task.name,
        task_options=config.task.options,
        fixed=blueprint.fixed,
        learning_rate_factors=blueprint.learning_rate_factors,
        rungs=blueprint.problem.rungs,
        validation=Scoring(validation.prompts, validation.samples, validation.temperature),
        test=Scoring(config.test.prompts, config.test.samples, validation.temperature),
        rules=blueprint.rules,
        final_rules=tuple(rule for rule in blueprint.rules if rule["rule"] == "non_finite"),
        checkpoint_every=max(1, horizon // CHECKPOINTS_A_RUN),
        seed=config.seed,
        threads=config.executor.threads,
        device=config.executor.device,
        limits=Limits(config.executor.trial_time, config.executor.stall_time, config.executor.memory),
        settings=blueprint.trainer_settings,
        target=blueprint.problem.target.name,
        gpus=blueprint.gpus,
        memory_levels=memory_levels(blueprint),
    )


def make_executor(blueprint: Blueprint) -> Executor:
    """The executor that the study file names."""
    config = blueprint.config.executor
    return build_executor(
        config.name,
        {
            "slots": config.slots,
            "threads": config.threads,
            "device": config.device,
            "trainers": (blueprint.config.trainer.name,),
            "grace_seconds": config.grace_time,
            "gpus": min(blueprint.gpus.values(), default=1),
        },
    )


def make_check(blueprint: Blueprint, terms: PlanTerms) -> TransferCheck | None:
    """The transfer check; None without proxies, or if the study file switches it off."""
    config, problem = blueprint.config.transfer, blueprint.problem
    if not config.check or not problem.proxies:
        return None
    settings = CheckTerms(config.pairs, config.at, config.share, blueprint.config.validation.prompts)
    return TransferCheck(problem, blueprint.recipe, terms, settings)


def facts_of(blueprint: Blueprint) -> Mapping[str, object]:
    """What the store keeps of a blueprint, for reports that are made without it."""
    recipe = blueprint.recipe
    return {
        "recipe": {"configuration": dict(recipe.values), "id": recipe.id, "name": blueprint.config.recipe},
        "models": {
            name: {
                "parameters": info.parameters,
                "hidden_size": info.hidden_size,
                "learning_rate_factor": blueprint.learning_rate_factors[name],
            }
            for name, info in blueprint.models.items()
        },
        "target": blueprint.problem.target.name,
        "rungs": list(blueprint.problem.rungs),
        "fixed": dict(blueprint.fixed),
        "max_response_length": blueprint.max_response_length,
        "space": {
            name: parameter.model_dump(mode="json", exclude_none=True)
            for name, parameter in blueprint.problem.space.parameters.items()
        },
        "constraints": [constraint.text for constraint in blueprint.problem.space.constraints],
        "elsewhere": dict(blueprint.problem.space.elsewhere),
        "versions": {
            "rltune": __version__,
            "python": platform.python_version(),
            **_versions("torch", "trl", "transformers"),
            **blueprint.versions,
        },
    }


def _versions(*packages: str) -> dict[str, str]:
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
