"""What a study file may say of each tracker. Light: no tracker's package is imported."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from rltune.config.section import Section

_SECRET = re.compile(r"://[^/:@]*:[^@]*@")


def _plain_uri(value: str) -> str:
    if _SECRET.search(value):
        raise ValueError(
            "an address must not hold a password: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
        )
    return value


def _storage(value: str) -> str:
    if _SECRET.search(value):
        raise ValueError("an address must not hold a password: for PostgreSQL set PGPASSWORD, or use ~/.pgpass")
    return value


def _project(value: str) -> str:
    if odd := re.search(r"[/\\#?%:]", value):
        raise ValueError(f"W&B allows no {odd[0]!r} in the name of a project")
    return value


Text = Annotated[str, Field(strict=True, min_length=1, max_length=500)]


class WandbOptions(Section):
    """Weights & Biases. The key comes from WANDB_API_KEY or `wandb login`, never from the study file."""

    project: Annotated[Text, Field(max_length=128), AfterValidator(_project)] = Field(
        default="rltune", description="The project; a study is a group of runs in it."
    )
    entity: Text | None = Field(default=None, description="The user or team; none: your default one.")
    mode: Literal["online", "offline"] | None = Field(
        default=None, description="offline: files to be sent with `wandb sync`; none: as WANDB_MODE says, else online."
    )
    tags: tuple[Annotated[Text, Field(max_length=64)], ...] = Field(
        default=(), description="Tags that every run gets beside its own."
    )
    folder: Text | None = Field(default=None, description="Where wandb/ is made; none: in the study's folder.")


class MlflowOptions(Section):
    """MLflow. User and password come from MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."""

    tracking_uri: Annotated[Text, AfterValidator(_plain_uri)] | None = Field(
        default=None,
        description="A server or sqlite:///file; none: as MLFLOW_TRACKING_URI says, else mlflow.db in the "
        "study's folder.",
    )
    experiment: Text | None = Field(default=None, description="The experiment; none: one named like the study.")


class TensorboardOptions(Section):
    """TensorBoard."""

    folder: Text | None = Field(
        default=None,
        description="Folder that gets one folder a study, with one a run in it; none: tensorboard/ in the study's.",
    )


class OptunaOptions(Section):
    """Optuna: an evaluation is a trial. PostgreSQL's password comes from PGPASSWORD or ~/.pgpass."""

    storage: Annotated[Text, AfterValidator(_storage)] | None = Field(
        default=None,
        description="A database's URL (sqlite:///file, postgresql+psycopg://host/name), or a journal file; none: "
        "optuna.journal in the study's folder.",
    )
    name: Annotated[Text, Field(max_length=200)] | None = Field(
        default=None, description="The Optuna study's name; none: that of the study."
    )
    fidelities: bool = Field(
        default=True,
        description="Beside the study of all evaluations, one for each model and rung: only there every trial can be "
        "compared with every other.",
    )
