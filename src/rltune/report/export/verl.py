"""The winner as a ready `verl.trainer.main_ppo` command: Hydra overrides of verl 0.9.1, FSDP engine."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from rltune.errors import ReportError
from rltune.report.export.winner import Winner
from rltune.trainers.base import CANONICAL_HYPERPARAMETERS
from rltune.trainers.trl.algorithms import ALGORITHMS
from rltune.trainers.trl.settings import Settings
from rltune.trainers.trl.settings import parse as parse_trl
from rltune.trainers.verl.dialect import ACTOR, ROLLOUT, Dialect
from rltune.trainers.verl.hyperparameters import NAMES, parse
from rltune.trainers.verl.keys import overrides_of
from rltune.types import Scalar

SCHEDULERS = ("constant", "cosine")
"""What verl's FSDP engine knows."""

EXPRESSED = ("num_iterations", "gradient_accumulation_steps", "max_completion_length")
"""TRL's own fields that are exported under another name, or that change no result."""

_MANY_EPOCHS = 100_000


def export_verl(winner: Winner) -> str:
    """A shell script: provenance, the variables to fill in, the command.

    Raises:
        ReportError: if the winner's schedule or batch has no counterpart in verl.
        TrainerError: if a hyperparameter has an impossible value.
    """
    hyperparameters, left_out = _for_verl(winner)
    lines = " \\\n".join(f"  {line}" for line in overrides(hyperparameters, winner))
    # Names without a counterpart: better said than dropped in silence.
    said = f"# not exported, since these are TRL's own fields: {', '.join(left_out)}\n" if left_out else ""
    return f"{winner.comment()}{said}{_variables(winner)}\npython3 -m verl.trainer.main_ppo \\\n{lines}\n"


def overrides(hyperparameters: Mapping[str, Scalar], winner: Winner) -> list[str]:
    """Hydra overrides, quoted for a shell; names with a dollar sign are the script's variables."""
    dialect = Dialect()
    length = winner.response_length
    searched = overrides_of(parse(hyperparameters, dialect), dialect, response=length)
    return [
        'data.train_files="$TRAIN_FILES"',
        'data.val_files="$VAL_FILES"',
        *([] if length is None else [f"data.max_response_length={length}"]),
        f"data.seed={winner.seed}",
        'actor_rollout_ref.model.path="$MODEL"',
        *(shlex.quote(override.text) for override in searched),
        f"{ACTOR}.use_dynamic_bsz=True",
        f"{ROLLOUT}.name=vllm",
        f"{ROLLOUT}.tensor_model_parallel_size=1",
        f"trainer.total_training_steps={winner.horizon}",
        # The loop ends at whichever comes first; steps shall decide.
        f"trainer.total_epochs={_MANY_EPOCHS}",
        "trainer.nnodes=1",
        'trainer.n_gpus_per_node="$GPUS"',
        "trainer.project_name=rltune",
        f"trainer.experiment_name={shlex.quote(str(winner.provenance['study']))}",
    ]


def _for_verl(winner: Winner) -> tuple[Mapping[str, Scalar], list[str]]:
    """The winner's hyperparameters by verl's names, and TRL's own fields that have no counterpart."""
    given = winner.hyperparameters
    shared = (*CANONICAL_HYPERPARAMETERS, "algorithm")
    only_here = [name for name in given if "." in name or (name in NAMES and name not in shared)]
    if only_here or given.get("algorithm", "grpo") not in ALGORITHMS:  # verl trained it
        return given, []
    settings = parse_trl(given)
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


def _variables(winner: Winner) -> str:
    if winner.embedded:
        model = "MODEL=/path/to/your/model  # the study's target is embedded in rltune: name the model to train"
    else:
        model = f"MODEL={shlex.quote(winner.target)}"
    return f"{model}\nTRAIN_FILES=/path/to/train.parquet  # in verl's schema\nVAL_FILES=/path/to/test.parquet\nGPUS=8\n"
