"""What a person should know about the overrides before a run starts: keys that do nothing, or are replaced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rltune.trainers.verl.dialect import ACTOR, Dialect
from rltune.trainers.verl.override import Override, quoted
from rltune.trainers.verl.owned import CANONICAL, OWNED
from rltune.trainers.verl.setup import Setup
from rltune.types import Scalar

_UNCLIPPED = ("gpg", "bypass_mode")
_CLIPS = ("clip_ratio", "clip_ratio_high")


def advise(
    own: Sequence[Override], generated: Sequence[Override], hyperparameters: Mapping[str, Scalar], dialect: Dialect
) -> tuple[str, ...]:
    """Sentences for a person.

    Args:
        own: the user's overrides. generated: those of the hyperparameters.
    """
    last = {override.key: override for override in own}
    return (
        *_dead(last, dialect),
        *_replaced(last, {o.key: o for o in generated}, hyperparameters),
        *_without_effect(last, hyperparameters),
    )


def unacting(names: Iterable[str], setup: Setup) -> dict[str, str]:
    """The hyperparameters among `names` that would change nothing, with the reason."""
    dead = setup.installed.dialect.dead_keys()
    found = {name: f"set {dead[name]}" for name in names if name in dead}
    loss = setup.own(f"{ACTOR}.policy_loss.loss_mode")
    if loss in _UNCLIPPED:
        found |= {name: f"the loss {loss} clips nothing" for name in names if name in _CLIPS}
    return found


def _dead(own: Mapping[str, Override], dialect: Dialect) -> Iterator[str]:
    for key, instead in dialect.dead_keys().items():
        if key in own and key not in OWNED:
            yield f"{key} changes nothing in verl {dialect.version}: set {instead}"
    pair = dialect.clip_ratio
    if pair[0] in own and not (pair[1] in own or pair[2] in own):
        yield f"{pair[0]} alone changes nothing in verl {dialect.version}: rltune sets {pair[1]} and {pair[2]} too"
    ratio = f"{ACTOR}.optim.lr_warmup_steps_ratio"
    if ratio in own and own[ratio].value not in ("0", "0.0", None):
        yield f"{ratio} is a share of the horizon: give `warmup_steps`, which stays the same whatever `steps` is"


def _replaced(
    own: Mapping[str, Override], generated: Mapping[str, Override], hyperparameters: Mapping[str, Scalar]
) -> Iterator[str]:
    """The user's values that a study's hyperparameter replaces by another: what isn't searched may be a slip."""
    for key, override in own.items():
        after = generated.get(key)
        if after is None or after.value is None or override.value is None or _same(override.value, after.value):
            continue
        name = CANONICAL.get(key)
        if name is not None and name in hyperparameters and quoted(hyperparameters[name]) == after.value:
            yield f"{key}={override.value} of your overrides is replaced by the study's {name}: {after.value}"
        else:
            yield f"{key}={override.value} of your overrides is replaced by the study's {after.value}"


def _same(left: str, right: str) -> bool:
    try:
        return float(left) == float(right)
    except ValueError:
        return left.strip("'\"").lower() == right.strip("'\"").lower()


def _without_effect(own: Mapping[str, Override], hyperparameters: Mapping[str, Scalar]) -> Iterator[str]:
    loss = own.get(f"{ACTOR}.policy_loss.loss_mode")
    if loss is not None and (loss.value or "").strip("'\"") in _UNCLIPPED and "clip_ratio" in hyperparameters:
        yield f"clip_ratio changes nothing with loss_mode={loss.value}"
    updates = hyperparameters.get("updates_per_step"), hyperparameters.get("epochs_per_step", 1)
    if updates == (1, 1) and "clip_ratio" in hyperparameters:
        yield "clip_ratio changes nothing with one update a step: updates_per_step or epochs_per_step has to be above 1"
