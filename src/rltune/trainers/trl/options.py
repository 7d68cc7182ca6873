"""The settings that say how a trial is launched: the section `accelerate` of `trainer.settings`. Light."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from rltune.config.problems import find_problems
from rltune.config.section import Count, Section, name_only
from rltune.errors import TrainerError
from rltune.trainers.base import Role

WHERE = "trainer.settings"
ACCELERATE = "accelerate"


class Accelerate(Section):
    """`accelerate launch` starts each trial as several processes that train together, on one machine."""

    num_processes: Count | Mapping[Role, Count] = Field(
        description="Processes, one a GPU: one number, or {target: 8, proxy: 1} by what the model is."
    )
    config_file: str | None = Field(
        default=None, description="accelerate's own YAML file: FSDP, DeepSpeed, and whatever else it knows."
    )
    deepspeed_config_file: str | None = Field(
        default=None, description="DeepSpeed's own JSON file; accelerate's own file may name one as well."
    )
    mixed_precision: Literal["no", "fp16", "bf16"] | None = Field(
        default=None, description="The same as the fields bf16 and fp16; none: TRL's default, bf16 on a GPU."
    )
    arguments: tuple[str, ...] = Field(default=(), description="More arguments of `accelerate launch`.")
    env: Mapping[str, str] = Field(default_factory=dict, description="Environment variables of the processes.")

    @model_validator(mode="after")
    def _one_file(self) -> Self:
        if self.config_file is not None and self.deepspeed_config_file is not None:
            raise PydanticCustomError(
                "problem", "give either config_file, which may name DeepSpeed's file, or deepspeed_config_file"
            )
        return self

    def processes_for(self, role: Role) -> int:
        """Processes of a trial of the target or of a proxy; 1 for a role that isn't named."""
        if isinstance(self.num_processes, int):
            return self.num_processes
        return self.num_processes.get(role, 1)

    @property
    def fields(self) -> dict[str, bool]:
        """The precision as fields of TRL's configuration."""
        if self.mixed_precision is None:
            return {}
        return {"bf16": self.mixed_precision == "bf16", "fp16": self.mixed_precision == "fp16"}


def processes_of(accelerate: Accelerate | None, role: Role) -> int:
    """Processes of a trial of the target or of a proxy; 1 without a launcher."""
    return 1 if accelerate is None else accelerate.processes_for(role)


class _Launching(Section):
    """The settings that aren't hyperparameters."""

    accelerate: Annotated[Accelerate, name_only("num_processes")] | None = None


def parse_accelerate(settings: Mapping[str, object]) -> Accelerate | None:
    """The checked section `accelerate`; None without one. Other settings are passed over.

    Raises:
        TrainerError: for an unknown key or a wrong value; `where` is its path.
    """
    own = {name: value for name, value in settings.items() if name == ACCELERATE}
    try:
        return _Launching.model_validate(own).accelerate
    except ValidationError as error:
        # A misspelt key explains why another one is missing.
        found = max(find_problems(error, _Launching, own), key=lambda p: p.message.startswith("unknown key"))
        raise TrainerError(found.message, where=f"{WHERE}.{found.path}".rstrip("."), hint=found.hint) from None
