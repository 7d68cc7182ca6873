"""Earlier studies as prior knowledge: read where the study file names them, kept in the study's own folder.

What was read when a study began is written into `priors/` beside its records: so it goes on with the same knowledge,
even if the earlier study went on, changed or is gone.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from rltune.config.load import StudyFile
from rltune.config.warm_start import EarlierConfig
from rltune.errors import ModelError, PriorError
from rltune.models.inspect import describe_model
from rltune.optimizers.build import LEARNS_FROM_PRIORS
from rltune.priors.evaluation import Prior
from rltune.priors.file import read_prior, write_prior
from rltune.priors.history import prior_of_history
from rltune.priors.mapping import Ground, Mapped, Wishes, map_prior
from rltune.store.base import StudyStore
from rltune.study.address import is_address
from rltune.study.looking import look_at
from rltune.words import listed, several

PRIORS = "priors"
"""The folder, in a study's own, of what it knew beforehand: a prior file each."""


@dataclass(frozen=True, slots=True)
class EarlierStudy:
    """One entry of `warm_start`: as it was read, and in this study's coordinates."""

    place: str
    prior: Prior
    mapped: Mapped

    def lines(self) -> list[str]:
        """What of it can be used, in words."""
        found, prior = self.mapped, self.prior
        of = f", {prior.task}" if prior.task else ""
        lines = [f"{prior.source}{of}: {len(found.task)} of {several(found.total, 'evaluation')} can be used"]
        lines += [f"{several(count, 'evaluation')} left out: {why}" for why, count in found.lost.items()]
        if found.filled:
            values = [f"{name} {value}" for name, value in found.filled.items()]
            meant = "; a name that it has there is told with `rename`" if found.unsearched else ""
            lines.append(f"it says nothing of {listed(list(found.filled))}: taken for {', '.join(values)}{meant}")
        if found.unsearched:
            lines.append(f"not searched here, so passed over: {listed(found.unsearched)}")
        if found.unplaced:
            lines.append(f"of unknown size, taken for the target: {listed(found.unplaced)}")
        if found.rate_factor != 1:
            lines.append(f"its learning rates times {found.rate_factor:.3g}, from its target's width to this one's")
        return lines

    def fact(self) -> dict[str, object]:
        """What the store keeps of it, for reports."""
        return {
            "name": self.prior.source,
            "from": self.place,
            "task": self.prior.task,
            "evaluations": self.mapped.total,
            "used": len(self.mapped.task),
            "weight": self.mapped.task.weight,
            "notes": self.lines()[1:],
        }


def earlier_studies(file: StudyFile, ground: Ground, folder: Path | None = None) -> tuple[EarlierStudy, ...]:
    """All of the study file's.

    Args:
        folder: of a study that has begun: what it knew then is read. None: what the study file names is read now.

    Raises:
        PriorError: if one can't be read, or nothing of it has a place in this study; with its place in the file.
        StudyError, StoreError, ConfigError: if an earlier study can't be opened.
    """
    found = []
    for index, entry in enumerate(file.config.warm_start):
        with file.at(f"warm_start.{index}"):
            prior = read_earlier(entry.place) if folder is None else _kept(folder, index)
            found.append(_mapped(entry, prior, ground))
    return tuple(found)


def doubts(file: StudyFile, studies: Sequence[EarlierStudy]) -> list[str]:
    """What a person should know of them before the study starts."""
    name = file.config.optimizer.name
    if studies and name not in LEARNS_FROM_PRIORS:
        return [f"{name} doesn't learn from earlier studies: `warm_start` does nothing here"]
    return [f"{study.prior.source}: {line}" for study in studies for line in study.lines()[1:]]


@contextmanager
def keeping(folder: Path, studies: Sequence[EarlierStudy]) -> Iterator[None]:
    """Writes them into the study's folder; if what is done with them fails, what was there before is there again.

    Raises:
        PriorError: if they can't be written.
    """
    before = {path: path.read_bytes() for path in (folder / PRIORS).glob("*.jsonl")}
    try:
        _keep(folder, studies)
        yield
    except BaseException:
        shutil.rmtree(folder / PRIORS, ignore_errors=True)
        for path, held in before.items():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(held)
        raise


def _keep(folder: Path, studies: Sequence[EarlierStudy]) -> None:
    for index, study in enumerate(studies):
        path = _path(folder, index)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PriorError(f"it can't be made: {error.strerror or error}", where=str(path.parent)) from error
        write_prior(path, study.prior)


def read_earlier(place: str) -> Prior:
    """What a study (its folder, or `URL#NAME`) or a prior file holds.

    Raises:
        PriorError, StudyError, StoreError, ConfigError: if there is none, or it can't be read.
    """
    if not is_address(place) and not Path(place).expanduser().is_dir():
        return _sized(read_prior(Path(place).expanduser()))
    look = look_at(place if is_address(place) else Path(place).expanduser())
    try:
        return prior_of_study(look.store)
    finally:
        look.store.close()


def prior_of_study(store: StudyStore) -> Prior:
    """The search's and the confirmation's evaluations of a study, finished or not."""
    study = store.study()
    facts, config = study.facts, study.config
    models = _mapping(facts.get("models"))
    sizes = {name: known.get("parameters") for name, known in models.items() if isinstance(known, Mapping)}
    target = models.get(str(facts.get("target")))
    scaled = _mapping(config.get("models")).get("learning_rate_scaling") == "width"
    width = target.get("hidden_size") if scaled and isinstance(target, Mapping) else None
    task = _mapping(config.get("task")).get("name")
    return prior_of_history(
        store.history(),
        {name: float(size) for name, size in sizes.items() if size},
        source=study.name,
        horizon=study.horizon,
        task=None if task is None else str(task),
        fixed=_mapping(facts.get("fixed")),  # pyright: ignore[reportArgumentType]
        width=width,
    )


def _mapped(entry: EarlierConfig, prior: Prior, ground: Ground) -> EarlierStudy:
    if not prior.evaluations:
        raise PriorError(f"{prior.source} holds no evaluation", hint="leave it out, or let it run on first")
    weight = None if entry.weight == "auto" else entry.weight
    mapped = map_prior(prior, Wishes(entry.rename, entry.models, weight), ground)
    if not len(mapped.task):
        why = "; ".join(f"{several(count, 'evaluation')}: {why}" for why, count in mapped.lost.items())
        raise PriorError(
            f"nothing that {prior.source} holds has a place in this study's space ({why})",
            hint="name its hyperparameters as here with `rename: {old: new}`, or leave it out",
        )
    return EarlierStudy(entry.place, prior, mapped)


def _sized(prior: Prior) -> Prior:
    """With the size of each model whose name tells it."""
    sizes: dict[str, float] = {}
    for model in {e.model for e in prior.evaluations if e.model and e.parameters is None}:
        with suppress(ModelError):
            if (parameters := describe_model(model).parameters) is not None:
                sizes[model] = float(parameters)
    known = (e if e.parameters else replace(e, parameters=sizes.get(e.model or "")) for e in prior.evaluations)
    return replace(prior, evaluations=tuple(known))


def _kept(folder: Path, index: int) -> Prior:
    path = _path(folder, index)
    if not path.is_file():
        raise PriorError(
            "what the study knew beforehand is gone from its folder",
            where=str(path),
            hint="restore the file from a backup, or begin a new study",
        )
    return read_prior(path)


def _path(folder: Path, index: int) -> Path:
    return folder / PRIORS / f"{index + 1}.jsonl"


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
