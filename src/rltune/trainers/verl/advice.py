"""What a person should know about the overrides before a run starts: keys that do nothing, or are replaced."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rltune.trainers.verl.dialect import ACTOR, Dialect
from rltune.trainers.verl.override import Override, quoted
from rltune.trainers.verl.owned import CANONICAL, OWNED
from rltune.trainers.verl.setup import Setup
from rltune.types import Scalar

_UNCLIPPED = ("gpg", "bypass_mode")
_CLIPS = ("clip_ratio", "clip_ratio_high")
_LOSS = f"{ACTOR}.policy_loss.loss_mode"
_BATCH, _MINI, _EPOCHS = "data.train_batch_size", f"{ACTOR}.ppo_mini_batch_size", f"{ACTOR}.ppo_epochs"
_ESTIMATOR, _CRITIC, _TRAINER = "algorithm.adv_estimator", "critic.enable", "trainer.use_v1"
ACTING = (_LOSS, _BATCH, _MINI, _EPOCHS, _ESTIMATOR, _CRITIC, _TRAINER)
"""Keys whose values decide whether others act."""


def advise(
    own: Sequence[Override],
    generated: Sequence[Override],
    hyperparameters: Mapping[str, Scalar],
    dialect: Dialect,
    config: Mapping[str, object],
) -> tuple[str, ...]:
    """Sentences for a person.

    Args:
        own: the user's overrides. generated: those of the hyperparameters. config: values of `ACTING`, composed.
    """
    last = {override.key: override for override in own}
    return (
        *_dead(last, dialect),
        *_replaced(last, {o.key: o for o in generated}, hyperparameters),
        *_without_effect(config, hyperparameters),
    )


def needs_critic(config: Mapping[str, object]) -> bool:
    """verl's own rule: `critic.enable` where it is set, else whether the advantage is GAE."""
    enabled = config[_CRITIC]
    return bool(enabled) if enabled is not None else config[_ESTIMATOR] == "gae"


def unacting(names: Iterable[str], setup: Setup) -> dict[str, str]:
    """The hyperparameters among `names` that would change nothing, with the reason."""
    dead = setup.installed.dialect.dead_keys()
    found = {name: f"set {dead[name]}" for name in names if name in dead}
    loss = setup.own(_LOSS)
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


def _without_effect(config: Mapping[str, object], hyperparameters: Mapping[str, Scalar]) -> Iterator[str]:
    for name in (name for name in _CLIPS if name in hyperparameters):
        if config[_LOSS] in _UNCLIPPED:
            yield f"{name} changes nothing with loss_mode={config[_LOSS]}"
        elif _updates(config) <= 1:
            yield (
                f"{name} changes nothing with one update a step: updates_per_step or epochs_per_step has to be above 1"
            )
    if hyperparameters.get("filter_groups") and str(config[_TRAINER]).lower() == "false":
        yield f"filter_groups changes nothing with {_TRAINER}=False: the older trainer has no dynamic sampling"
    if not needs_critic(config):
        for name in (name for name in hyperparameters if name.startswith("critic.")):
            yield f"{name} changes nothing: without GAE there is no value model"


def _updates(config: Mapping[str, object]) -> int:
    """Optimizer updates made from one rollout step."""
    batch, mini, epochs = (int(str(config[key])) for key in (_BATCH, _MINI, _EPOCHS))
    return epochs * math.ceil(batch / max(1, mini))
