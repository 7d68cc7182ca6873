"""From settings and a job to one launch: what is run, where its metrics and checkpoints will be. Starts nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rltune.errors import CheckpointError, TrainerError
from rltune.trainers.base import TrainJob
from rltune.trainers.command.settings import SCORE, Settings
from rltune.trainers.command.template import Template
from rltune.trainers.command.variables import training_variables
from rltune.trainers.external.checkpoints import Layout, restore, resume_path
from rltune.trainers.external.follow import Leg, Manners
from rltune.trainers.external.patterns import patience
from rltune.trainers.external.program import Program
from rltune.trainers.external.rows import CsvRows, JsonRows, PatternRows
from rltune.trainers.external.streams import LineStream, MetricStream, Naming, ReaderStream
from rltune.trainers.external.tail import Tail
from rltune.trainers.logs.build import READERS
from rltune.types import Scalar


@dataclass(frozen=True, slots=True)
class Launch:
    """One launch, ready to go."""

    program: Program
    layout: Layout
    metrics: Path
    leg: Leg


def plan_launch(settings: Settings, job: TrainJob, workspace: Path) -> Launch:
    """What is run for a job; its checkpoint, if it continues from one, is put where the program looks for it.

    Args:
        workspace: existing folder; each launch has one of its own.

    Raises:
        TrainerError: if a template can't be filled, or the program can't resume but has to.
        CheckpointError: if the checkpoint to continue from can't be used.
    """
    output = workspace / "output"
    output.mkdir(exist_ok=True)
    values = training_variables(settings, job, output, "")
    layout = _layout(settings, values)
    if job.resume_from is not None:
        values["resume_from"] = str(_checkpoint_for(settings, job, layout))
    program = _program(settings, values, workspace, cpu=job.device == "cpu", memory_level=job.memory_level)
    return Launch(program, layout, Path(str(values["metrics"])), _leg(settings, job))


def program_for(settings: Settings, job: TrainJob, workspace: Path) -> Program:
    """The program of a job, to be shown or run by somebody else. Makes no folder, and puts no checkpoint back.

    Raises:
        TrainerError: if a template can't be filled.
    """
    values = training_variables(settings, job, workspace / "output", job.resume_from or "")
    return _program(settings, values, workspace, cpu=job.device == "cpu", memory_level=job.memory_level)


def arguments_of(
    settings: Settings, values: Mapping[str, Scalar], *, resumes: bool, memory_level: int = 0
) -> tuple[str, ...]:
    """The whole argument list, launch prefix included.

    Raises:
        TrainerError: if a template can't be filled.
    """
    lean = min(memory_level, len(settings.memory))
    places = ["prefix", "command", "arguments", *(["resume"] if resumes else []), *([f"memory.{lean}"] if lean else [])]
    return tuple(template.fill(values) for place in places for template in settings.templates[place])


def stream_of(settings: Settings, launch: Launch) -> MetricStream:
    """The metrics of a launch."""
    metrics = settings.metrics
    naming = Naming(metrics.names, metrics.first_step)
    match metrics.format:
        case "json_lines":
            return LineStream(launch.metrics, JsonRows(metrics.step), naming)
        case "csv":
            return LineStream(launch.metrics, CsvRows(metrics.step), naming)
        case "pattern":
            first = launch.leg.start + metrics.first_step
            patterns = [re.compile(text) for text in metrics.pattern]
            ends = None if metrics.ends is None else re.compile(metrics.ends)
            return LineStream(launch.metrics, PatternRows(patterns, first, ends), naming)
        case _:
            return ReaderStream(launch.metrics, READERS[metrics.format], metrics.first_step)


def manners_of(settings: Settings, launch: Launch) -> Manners:
    """How the program behaves."""
    return Manners(
        stops_itself=settings.ends_by_itself,
        exit_seconds=settings.exit_time,
        saves_on_term=settings.saves_on_term,
        grace_seconds=settings.grace_time,
        started=None if settings.started is None else Announcement(launch.program.output, settings.started).made,
    )


class Announcement:
    """Whether something that a regular expression describes has been printed."""

    def __init__(self, output: Path, pattern: str) -> None:
        self._tail = Tail(output)
        self._pattern = re.compile(pattern)

    def made(self) -> bool:
        """Whether it was printed since the last call."""
        return any(self._says(line) for line in self._tail.read())

    def _says(self, line: str) -> bool:
        found = None
        with patience(self._pattern, line):
            found = self._pattern.search(line)
        return found is not None


def check_templates(settings: Settings, job: TrainJob) -> None:
    """Fills all that a launch of the job would fill, and starts nothing.

    Raises:
        TrainerError: if a name has no value or an expression can't be computed with these hyperparameters.
    """
    values = training_variables(settings, job, Path("output"), "checkpoint")
    _layout(settings, values)
    _program(settings, values, Path("workspace"), cpu=False)
    for level in range(len(settings.memory) + 1):
        arguments_of(settings, values, resumes=True, memory_level=level)


def _program(
    settings: Settings, values: dict[str, Scalar], workspace: Path, *, cpu: bool, memory_level: int = 0
) -> Program:
    """The program; adds `metrics` to the values."""
    folder = Path(_one(settings, "folder", values)).expanduser().absolute()
    log = workspace / "log.txt"
    if settings.metrics.file is not None:
        metrics = folder / _one(settings, "metrics.file", values)
    else:
        told = "metrics" in settings.names_in("command", "arguments", "env.")
        metrics = Path(str(values["output"])) / "metrics" if told else log
    values["metrics"] = str(metrics)
    places = [place for place in settings.templates if place.startswith("env.")]
    environment = {place.removeprefix("env."): _one(settings, place, values) for place in places}
    hidden = {"CUDA_VISIBLE_DEVICES": ""} if cpu else {}  # a program may have no other way to be told
    arguments = arguments_of(settings, values, resumes=bool(values["resume_from"]), memory_level=memory_level)
    return Program(arguments, folder, log, {**hidden, **environment})


def _layout(settings: Settings, values: Mapping[str, Scalar]) -> Layout:
    base = Path(_one(settings, "folder", values)).expanduser().absolute()

    def place(template: Template, step: int) -> Path:
        return _found(base, template.fill({**values, "step": step}))

    def optional(name: str) -> Template | None:
        found = settings.templates.get(f"checkpoint.{name}", ())
        return found[0] if found else None

    path, model, marker = settings.templates["checkpoint.path"][0], optional("model"), optional("marker")
    place(path, 1)
    return Layout(
        path=lambda step: place(path, step),
        model=None if model is None else lambda step: place(model, step),
        beside=tuple(_found(base, template.fill(values)) for template in settings.templates["checkpoint.beside"]),
        marker=None if marker is None else lambda step: place(marker, step),
    )


def _found(base: Path, text: str) -> Path:
    """A place that may have an asterisk in it, for what a program makes up itself, such as a time stamp."""
    if "*" not in text:
        return base / text
    pattern = (base / text).relative_to("/")
    return max(Path("/").glob(str(pattern)), default=base / text, key=lambda path: path.stat().st_mtime)


def _checkpoint_for(settings: Settings, job: TrainJob, layout: Layout) -> Path:
    checkpoint = Path(job.resume_from or "")
    if not settings.resumes:
        raise TrainerError(
            f"the program has to continue after step {job.start_step}, but its settings don't say how",
            where="trainer.settings.resume",
            hint='add the arguments, such as `resume: [--resume, "{resume_from}"]`; or have one rung only',
        )
    if not checkpoint.is_dir():
        raise CheckpointError("no such checkpoint", where=str(checkpoint), hint="continue from an older one")
    if settings.checkpoint.put_back:
        return restore(checkpoint, layout, job.start_step)
    return resume_path(checkpoint)


def _leg(settings: Settings, job: TrainJob) -> Leg:
    awaited = {step: frozenset({SCORE}) for step in job.validate_at} if settings.validates_itself else {}
    due = frozenset(step for step in job.checkpoint_at if job.start_step < step < job.stop_step)
    return Leg(job.start_step, job.stop_step, due, awaited, frozenset(settings.metrics.needs))


def _one(settings: Settings, place: str, values: Mapping[str, Scalar]) -> str:
    return settings.templates[place][0].fill(values)


def legs_of(settings: Settings, job: TrainJob) -> Sequence[int]:
    """The steps at which the job's launches end: the last one and, if the study scores checkpoints itself, each that
    it scores: two programs would not fit into one trial's memory."""
    scored = () if settings.validates_itself else job.validate_at
    return sorted({*(step for step in scored if job.start_step < step < job.stop_step), job.stop_step})


def leg_folder(workspace: Path, job: TrainJob) -> Path:
    """The folder of one launch of a segment."""
    return workspace / f"from-{job.start_step:06d}"
