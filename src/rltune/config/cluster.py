"""The executors that a study file can name: on this machine, or on a Ray cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from rltune.config.parts import ExecutorConfig, Name
from rltune.config.section import Count, Positive, name_only

Waiting = Annotated[int, Field(strict=True, ge=0, le=10_000)]


class RayConfig(ExecutorConfig):
    """Trials on a Ray cluster; everything that the local executor knows holds for each trial on its node."""

    name: Literal["ray"] = Field(  # pyright: ignore[reportIncompatibleVariableOverride]
        description="ray: on the nodes of a Ray cluster, which all see the study's folder (docs/cluster.md)."
    )
    slots: Count | None = Field(
        default=None, description="Trials at once; none: as many as the cluster has room for, as nodes come and go."
    )
    gpus: Positive | Mapping[str, Positive] | None = Field(  # pyright: ignore[reportIncompatibleVariableOverride]
        default=None,
        description="GPUs that a trial reserves on one node: a number, or {target: 8, proxy: 0.25} by role or a "
        "model's name; a fraction shares a GPU; none: as the trainer's settings say, else one if the cluster has any.",
    )
    address: Name = Field(
        default="auto", description="The cluster: auto (the one that this machine belongs to), or its head's host:port."
    )
    cpus: Positive | None = Field(default=None, description="CPUs that a trial reserves; none: as many as its threads.")
    resources: Mapping[str, Positive] = Field(
        default_factory=dict,
        description="Other resources of the cluster that each trial reserves, by their names: {highmem: 1}.",
    )
    runtime_env: Mapping[str, object] = Field(
        default_factory=dict,
        description="Ray's runtime environment of the trials: {env_vars: {...}}, {pip: [...]}; no secrets, it is kept.",
    )
    waiting: Waiting = Field(
        default=0,
        description="Trials that may wait for a node that isn't there yet, so that an autoscaler brings one; "
        "0, since without an autoscaler they would wait in vain.",
    )
    trial_ray: Literal["own", "cluster"] = Field(
        default="own",
        description="own: a trial that uses Ray, as verl does, has one of its own on its GPUs; cluster: it joins this "
        "one and reserves its GPUs there itself, as a trial on several nodes must.",
    )

    @model_validator(mode="after")
    def _shares(self) -> Self:
        named = self.gpus if isinstance(self.gpus, Mapping) else {"": self.gpus or 1}
        for name, amount in named.items():
            if amount > 1 and amount != int(amount):
                text = f"expected whole GPUs or a fraction of one, got {amount:g}{f' for {name}' if name else ''}"
                raise PydanticCustomError("problem", "{text}", {"text": text})
        return self


def _local_unless_named(value: object) -> object:
    return {"name": "local", **value} if isinstance(value, Mapping) else value


Executor = Annotated[
    ExecutorConfig | RayConfig,
    Field(discriminator="name"),
    BeforeValidator(_local_unless_named),
    name_only(),
]
