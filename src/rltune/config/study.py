"""The study file as a frozen value: everything that a study is, with all defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from rltune.config.checkpoints import Checkpoints, CheckpointsConfig
from rltune.config.cluster import Executor
from rltune.config.names import check_name
from rltune.config.parts import (
    Budget,
    ConfirmConfig,
    ExecutorConfig,
    FinalConfig,
    Models,
    ModelsConfig,
    Name,
    Optimizer,
    OptimizerConfig,
    SpaceConfig,
    Stopping,
    StoppingConfig,
    Task,
    TestConfig,
    Trackers,
    Trainer,
    TrainerConfig,
    Transfer,
    TransferConfig,
    ValidationConfig,
)
from rltune.config.section import Count, Section, Seed, Value
from rltune.config.warm_start import WarmStart, no_password
from rltune.errors import SpaceError
from rltune.space.constraints import parse_constraint

EMBEDDED_PREFIX = "embedded/"
EMBEDDED_RECIPE = "embedded-grpo"
DEFAULT_RECIPE = "verl-grpo"

EMBEDDED_STEPS = 40
DEFAULT_STEPS = 100


def derive_rungs(steps: int) -> tuple[int, ...]:
    """A quarter, a half and the whole of `steps`: each promotion doubles a run, so a wrong one costs at most half."""
    return tuple(sorted({max(1, round(steps / 4)), max(1, round(steps / 2)), steps}))


def _name(value: str) -> str:
    try:
        return check_name(value)
    except ValueError as error:
        raise PydanticCustomError("name", "{problem}", {"problem": str(error)}) from None


def _increasing(rungs: tuple[int, ...]) -> tuple[int, ...]:
    if any(later <= earlier for earlier, later in zip(rungs, rungs[1:], strict=False)):
        raise PydanticCustomError("rungs", "rungs must increase, got {rungs}", {"rungs": list(rungs)})
    return rungs


def _reaches(rungs: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
    steps = info.data.get("steps")
    if steps is not None and rungs[-1] != steps:
        raise PydanticCustomError(
            "rungs",
            "the last rung must be steps ({steps}), got {last}; write `steps: {last}` or end with {steps}",
            {"steps": steps, "last": rungs[-1]},
        )
    return rungs


def _each_once(trackers: Trackers) -> Trackers:
    names = [tracker.name for tracker in trackers]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise PydanticCustomError("problem", "the tracker {name} is named twice", {"name": repr(twice)})
    return trackers


def _constraint(text: str) -> str:
    try:
        return parse_constraint(text).text
    except SpaceError as error:
        raise PydanticCustomError("problem", "{problem}", {"problem": f"{error.message}; {error.hint}"}) from None


ConstraintText = Annotated[str, Field(strict=True, max_length=1_000), AfterValidator(_constraint)]
"""A constraint as it is written (see `rltune.space.constraints`)."""

Rungs = Annotated[
    tuple[Count, ...],
    Field(min_length=1, max_length=50),
    AfterValidator(_increasing),
    AfterValidator(_reaches),
]


def _embedded(data: Mapping[str, object]) -> bool:
    models = data["models"]
    return isinstance(models, ModelsConfig) and models.target.startswith(EMBEDDED_PREFIX)


def _recipe_of(data: Mapping[str, object]) -> str:
    return EMBEDDED_RECIPE if _embedded(data) else DEFAULT_RECIPE


def _steps_of(data: Mapping[str, object]) -> int:
    return EMBEDDED_STEPS if _embedded(data) else DEFAULT_STEPS


def _rungs_of(data: Mapping[str, object]) -> tuple[int, ...]:
    steps = data["steps"]
    return derive_rungs(steps) if isinstance(steps, int) else ()


class StudyConfig(Section):
    """A study: what is tuned, on what, with which budget.

    Its own JSON (`model_dump(mode="json", by_alias=True)`) is a valid study file that gives an equal value.
    """

    name: Annotated[str, Field(strict=True), AfterValidator(_name)] = Field(
        description="Name of the study, and of its folder."
    )
    models: Models = Field(description="The model to tune and the smaller ones that stand in for it.")
    task: Task = Field(description="What the models are trained to do.")
    trainer: Trainer = Field(
        default=TrainerConfig(name="trl"), description="trl runs wherever PyTorch does, on a CPU too."
    )
    recipe: Name = Field(
        default_factory=_recipe_of,
        description="Published values to start from and to beat; embedded-grpo for embedded models, else verl-grpo.",
    )
    baseline: Mapping[str, Value] = Field(
        default_factory=dict,
        description="Values that the recipe lacks, or that replace its own, in the configuration to beat; none needed.",
    )
    space: SpaceConfig | None = Field(
        default=None,
        description="The searched hyperparameters; none: the recipe's intervals around its values.",
    )
    constraints: tuple[ConstraintText, ...] = Field(
        default=(),
        max_length=100,
        description="What searched values must meet together, beside the trainer's needs: `a divides b` or `a <= b`.",
    )
    fixed: Mapping[str, Value] = Field(
        default_factory=dict,
        description="Hyperparameters held at a value, such as prompts_per_step; none: as in the recipe.",
    )
    budget: Budget = Field(
        description="What the study may spend: 5m, 48h, {gpu_hours: 400}, or {time: 5m, search: 0.5, trials: 40}."
    )
    steps: Count = Field(
        default_factory=_steps_of,
        description="Rollout steps of a full run (r_max): 40 for embedded models, which level off by then; else 100.",
    )
    rungs: Rungs = Field(
        default_factory=_rungs_of,
        description="Steps at which a run is scored and may pause; each default rung doubles the run before it.",
    )
    validation: ValidationConfig = Field(
        default=ValidationConfig(), description="How models are scored while the study runs."
    )
    test: TestConfig = Field(default=TestConfig(), description="How the final models are tested.")
    stopping: Stopping = Field(
        default=StoppingConfig(),
        description="Which rules end a run early: dying ones, and those that are hopelessly behind.",
    )
    optimizer: Optimizer = Field(
        default=OptimizerConfig(name="joint_fidelity"),
        description="joint_fidelity spends most of the budget on small models and short runs.",
    )
    warm_start: WarmStart = Field(
        default=(),
        description="Earlier studies and prior files whose results are prior knowledge (docs/warm-start.md).",
    )
    executor: Executor = Field(
        default=ExecutorConfig(), description="Where trials run: local, which needs no set-up, or ray."
    )
    checkpoints: Checkpoints = Field(
        default=CheckpointsConfig(), description="How much disk checkpoints may take: a size such as 500GB; none: any."
    )
    transfer: Transfer = Field(
        default=TransferConfig(),
        description="Whether the proxies' ranking holds is checked on the target during the search; false: it isn't.",
    )
    confirm: ConfirmConfig = Field(
        default=ConfirmConfig(), description="How many of the search's best are trained on the target."
    )
    final: FinalConfig = Field(default=FinalConfig(), description="How often the winner and the recipe are trained.")
    trackers: Annotated[Trackers, AfterValidator(_each_once)] = Field(
        default=(),
        description="Experiment trackers that follow the study: wandb, mlflow, tensorboard (docs/trackers.md), optuna "
        "(docs/optuna.md).",
    )
    output: Name = Field(default="./studies", description="Folder that the study's own folder is made in; one for all.")
    store: Annotated[Name, AfterValidator(no_password)] | None = Field(
        default=None,
        description="Database URL such as postgresql+psycopg://host/db; none: SQLite in the study's folder.",
    )
    seed: Seed = Field(default=0, description="Seed of everything random; any whole number from 0 does.")
