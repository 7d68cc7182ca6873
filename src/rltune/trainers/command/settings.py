"""The settings of the trainer `command`: which program is run, with which arguments, and what it leaves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from rltune.config.problems import find_problems
from rltune.config.section import Count, Section, name_only
from rltune.config.units import Duration
from rltune.errors import TrainerError
from rltune.trainers.base import Role
from rltune.trainers.command.template import Template
from rltune.trainers.logs.build import READERS
from rltune.types import METRIC_NAMES

SCORE = "score/mean"
OWN_FORMATS = ("json_lines", "csv", "pattern")
_WHERE = "trainer.settings"


def _text(value: object) -> object:
    """Numbers and truth values in an argument list are meant as they stand in the file."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value


Text = Annotated[str, BeforeValidator(_text)]
Arguments = tuple[Text, ...]


class Metrics(Section):
    """Where the program's metrics are, and what it calls them."""

    file: Text | None = Field(
        default=None,
        description="The file with the metrics; none: {metrics}, if its arguments name that, else its output.",
    )
    format: Literal[tuple(dict.fromkeys((*OWN_FORMATS, *READERS)))] = Field(  # pyright: ignore[reportInvalidTypeForm]
        default="json_lines",
        description="json_lines (one object a step), csv (with a header), pattern, or a known trainer's own format.",
    )
    pattern: tuple[str, ...] = Field(
        default=(), description="pattern: regular expressions with the groups `step` and metrics' names."
    )
    ends: str | None = Field(
        default=None, description="pattern: what ends the lines of a step; none: each line stands for itself."
    )
    needs: tuple[str, ...] = Field(
        default=(), description="Canonical metrics that a step waits for, where it is logged in several parts."
    )
    step: str | None = Field(default=None, description="Name of the step number; none: any of the usual ones.")
    first_step: Annotated[int, Field(strict=True, ge=0, le=1)] = Field(
        default=1, description="The program's number of the first rollout step: 0 or 1."
    )
    names: Mapping[str, str] = Field(
        default_factory=dict, description="Canonical name: the program's own. Names of known trainers need none."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name in (*self.names, *self.needs):
            if name not in (*METRIC_NAMES, "validate_seconds") and not name.startswith("score/"):
                raise _problem(f"{name!r} is no canonical metric: {', '.join(METRIC_NAMES)}, score/<name>")
        if (self.format == "pattern") != bool(self.pattern):
            raise _problem("format: pattern and a list `pattern` belong together")
        for text in self.pattern:
            if not _compiled(text).groupindex:
                raise _problem(f"the pattern {text!r} has no named group such as (?P<reward>...)")
        if self.ends is not None:
            _compiled(self.ends)
        if self.format not in OWN_FORMATS and (self.names or self.step):
            raise _problem(f"the format {self.format} has its own names; `names` and `step` are for the others")
        return self


class Checkpoint(Section):
    """Where the program's checkpoints are; `{step}` stands for the step."""

    path: Text = Field(description="The folder or file of a step's checkpoint, such as {output}/checkpoint-{step}.")
    model: Text | None = Field(
        default=None, description="The folder with the weights to score; none: the checkpoint holds them."
    )
    beside: Arguments = Field(
        default=(), description="Files beside the checkpoint that a resume needs, such as {output}/latest."
    )
    marker: Text | None = Field(
        default=None,
        description="A file that tells that the checkpoint is complete: with {step} in its name by being there, else "
        "by holding the step's number; none: it is when the program trains on, ends, or leaves it alone for 30 s.",
    )
    put_back: bool = Field(
        default=False, description="true: a resume finds the checkpoint at `path` again, as if just saved."
    )

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for name in ("path", "model"):
            text = getattr(self, name)
            if text is not None and "{step" not in text:
                raise _problem(f"{name} needs {{step}}: checkpoints of different steps must not share a place")
        names = [text.rpartition("/")[2] for text in self.beside]
        if len(set(names)) < len(names):
            raise _problem("files in `beside` need different names")
        return self


class ScoreProgram(Section):
    """A program that scores a model."""

    command: Annotated[Arguments, Field(min_length=1)] = Field(
        description='Its arguments; it prints, as its last line, or writes to {result}: {"mean": 0.5}.'
    )


class Settings(Section):
    """What stands under `trainer.settings` in a study file."""

    command: Annotated[Arguments, Field(min_length=1)] = Field(description="The program and its arguments.")
    arguments: Arguments = Field(default=(), description="More arguments, after those of `command`.")
    resume: Arguments = Field(default=(), description="Arguments that are added where a run continues.")
    prefix: Arguments = Field(default=(), description="What launches it: srun, accelerate launch, ...")
    folder: Text = Field(default=".", description="Where it runs; relative to where rltune was started.")
    env: Mapping[str, Text] = Field(default_factory=dict, description="Environment variables on top of rltune's own.")
    gpus: Count | Mapping[Role, Count] = Field(
        default=1, description="What {gpus} stands for; as {target: 8, proxy: 1} by what the model is."
    )
    memory: tuple[Arguments, ...] = Field(
        default=(),
        description="Arguments that are added where a trial has run out of memory: first these, then those in place "
        "of them, and so on. They must change no result, as micro-batches and offloading don't.",
    )
    metrics: Annotated[Metrics, name_only("file")] = Field(
        default=Metrics(), description="Where the program's metrics are, and what it calls them."
    )
    checkpoint: Annotated[Checkpoint, name_only("path")] = Field(description="Where the program's checkpoints are.")
    score: Literal["transformers"] | ScoreProgram = Field(
        description="transformers: rltune scores the weights on the study's task; or {command: [...]}, a program."
    )
    started: Annotated[str, AfterValidator(lambda text: _compiled(text).pattern)] | None = Field(
        default=None,
        description="A regular expression on what it prints when the first step begins; none: the first step's own "
        "seconds, if it logs them, tell.",
    )
    stops_itself: bool | None = Field(
        default=None, description="Whether it ends by itself at {stop_step}; none: if its arguments name {stop_step}."
    )
    saves_on_term: bool = Field(
        default=False, description="Whether at SIGTERM it saves a checkpoint of its step, then ends."
    )
    exit_time: Duration = Field(default=60.0, description="How long it may take to end after its last checkpoint.")
    grace_time: Duration = Field(default=10.0, description="How long it gets to end after SIGTERM.")

    @cached_property
    def templates(self) -> Mapping[str, tuple[Template, ...]]:
        """All templates by setting, in order."""
        single = {"folder": self.folder, "metrics.file": self.metrics.file}
        for name in ("path", "model", "marker"):
            single[f"checkpoint.{name}"] = getattr(self.checkpoint, name)
        lists = {name: getattr(self, name) for name in ("command", "arguments", "resume", "prefix")}
        lists |= {f"memory.{level}": texts for level, texts in enumerate(self.memory, 1)}
        lists |= {f"env.{name}": (value,) for name, value in self.env.items()}
        lists |= {name: (value,) for name, value in single.items() if value is not None}
        lists["checkpoint.beside"] = self.checkpoint.beside
        lists["score.command"] = self.score.command if isinstance(self.score, ScoreProgram) else ()
        return {name: tuple(Template(text, name) for text in texts) for name, texts in lists.items()}

    @model_validator(mode="after")
    def _readable(self) -> Self:
        return self if self.templates else self  # a template that can't be read is an error of the settings

    def names_in(self, *places: str) -> frozenset[str]:
        """The names that the templates of these settings use; places as in `templates_in`."""
        return frozenset(name for template in self.templates_in(*places) for name in template.names)

    def templates_in(self, *places: str) -> tuple[Template, ...]:
        """The templates of these settings; a place ending in a dot stands for all below it."""
        return tuple(
            template
            for place, templates in self.templates.items()
            for template in templates
            if any(place == p or (p.endswith(".") and place.startswith(p)) for p in places)
        )

    @property
    def ends_by_itself(self) -> bool:
        """`stops_itself`, or what the arguments say about it."""
        named = "stop_step" in self.names_in("command", "arguments", "resume", "env.")
        return named if self.stops_itself is None else self.stops_itself

    @property
    def resumes(self) -> bool:
        """Whether it can continue from a checkpoint."""
        named = "resume_from" in self.names_in("command", "arguments", "resume", "env.")
        return bool(named or self.resume or self.checkpoint.put_back)

    @property
    def validates_itself(self) -> bool:
        """Whether the program's own metrics hold the validation score."""
        return SCORE in self.metrics.names


def parse(settings: Mapping[str, object]) -> Settings:
    """Checked settings.

    Raises:
        TrainerError: for an unknown key, a wrong value or a template that can't be read; `where` is its path.
    """
    try:
        return Settings.model_validate(dict(settings))
    except ValidationError as error:
        # Of the alternatives for one key, the one that was meant is the one that was followed furthest down; a misspelt
        # key explains why another one is missing.
        problems = find_problems(error, Settings, settings)
        found = max(problems, key=lambda p: (p.path.count("."), p.message.startswith("unknown key")))
        raise TrainerError(found.message, where=f"{_WHERE}.{found.path}".rstrip("."), hint=found.hint) from None


def _compiled(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise _problem(f"{text!r} is no regular expression: {error}") from None


def _problem(text: str) -> PydanticCustomError:
    return PydanticCustomError("problem", "{text}", {"text": text})
