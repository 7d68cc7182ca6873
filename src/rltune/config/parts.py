"""The sections of a study file, one class each. Every default carries its reason in its description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from rltune.config.section import Count, Fraction, Positive, Section, Setting, name_only
from rltune.config.units import Duration, Size
from rltune.space.parameters import Parameter

Name = Annotated[str, Field(strict=True, min_length=1, max_length=500)]


class ModelsConfig(Section):
    """The family: the model to tune and the smaller ones that stand in for it."""

    target: Name = Field(description="The model to tune: embedded/xs, embedded/s, embedded/m, a folder or a hub name.")
    proxies: tuple[Name, ...] = Field(
        default=(),
        max_length=20,
        description="Smaller models of the same family to search on; none: the search runs on the target itself.",
    )
    learning_rate_scaling: Literal["width", "none"] = Field(
        default="width",
        description="width: a proxy trains with the learning rate times target width / its own width, since the best "
        "rate under Adam goes with 1/width (arXiv 2203.03466); none: with the same number, as in JF-HPO.",
    )

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for index, proxy in enumerate(self.proxies):
            if proxy == self.target:
                raise _problem(f"the proxy {proxy!r} is the target itself; a proxy is a smaller model")
            if proxy in self.proxies[:index]:
                raise _problem(f"the proxy {proxy!r} is named twice")
        return self


class TaskConfig(Section):
    """The task and its own options, which stand beside the name: `{name: file, train: data/train.parquet}`."""

    model_config = {"extra": "allow"}

    name: Name = Field(
        description="Which task: gsm8k, math, openbookqa, mmlu, amc23, aime24, aime25, arithmetic/easy, "
        "arithmetic/hard, or file for data of your own (docs/tasks.md); its options, such as data and test_ood, stand "
        "beside the name."
    )

    @property
    def options(self) -> dict[str, object]:
        """The task's options, unchecked: the task itself knows them."""
        return dict(self.__pydantic_extra__ or {})


class TrainerConfig(Section):
    """The program that trains."""

    elsewhere: ClassVar[str] = "the trainer's own fields stand under `settings`"

    name: Name = Field(
        description="Which trainer: trl (docs/trl.md), verl (docs/verl.md), command for any other program "
        "(docs/bring-your-own-trainer.md), or module:Class."
    )
    settings: Mapping[str, Setting] = Field(
        default_factory=dict,
        description="trl: its own fields by their own names, peft, accelerate; verl, command: which program is run.",
    )


class SpaceConfig(Section):
    """The searched hyperparameters by name. `from: recipe` starts from the recipe's space and adds or replaces."""

    model_config = {"extra": "allow"}
    __pydantic_extra__: dict[str, Parameter] = Field(init=False)  # pyright: ignore[reportIncompatibleVariableOverride]

    base: Literal["recipe"] | None = Field(
        default=None,
        alias="from",
        description="recipe: extend the recipe's space; absent: these parameters are the whole space.",
    )

    @property
    def parameters(self) -> dict[str, Parameter]:
        return dict(self.__pydantic_extra__)

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.__pydantic_extra__ and self.base is None:
            raise _problem("the space is empty: name at least one hyperparameter, or leave `space` out")
        return self


class BudgetConfig(Section):
    """What the study may spend."""

    time: Duration | None = Field(
        default=None, description="Wall clock of the whole study: seconds, or with units: 5m, 1h30m, 48h, 2d."
    )
    gpu_hours: Positive | None = Field(
        default=None,
        description="Hours that trials hold a GPU, summed over GPUs (over trials where they use none); with `time`, "
        "whichever ends first.",
    )
    search: Fraction = Field(
        default=0.5,
        description="Share of it for the search; the other half pays for confirmation, final training and tests.",
    )
    trials: Count | None = Field(
        default=None,
        description="Largest number of search trials; none: only the time limits it.",
    )

    @model_validator(mode="after")
    def _limits(self) -> BudgetConfig:
        if self.time is None and self.gpu_hours is None:
            raise ValueError("a budget needs time, gpu_hours or both, such as {time: 48h} or {gpu_hours: 400}")
        return self


class ValidationConfig(Section):
    """How a model is scored while the study runs: mean accuracy over sampled answers (mean@k)."""

    prompts: Count = Field(
        default=256,
        description="Validation prompts; with 256 the score's standard error is about 0.03 at most.",
    )
    samples: Count = Field(
        default=4, description="Sampled answers a prompt; more help little, prompts are the larger noise."
    )
    temperature: Positive = Field(default=1.0, description="Sampling temperature; 1 scores the policy that is trained.")


class TestConfig(Section):
    """How the final models are tested, once, on prompts that nothing else touches."""

    __test__ = False  # not a test case, whatever pytest makes of the name

    prompts: Count = Field(
        default=512,
        description="Test prompts; more than in validation, since this is the figure that is reported.",
    )
    samples: Count = Field(default=4, description="Sampled answers a prompt, as in validation.")


class StoppingConfig(Section):
    """Which rules end a run early."""

    preset: Name = Field(
        default="default",
        description="default: catches dying runs, spares healthy ones (docs/stopping.md); paper: its rules to the "
        "letter; off: none.",
    )
    futility: bool = Field(
        default=True,
        description="Whether a search run also ends when its forecast can't come near the best one's reward; no good "
        "run was lost where that was measured (docs/stopping.md).",
    )
    rules: tuple[Mapping[str, object], ...] = Field(
        default=(),
        description="More rules, as {rule: name, threshold: value}; one of the preset's names replaces it; "
        '{rule: "file.py:Class"} is one of your own (docs/stopping.md).',
    )

    @model_validator(mode="after")
    def _named(self) -> Self:
        for index, rule in enumerate(self.rules):
            if not isinstance(rule.get("rule"), str):
                raise _problem(f"rule number {index + 1} needs the key 'rule' with the rule's name")
            if rule["rule"] == "futility" and not self.futility:
                raise _problem("futility is switched off, and a rule of that name is added: remove one of the two")
        return self


class OptimizerConfig(Section):
    """How the next configuration is chosen."""

    elsewhere: ClassVar[str] = "the optimizer's own options stand under `options`"

    name: Name = Field(
        description="joint_fidelity, bohb, optuna, grid, random or recipe: what each is for, docs/optimizers.md."
    )
    options: Mapping[str, object] = Field(
        default_factory=dict,
        description="The optimizer's own options, listed for each in docs/optimizers.md; none: its defaults hold.",
    )


class ExecutorConfig(Section):
    """Where trials run, and what one trial may use."""

    name: Literal["local"] = Field(default="local", description="local: worker processes on this machine.")
    slots: Count | None = Field(
        default=None,
        description="Trials at once; none: as many as there are GPUs for, else the usable cores divided by a trial's "
        "threads.",
    )
    threads: Count = Field(default=1, description="CPU threads of a trial; 1 gives the most steps a second in all.")
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="auto takes a GPU where there is one, so that one file runs everywhere."
    )
    gpus: Count | Mapping[str, Count] | None = Field(
        default=None,
        description="GPUs that a trial has to itself: a number, or {target: 8, proxy: 1} by role or a model's name; "
        "none: as the trainer's settings say, else one.",
    )
    trial_time: Duration | None = Field(
        default=None,
        description="Longest time of one trial; none: not limited, but see stall_time.",
    )
    stall_time: Duration = Field(
        default=600.0,
        description="A trial without a new step or scored batch for so long counts as hanging; loading or compiling a "
        "large model may be silent for minutes.",
    )
    grace_time: Duration = Field(
        default=30.0,
        description="Time a trial gets to save a checkpoint when it is asked to stop; the step under way ends first, "
        "so give large models more.",
    )
    retry_time: Duration = Field(
        default=10.0,
        description="A run that the machine ended (killed, node lost, disk full, GPU failed) is tried again: once at "
        "once, then after so long, then after twice as long each time, since such things often mend by themselves "
        "(docs/failures.md).",
    )
    memory: Size | None = Field(
        default=None, description="Largest resident memory of a trial, such as 8GB; none: not limited."
    )


class TransferConfig(Section):
    """The check whether the proxies' ranking holds on the target; `transfer: false` for `{check: false}`."""

    check: bool = Field(
        default=True, description="false: proxies are believed until the confirmation; without proxies none is needed."
    )
    pairs: Annotated[Count, Field(ge=3, le=100)] = Field(
        default=4,
        description="Configurations, from the proxy's best to a low one; four can show that a proxy misleads.",
    )
    at: Fraction = Field(
        default=0.6, description="Share of the search that is over when it begins: late enough for a spread of scores."
    )
    share: Fraction = Field(
        default=0.25,
        description="Most of the time then left that it may take, at most half of the search's rest; else the "
        "check is skipped, and the log says so.",
    )


class TrackerConfig(Section):
    """An experiment tracker and its own options, which stand beside the name: `{name: wandb, mode: offline}`."""

    model_config = {"extra": "allow"}

    name: Name = Field(description="wandb, mlflow or tensorboard (docs/trackers.md).")

    @property
    def options(self) -> dict[str, object]:
        """The tracker's options, unchecked: the tracker itself knows them."""
        return dict(self.__pydantic_extra__ or {})


class ConfirmConfig(Section):
    """The confirmation of the search's best on the target."""

    top: Count = Field(
        default=3,
        description="Configurations trained on the target; the proxy's best is often not the target's.",
    )


class FinalConfig(Section):
    """The final training of the winner and of the recipe."""

    seeds: Count = Field(default=3, description="Seeds each; three is the least that shows a spread.")


def _switch(value: object) -> object:
    """`false` or `true` for the whole section."""
    if isinstance(value, str):
        text, hint = f"expected true, false or a mapping (key: value), got {value!r}", "write `true` or `false`"
        if value.lower() in ("no", "off", "none", "never"):
            hint = "write `false`: in a study file (YAML 1.2) other words are text"
        raise PydanticCustomError("problem", "{text}", {"text": text, "hint": hint})
    return {"check": value} if isinstance(value, bool) else value


Models = ModelsConfig
Task = Annotated[TaskConfig, name_only()]
Trainer = Annotated[TrainerConfig, name_only()]
Budget = Annotated[BudgetConfig, name_only("time")]
Stopping = Annotated[StoppingConfig, name_only("preset")]
Optimizer = Annotated[OptimizerConfig, name_only()]
Transfer = Annotated[TransferConfig, BeforeValidator(_switch)]
Trackers = Annotated[
    tuple[Annotated[TrackerConfig, name_only()], ...],
    Field(max_length=20),
    BeforeValidator(lambda value: [value] if isinstance(value, (str, Mapping)) else value),
]


def _problem(text: str) -> PydanticCustomError:
    return PydanticCustomError("problem", "{text}", {"text": text})
