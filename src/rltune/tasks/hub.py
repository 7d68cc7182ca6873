"""Rows of a data set on the Hugging Face hub, through the datasets library and its cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rltune.errors import TaskError
from rltune.tasks.readers import Row


@dataclass(frozen=True, slots=True)
class HubData:
    """A data set's name on the hub, its configuration there, and a revision (None: the newest)."""

    path: str
    config: str
    revision: str | None = None

    def rows(self, wanted: Sequence[str]) -> list[Row] | None:
        """See `rltune.tasks.source.Source`."""
        try:
            # Imported here since local data needs no datasets library, and it takes seconds to import.
            import datasets  # noqa: PLC0415
        except ImportError as error:
            raise TaskError(
                "data from the hub needs the datasets library, which is not installed",
                where=str(self),
                hint="pip install datasets, or name a folder with the data: `data: path/to/folder`",
            ) from error
        try:
            known = datasets.get_dataset_split_names(self.path, self.config, revision=self.revision)
            split = next((name for name in wanted if name in known), None)
            if split is None:
                return None
            return datasets.load_dataset(self.path, self.config, split=split, revision=self.revision).to_list()  # pyright: ignore[reportAttributeAccessIssue]
        except Exception as error:  # network, disk, cache and script errors of many libraries come through here
            raise TaskError(
                f"the split {wanted[0]!r} can't be loaded from the hub: {type(error).__name__}: {error}",
                where=str(self),
                hint="check the network and HF_HUB_OFFLINE, or name a folder with the data: `data: path/to/folder`",
            ) from error

    def __str__(self) -> str:
        return f"hub:{self.path}/{self.config}"
