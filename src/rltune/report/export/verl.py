"""The winner as a ready `verl.trainer.main_ppo` command.

Of a study that verl trained: the user's own overrides and environment, under what the study decided. Of another one:
Hydra overrides of verl 0.9.1, FSDP engine, with what else such a command needs.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence

from rltune.errors import ReportError
from rltune.report.export.winner import Winner
from rltune.trainers.base import CANONICAL_HYPERPARAMETERS
from rltune.trainers.external.script import export_lines
from rltune.trainers.trl.settings import Settings
from rltune.trainers.trl.settings import parse as parse_trl
from rltune.trainers.verl.command import MANY_EPOCHS, SEED_KEYS
from rltune.trainers.verl.dialect import ACTOR, KNOWN, ROLLOUT, Dialect
from rltune.trainers.verl.memory import overrides_at
from rltune.trainers.verl.options import Options, parse_options
from rltune.trainers.verl.override import Override, overlay, setting
from rltune.trainers.verl.owned import OWNED
from rltune.trainers.verl.script import Launch
from rltune.trainers.verl.setup import overrides_beside, set_up
from rltune.types import Scalar

SCHEDULERS = ("constant", "cosine")
"""What verl's FSDP engine knows."""

EXPRESSED = ("num_iterations", "gradient_accumulation_steps", "max_completion_length")
"""TRL's own fields that are exported under another name, or that change no result."""

_RESPONSE = "data.max_response_length"

_OTHERS = (
    setting(f"{ACTOR}.use_dynamic_bsz", True),
    setting(f"{ROLLOUT}.name", "vllm"),
    setting(f"{ROLLOUT}.tensor_model_parallel_size", 1),
    setting("trainer.project_name", "rltune"),
)
"""For a study that has no overrides of its own."""


def export_verl(winner: Winner) -> str:
    """A shell script: provenance, the variables to fill in, the command.

    Raises:
        ReportError: if the winner's schedule or batch has no counterpart in verl.
        TrainerError: if a hyperparameter has an impossible value, or the study's own overrides can't be read any more.
    """
    hyperparameters, left_out = _for_verl(winner)
    options = parse_options(winner.settings) if winner.trainer == "verl" else None
    launch = options.launch(os.environ) if options else Launch(_OTHERS, {})
    own = tuple(o for o in launch.overrides if o.key not in OWNED)
    made = _decided(winner, hyperparameters, options, own)
    words = (*_flags(launch), *(shlex.quote(o.text) for o in made), *_filled_in(made))
    # Names without a counterpart: better said than dropped in silence.
    said = f"# not exported, since these are TRL's own fields: {', '.join(left_out)}\n" if left_out else ""
    exported = export_lines(launch.environment)
    if options and options.folder:
        exported += f"cd {shlex.quote(options.folder)}\n"
    lines = " \\\n".join(f"  {word}" for word in words)
    python = shlex.quote(options.python) if options else "python3"
    return (
        f"{winner.comment()}{said}{_variables(winner, options)}{exported}\n"
        f"{python} -m verl.trainer.main_ppo \\\n{lines}\n"
    )


def _decided(
    winner: Winner, hyperparameters: Mapping[str, Scalar], options: Options | None, own: Sequence[Override]
) -> tuple[Override, ...]:
    """The user's overrides, below the winner's, below what the study decides about a run."""
    dialect = Dialect(str(winner.versions.get("verl", KNOWN)) if options else KNOWN)
    length = _response(winner, hyperparameters, own)
    lean = overrides_at(set_up(options), hyperparameters, winner.memory_level, length) if options else ()
    run = [
        *([] if length is None else [setting(_RESPONSE, length)]),
        *(setting(key, winner.seed) for key in (SEED_KEYS if options else SEED_KEYS[:1])),
        setting("trainer.total_training_steps", winner.horizon),
        # The loop ends at whichever comes first; steps shall decide.
        setting("trainer.total_epochs", MANY_EPOCHS),
        setting("trainer.save_freq", winner.horizon),
        setting("trainer.test_freq", winner.horizon),
        setting("trainer.nnodes", options.nodes if options else 1),
        setting("trainer.experiment_name", str(winner.provenance["study"])),
    ]
    return overlay(own, overrides_beside(own, hyperparameters, dialect, length), lean, run)


def _response(winner: Winner, hyperparameters: Mapping[str, Scalar], own: Sequence[Override]) -> int | None:
    """The longest response in tokens: of the study, else of the user's own overrides, else of the task."""
    theirs = next((o.value for o in reversed(own) if o.key == _RESPONSE), None)
    given = str(hyperparameters.get(_RESPONSE, theirs))
    return int(given) if given.isdecimal() else winner.response_length


def _flags(launch: Launch) -> Iterator[str]:
    for flag, value in (("--config-name", launch.config), ("--config-path", launch.config_folder)):
        if value:
            yield f"{flag} {shlex.quote(value)}"


def _filled_in(made: Sequence[Override]) -> Iterator[str]:
    """The overrides that hold the script's variables."""
    keys = {o.key for o in made}
    for key, variable in (("data.train_files", "TRAIN_FILES"), ("data.val_files", "VAL_FILES")):
        if key not in keys:
            yield f'{key}="${variable}"'
    yield 'actor_rollout_ref.model.path="$MODEL"'
    if any(o.key == "algorithm.adv_estimator" and o.value == "gae" for o in made):
        yield 'critic.model.path="$MODEL"'
    yield 'trainer.n_gpus_per_node="$GPUS"'


def _for_verl(winner: Winner) -> tuple[Mapping[str, Scalar], list[str]]:
    """The winner's hyperparameters by verl's names, and TRL's own fields that have no counterpart."""
    if winner.trainer == "verl":
        return winner.hyperparameters, []
    settings = parse_trl(winner.hyperparameters)
    _check(settings, winner)
    values = {name: getattr(settings, name) for name in CANONICAL_HYPERPARAMETERS}
    epochs = int(settings.native.get("num_iterations", 1))
    left_out = [name for name in settings.native if name not in EXPRESSED]
    if settings.lora is not None:
        left_out.append("use_peft")
    return {"algorithm": settings.algorithm, **values, "epochs_per_step": epochs}, left_out


def _check(settings: Settings, winner: Winner) -> None:
    if not settings.kind.generates:
        raise ReportError(
            f"verl's main_ppo can't do what the study did: {settings.algorithm}",
            where=f"configuration {winner.finalist.configuration.id}",
            hint="export it as trl or json",
        )
    if settings.lr_scheduler not in SCHEDULERS:
        raise ReportError(
            f"the winner's schedule is {settings.lr_scheduler}; verl with FSDP has {', '.join(SCHEDULERS)}",
            where=f"configuration {winner.finalist.configuration.id}",
            hint=f"export it as trl or json, or search lr_scheduler over {' and '.join(SCHEDULERS)} only",
        )


def _variables(winner: Winner, options: Options | None) -> str:
    """What a person fills in; of a study that verl trained, as it was."""
    task = winner.config.get("task")
    given = task if options and isinstance(task, Mapping) else {}

    def files(name: str, split: str, placeholder: str) -> str:
        path = given.get(split)
        known = isinstance(path, str) and path.endswith(".parquet")
        return f"{name}={shlex.quote(os.path.abspath(str(path))) if known else placeholder}\n"

    if winner.embedded:
        model = "MODEL=/path/to/your/model  # the study's target is embedded in rltune: name the model to train"
    else:
        model = f"MODEL={shlex.quote(winner.target)}"
    gpus = options.gpus_for(winner.target, "target") if options else 8
    train = files("TRAIN_FILES", "train", "/path/to/train.parquet  # in verl's schema")
    return f"{model}\n{train}{files('VAL_FILES', 'validation', '/path/to/test.parquet')}GPUS={gpus}\n"
