"""The trainer's face: light, so that a study file can be checked without importing TRL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from pathlib import Path

from rltune.errors import TrainerError
from rltune.space.constraints import Constraint
from rltune.tasks.build import build_task
from rltune.tasks.pairs import demonstrations, preferences
from rltune.trainers.base import ROLES, Reporter, Role, ScoreJob, Scores, TrainJob, unheard
from rltune.trainers.resources import Footprint
from rltune.trainers.trl.algorithms import algorithm_named
from rltune.trainers.trl.batches import batch_constraints
from rltune.trainers.trl.checkpoints import training_only
from rltune.trainers.trl.footprint import footprint
from rltune.trainers.trl.lora import from_section
from rltune.trainers.trl.memory import levels_of
from rltune.trainers.trl.options import ACCELERATE, WHERE, Accelerate, parse_accelerate, processes_of
from rltune.trainers.trl.settings import DEFAULT_ALGORITHM, check_processes, parse
from rltune.types import Scalar, StopReason

_WORK = "rltune.trainers.trl.run"
_LAUNCH = "rltune.trainers.trl.launch"
_PEFT = "peft"


class TrlTrainer:
    """GRPO, RLOO, SFT and DPO by TRL's trainers. A `FrameworkTrainer`; `accelerate`: how trials are launched.

    Without it a trial trains in the process that it is called in; with it in processes that accelerate's launcher
    starts, which report to that one.
    """

    name = "trl"
    launching = frozenset({ACCELERATE})

    def __init__(self, accelerate: Accelerate | None = None) -> None:
        self._accelerate = accelerate

    def fields(self, settings: Mapping[str, object]) -> Mapping[str, object]:
        """See `FrameworkTrainer.fields`: the section `peft` stands for several of them, and so does the precision."""
        fields: dict[str, object] = {n: v for n, v in settings.items() if n not in (ACCELERATE, _PEFT)}
        implied: dict[str, Scalar] = from_section(settings[_PEFT]) if _PEFT in settings else {}
        accelerate = parse_accelerate(settings)
        if accelerate is not None:
            implied |= accelerate.fields
        for name in implied:
            if name in fields:
                raise TrainerError(f"{name} is given twice", where=f"{WHERE}.{name}", hint="remove one of the two")
        return {**fields, **implied}

    def configure(self, settings: Mapping[str, object]) -> TrlTrainer:
        """See `FrameworkTrainer.configure`."""
        return TrlTrainer(parse_accelerate(settings))

    def preload(self) -> None:
        import_module("rltune.trainers.trl.preload").preload()

    def check(self, hyperparameters: Mapping[str, Scalar]) -> None:
        settings = parse(hyperparameters)
        for role in ROLES:
            check_processes(settings, self._processes(role))

    def reports(self, hyperparameters: Mapping[str, Scalar]) -> frozenset[str]:
        """See `FrameworkTrainer.reports`."""
        return parse(hyperparameters).kind.metrics

    def check_data(self, task: str, options: Mapping[str, object], hyperparameters: Mapping[str, Scalar]) -> None:
        """See `FrameworkTrainer.check_data`."""
        algorithm = parse(hyperparameters).algorithm
        if algorithm in ("sft", "dpo"):
            (demonstrations if algorithm == "sft" else preferences)(build_task(task, options), options)

    def constraints(self, hyperparameters: Mapping[str, Scalar], searched: Collection[str]) -> tuple[Constraint, ...]:
        """See `rltune.trainers.capabilities.Constrained`."""
        algorithm = algorithm_named(hyperparameters.get("algorithm", DEFAULT_ALGORITHM)).name
        return batch_constraints({*hyperparameters, *searched}, algorithm, {self._processes(role) for role in ROLES})

    def _processes(self, role: Role) -> int:
        """How many train such a model together."""
        return processes_of(self._accelerate, role)

    def memory_levels(self, hyperparameters: Mapping[str, Scalar], role: Role) -> tuple[str, ...]:
        """See `rltune.trainers.resources.SavesMemory`."""
        return tuple(level.words for level in levels_of(parse(hyperparameters), self._processes(role)))

    def gpus(self, model: str, role: Role) -> int | None:
        """See `rltune.trainers.resources.NeedsGpus`: one for each process that a launcher starts."""
        return None if self._accelerate is None else self._processes(role)

    def foresee(self, parameters: float, hyperparameters: Mapping[str, Scalar]) -> Footprint:
        """See `rltune.trainers.resources.Foresees`."""
        return footprint(parameters, parse(hyperparameters))

    def training_only(self, checkpoint: Path) -> frozenset[Path]:
        """See `rltune.trainers.capabilities.Strips`."""
        return training_only(checkpoint)

    def train(self, job: TrainJob, reporter: Reporter) -> StopReason:
        if self._accelerate is not None:
            return import_module(_LAUNCH).launch_segment(job, reporter, self._accelerate)
        return import_module(_WORK).train_segment(job, reporter)

    def score(self, job: ScoreJob, alive: Callable[[], None] = unheard) -> Scores:
        return import_module(_WORK).score_model(job, alive, shared=self._accelerate is not None)
