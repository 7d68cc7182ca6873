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
from rltune.config.cluster import RayConfig
from rltune.errors import StudyError
from rltune.executors.base import Depot, Executor, Limits
from rltune.executors.build import build_executor
from rltune.optimizers.build import build_optimizer
from rltune.store.base import StudyState, StudyStore
from rltune.store.open import create_study
from rltune.study.blueprint import Blueprint
from rltune.study.budget import Budget, Resources
from rltune.study.check import CheckTerms, TransferCheck
from rltune.study.closing import Final, Test
from rltune.study.disk import RoomTerms
from rltune.study.estimates import Estimates
from rltune.study.guide import Guide
from rltune.study.loop import StudyLoop
from rltune.study.observer import Observer
from rltune.study.orders import Workshop
from rltune.study.phases import Confirm, Prepare, StudyPhase
from rltune.study.plan import Plan, PlanTerms, make_plan, timings_of
from rltune.study.search import Search
from rltune.study.terms import checkpoint_sizes, memory_levels, plan_terms
from rltune.trainers.base import Scoring

CHECKPOINTS_A_RUN = 8
"""Checkpoints that a full-length run writes at least: a crash costs an eighth of a run at most."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a sitting works with."""

    executor: Executor
    workshop: Workshop
    phases: tuple[StudyPhase, ...]
    estimates: Estimates
    budget: Budget
    resources: Resources
    grace_seconds: float
    terms: PlanTerms

    def loop(
        self, store: StudyStore, clock: Clock, observer: Observer, stop_requested: Callable[[], bool]
    ) -> StudyLoop:
        return StudyLoop(
            store=store,
            executor=self.executor,
            workshop=self.workshop,
            phases=self.phases,
            estimates=self.estimates,
            budget=self.budget,
            resources=self.resources,
            clock=clock,
            observer=observer,
            stop_requested=stop_requested,
            terms=self.terms,
            landing_seconds=2 * self.grace_seconds + 10.0,
        )


def assemble(blueprint: Blueprint, folder: Path, url: str = "") -> Parts:
    """Builds optimizer, executor and phases. `url`: of the study on object storage, if its checkpoints go there."""
    config = blueprint.config
    workshop = make_workshop(blueprint, folder, url)
    executor = make_executor(blueprint)
    terms = plan_terms(blueprint, executor.slots, executor.gpus)
    guide = Guide(
        blueprint.problem,
        lambda problem: build_optimizer(config.optimizer.name, problem, config.optimizer.options),
        terms.slots,
    )
    estimates = Estimates(blueprint.problem, blueprint.recipe)
    phases = (
        Prepare(tuple(blueprint.models)),
        Search(guide, terms, estimates, make_check(blueprint, terms)),
        Confirm(blueprint.problem, blueprint.recipe, guide, terms),
        Final(blueprint.problem, blueprint.recipe),
        Test(blueprint.problem, blueprint.recipe, blueprint.other_tests),
    )
    return Parts(
        executor, workshop, phases, estimates, terms.limits, terms.resources, config.executor.grace_time, terms
    )


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
            terms = plan_terms(blueprint, parts.executor.slots, parts.executor.gpus)
            return make_plan(terms, timings_of(store.study().facts))
        finally:
            store.close()


def make_workshop(blueprint: Blueprint, folder: Path, url: str = "") -> Workshop:
    """What all jobs of the study have in common."""
    config = blueprint.config
    horizon = blueprint.problem.horizon
    validation, kept = config.validation, config.checkpoints
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
        retry_seconds=config.executor.retry_time,
        room=RoomTerms(kept.limit, kept.margin, checkpoint_sizes(blueprint), kept.remote is not None),
        depot=None if kept.remote is None else Depot(url, kept.scratch or ""),
    )


def make_executor(blueprint: Blueprint) -> Executor:
    """The executor that the study file names."""
    config = blueprint.config.executor
    cluster = ("address", "cpus", "resources", "runtime_env", "waiting", "trial_ray")
    return build_executor(
        config.name,
        {
            "slots": config.slots,
            "threads": config.threads,
            "device": config.device,
            "trainers": (blueprint.config.trainer.name,),
            "grace_seconds": config.grace_time,
            "gpus": min(blueprint.gpus.values(), default=1),
            **({name: getattr(config, name) for name in cluster} if isinstance(config, RayConfig) else {}),
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
        "other_tests": list(blueprint.other_tests),
        "fixed": dict(blueprint.fixed),
        "max_response_length": blueprint.max_response_length,
        "space": {
            name: parameter.model_dump(mode="json", exclude_none=True)
            for name, parameter in blueprint.problem.space.parameters.items()
        },
        "constraints": [constraint.text for constraint in blueprint.problem.space.constraints],
        "elsewhere": dict(blueprint.problem.space.elsewhere),
        **({"prior_studies": [study.fact() for study in blueprint.earlier]} if blueprint.earlier else {}),
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
