"""The section of a study file about checkpoints and the disk."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from rltune.config.section import Section, name_only
from rltune.config.units import Size

_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s:][^\s]*")


def _plain_url(value: str) -> str:
    # A password may hold a slash, even an @.
    if re.search(r"://[^/:@]*:[^@]*@", value) or re.search(r"[?#]", value):
        raise PydanticCustomError(
            "password",
            "expected a URL without password, query or fragment; credentials come from the environment, as the "
            "package of its protocol finds them",
        )
    # `::` chains file systems, by which fsspec would read one inside of another.
    if not _URL.fullmatch(value) or "::" in value:
        raise PydanticCustomError(
            "url", "expected a URL such as s3://bucket/prefix (a folder that all machines see: file:///shared/there)"
        )
    if value.startswith("memory:"):
        raise PydanticCustomError("url", "memory: ends with its process, and nothing could go on from there")
    protocol, _, path = value.partition("://")
    # Relative, it would be another folder for each process: file://shared/there is a usual slip.
    if protocol in ("file", "local") and not path.startswith("/"):
        raise PydanticCustomError("url", "expected a whole path after file://, as in file:///shared/there")
    # fsspec would take it for a pattern when it deletes.
    if re.search(r"[*\[\]]", path):
        raise PydanticCustomError("url", "expected a URL without any of *, [ and ]")
    if not path.strip("/"):
        raise PydanticCustomError("url", "expected a folder or a bucket behind ://")
    return value.rstrip("/")


def _whole_path(value: str) -> str:
    if not value.startswith(("/", "~/")) or "\0" in value:
        raise PydanticCustomError(
            "path", "expected a whole path such as /local/scratch: trials run in other folders than this one"
        )
    return value


class CheckpointsConfig(Section):
    """How much disk checkpoints may take; `checkpoints: 500GB` for `{limit: 500GB}`."""

    limit: Size | None = Field(
        default=None,
        description="Bytes that all checkpoints of the study may take together; the least worth keeping go first, and "
        "steps are trained again where one is missed. None: each run that may go on keeps its newest two.",
    )
    margin: Size = Field(
        default=256 * 10**6,
        description="Bytes that stay free beside the checkpoints that trials are expected to write; room for logs "
        "and the study's records. With less no new trial starts (docs/failures.md).",
    )
    remote: Annotated[str, AfterValidator(_plain_url)] | None = Field(
        default=None,
        description="URL on object storage where checkpoints are kept, such as s3://bucket/prefix (docs/cluster.md); "
        "credentials come from the environment. None: in the study's folder.",
    )
    scratch: Annotated[str, AfterValidator(_whole_path)] | None = Field(
        default=None,
        description="With `remote`: a folder on the own disk of each machine that trains, with room for two "
        "checkpoints of each of its trials. None: the system's folder for temporary files.",
    )

    @model_validator(mode="after")
    def _used(self) -> Self:
        if self.scratch is not None and self.remote is None:
            raise PydanticCustomError("problem", "`scratch` does nothing without `remote`")
        return self


Checkpoints = Annotated[CheckpointsConfig, name_only("limit")]
