"""From canonical hyperparameters and TRL's own fields to checked settings. Light: imports no trainer.

A step of `grpo` and `rloo` is one rollout step: `prompts_per_step` x `rollouts` completions are generated, and
`updates_per_step` times `num_iterations` optimizer updates are made from them. A step of `sft` and `dpo` is one update
on `batch_size` rows. TRL counts updates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib.util import find_spec
from types import MappingProxyType

from rltune.errors import TrainerError, did_you_mean
from rltune.trainers.trl.algorithms import Algorithm, algorithm_named
from rltune.trainers.trl.fields import config_fields
from rltune.trainers.trl.lora import NAMES as LORA
from rltune.trainers.trl.lora import Lora, parse_lora
from rltune.trainers.trl.owned import why_owned
from rltune.types import Scalar

SCHEDULERS = ("constant", "linear", "cosine")
DEFAULT_ALGORITHM = "grpo"


@dataclass(frozen=True, slots=True)
class Settings:
    """Canonical hyperparameters with this trainer's defaults; of no meaning are those that the algorithm doesn't know.

    Attributes:
        epochs: of `sft` and `dpo`: how often each row is seen in a run of full length, so that a run learns from the
            first of the rows alone; never less often than that length needs. 0: as often as it needs.
        native: fields of TRL's configuration by their own names. lora: the adapter; None: all weights are trained.
    """

    algorithm: str = DEFAULT_ALGORITHM
    learning_rate: float = 1e-6
    lr_scheduler: str = "constant"
    warmup_steps: int = 0
    clip_ratio: float = 0.2
    grad_clip: float = 1.0
    kl_coef: float = 0.0
    rollouts: int = 8
    prompts_per_step: int = 32
    updates_per_step: int = 1
    temperature: float = 1.0
    batch_size: int = 32
    epochs: float = 0.0
    native: Mapping[str, Scalar] = field(default_factory=dict)
    lora: Lora | None = None

    @property
    def kind(self) -> Algorithm:
        """The algorithm, and all that depends on it."""
        return algorithm_named(self.algorithm)

    @property
    def rows(self) -> int:
        """Rows of training data in one step: prompts, or those of a batch."""
        return self.prompts_per_step if self.kind.generates else self.batch_size

    @property
    def completions(self) -> int:
        """Completions generated in one step."""
        return self.prompts_per_step * self.rollouts

    @property
    def share(self) -> int:
        """Completions or rows of one forward and backward pass, on all processes together."""
        if self.kind.generates:
            return self.completions // (self.updates_per_step * self.accumulation)
        return self.batch_size // self.accumulation

    @property
    def accumulation(self) -> int:
        """Forward and backward passes that make one update (saves memory, changes no result but by rounding)."""
        return int(self.native.get("gradient_accumulation_steps", 1))

    def max_response(self, task_length: int) -> int:
        """The longest completion in tokens: the task's own length unless `max_completion_length` was given."""
        return int(self.native.get("max_completion_length", task_length))

    @property
    def updates(self) -> int:
        """Optimizer updates in one step: how far TRL's counter moves."""
        if not self.kind.generates:
            return 1
        return self.updates_per_step * int(self.native.get("num_iterations", 1))


def parse(hyperparameters: Mapping[str, Scalar]) -> Settings:
    """Checked settings.

    Raises:
        TrainerError: for an unknown name, a field that rltune sets itself, a value of the wrong type or out of range,
            or a batch that can't be divided.
    """
    algorithm = algorithm_named(hyperparameters.get("algorithm", DEFAULT_ALGORITHM))
    types = {f.name: str(f.type) for f in fields(Settings) if f.name not in ("native", "lora")}
    values: dict[str, Scalar] = {"algorithm": algorithm.name, **algorithm.defaults}
    native: dict[str, Scalar] = {}
    lora: dict[str, Scalar] = {}
    for name, value in hyperparameters.items():
        if name in algorithm.canonical:
            values[name] = _typed(name, value, {types[name]})
        elif name in LORA:
            lora[name] = value
        elif name != "algorithm":
            native[name] = _native(name, value, algorithm, types)
    settings = Settings(**values, native=MappingProxyType(native), lora=parse_lora(lora))  # pyright: ignore[reportArgumentType]
    _check_ranges(settings)
    _check_batch(settings)
    return settings


def check_processes(settings: Settings, processes: int) -> None:
    """Passes if each pass of a step can be divided among so many processes.

    Raises:
        TrainerError: if it can't.
    """
    if settings.share % processes:
        what = "prompts_per_step x rollouts" if settings.kind.generates else "batch_size"
        unit = "answers" if settings.kind.generates else "rows"
        raise TrainerError(
            f"{what} makes {settings.share} {unit} a pass, which {processes} processes can't share equally",
            where="hyperparameter " + ("prompts_per_step" if settings.kind.generates else "batch_size"),
            hint="make it, divided by updates_per_step and gradient_accumulation_steps, a multiple of the processes",
        )


def _native(name: str, value: Scalar, algorithm: Algorithm, canonical: Mapping[str, str]) -> Scalar:
    where = f"hyperparameter {name}"
    known = config_fields(algorithm.name)
    if name not in known:
        if name in canonical:
            raise TrainerError(
                f"the algorithm {algorithm.name} has no {name}; it knows {', '.join(algorithm.canonical)}",
                where=where,
                hint=f"take a recipe of this algorithm, such as trl-{algorithm.name}",
            )
        offered = [n for n in known if why_owned(n, algorithm.name) is None]
        raise TrainerError(
            f"unknown hyperparameter {name!r}; expected {', '.join(algorithm.canonical)} or a field of "
            f"trl.{algorithm.config}",
            where=where,
            hint=did_you_mean(name, [*algorithm.canonical, *LORA, *offered]),
        )
    reason = why_owned(name, algorithm.name)
    if reason is not None:
        raise TrainerError(f"{name!r} can't be set in a study", where=where, hint=reason)
    value = _typed(name, value, known[name])
    choices = algorithm.choices.get(name)
    if choices is not None and value not in choices:
        raise TrainerError(f"expected one of {', '.join(map(str, choices))}, got {value!r}", where=where)
    if name in ("num_iterations", "gradient_accumulation_steps") and value < 1:  # pyright: ignore[reportOperatorIssue]
        raise TrainerError(f"expected at least 1, got {value}", where=where)
    if name == "use_vllm" and value and find_spec("vllm") is None:
        raise TrainerError(
            "use_vllm needs the package vllm, which is not installed", where=where, hint="pip install 'trl[vllm]'"
        )
    return value


def _typed(name: str, value: Scalar, types: frozenset[str] | set[str]) -> Scalar:
    """`value` if one of `types` takes it; a whole number is taken where a float is wanted, and 1.0 for an int."""
    if isinstance(value, bool):
        accepted = "bool" in types
    elif isinstance(value, str):
        accepted = bool(types - {"int", "float", "bool", "None"})  # enums and dicts are given as text
    elif isinstance(value, float) and "float" not in types:
        accepted = "int" in types and value.is_integer()
        value = int(value) if accepted else value
    else:
        accepted = bool(types & {"int", "float"})
    if not accepted or (isinstance(value, float) and not math.isfinite(value)):
        wanted = " or ".join(sorted(types - {"None"}))
        raise TrainerError(
            f"expected a value of type {wanted}, got {value!r} ({type(value).__name__})",
            where=f"hyperparameter {name}",
        )
    return float(value) if types == {"float"} else value


def _check_ranges(settings: Settings) -> None:
    if settings.lr_scheduler not in SCHEDULERS:
        raise TrainerError(
            f"expected one of {', '.join(SCHEDULERS)}, got {settings.lr_scheduler!r}",
            where="hyperparameter lr_scheduler",
            hint=did_you_mean(settings.lr_scheduler, SCHEDULERS),
        )
    for name, least in (
        ("rollouts", 2),
        ("prompts_per_step", 1),
        ("updates_per_step", 1),
        ("warmup_steps", 0),
        ("batch_size", 1),
        ("epochs", 0),
    ):
        if getattr(settings, name) < least:
            raise TrainerError(
                f"expected at least {least}, got {getattr(settings, name)}", where=f"hyperparameter {name}"
            )
    for name in ("learning_rate", "kl_coef"):
        if getattr(settings, name) < 0:
            raise TrainerError(f"expected 0 or more, got {getattr(settings, name)}", where=f"hyperparameter {name}")
    for name in ("clip_ratio", "grad_clip", "temperature"):
        if getattr(settings, name) <= 0:
            raise TrainerError(f"expected more than 0, got {getattr(settings, name)}", where=f"hyperparameter {name}")


def _check_batch(settings: Settings) -> None:
    if not settings.kind.generates:
        if settings.batch_size % settings.accumulation:
            raise TrainerError(
                f"batch_size ({settings.batch_size}) must be divisible by gradient_accumulation_steps "
                f"({settings.accumulation})",
                where="hyperparameter gradient_accumulation_steps",
            )
        return
    parts = settings.updates_per_step * settings.accumulation
    if settings.prompts_per_step % settings.updates_per_step:
        raise TrainerError(
            f"prompts_per_step ({settings.prompts_per_step}) must be divisible by updates_per_step "
            f"({settings.updates_per_step})",
            where="hyperparameter updates_per_step",
            hint="each update takes an equal share of the step's prompts",
        )
    if settings.completions % parts:
        raise TrainerError(
            f"prompts_per_step x rollouts ({settings.completions}) must be divisible by updates_per_step x "
            f"gradient_accumulation_steps ({parts})",
            where="hyperparameter gradient_accumulation_steps",
        )
