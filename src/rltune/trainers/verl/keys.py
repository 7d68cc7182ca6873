"""Hyperparameters -> overrides of verl. The one table of them: runs and exports are made from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rltune.errors import TrainerError
from rltune.trainers.verl.algorithms import ALGORITHMS
from rltune.trainers.verl.dialect import ACTOR, ROLLOUT, Dialect
from rltune.trainers.verl.hyperparameters import Settings
from rltune.trainers.verl.override import Override, setting

DEFAULT_RESPONSE = 512
"""verl's data.max_response_length."""

_SINGLE = {
    "learning_rate": f"{ACTOR}.optim.lr",
    "critic_learning_rate": "critic.optim.lr",
    "lr_scheduler": f"{ACTOR}.optim.lr_scheduler_type",
    "entropy_coef": f"{ACTOR}.entropy_coeff",
    "rollouts": f"{ROLLOUT}.n",
    "prompts_per_step": "data.train_batch_size",
    "epochs_per_step": f"{ACTOR}.ppo_epochs",
    "gamma": "algorithm.gamma",
    "gae_lambda": "algorithm.lam",
    "value_clip": "critic.cliprange_value",
    "temperature": f"{ROLLOUT}.temperature",
}
"""Hyperparameters that one key stands for, whatever the version."""


def overrides_of(
    settings: Settings, dialect: Dialect, *, kl_in: str = "loss", response: int | None = None
) -> tuple[Override, ...]:
    """The overrides that act, in the order of the config's own sections; none for what wasn't given.

    Args:
        kl_in: where the KL acts in the user's own overrides, for settings that name neither `kl_in` nor an algorithm.
        response: the longest response in tokens; None: verl's default.

    Raises:
        TrainerError: if this version lacks what a hyperparameter needs.
    """
    return tuple(_generate(settings, dialect, kl_in, response or DEFAULT_RESPONSE))


def kl_place(own: Sequence[Override]) -> str:
    """Where the KL acts in the user's own overrides: "loss" or "reward"."""
    last = next((o for o in reversed(own) if o.key == "algorithm.use_kl_in_reward"), None)
    return "reward" if last is not None and (last.value or "").lower() == "true" else "loss"


def _generate(settings: Settings, dialect: Dialect, kl_in: str, response: int) -> Iterator[Override]:
    values = settings.values
    algorithm = ALGORITHMS.get(str(values.get("algorithm")))
    if algorithm is not None:
        yield setting("algorithm.adv_estimator", algorithm.estimator)
        for key, value in algorithm.settings.items():
            yield setting(key, value)
    for name, key in _SINGLE.items():
        if name in values:
            yield setting(key, values[name])
    if "warmup_steps" in values:
        yield from _warmup(int(values["warmup_steps"]))
    if "updates_per_step" in values:
        yield setting(
            f"{ACTOR}.ppo_mini_batch_size", int(values["prompts_per_step"]) // int(values["updates_per_step"])
        )
    if "grad_clip" in values:
        for key in dialect.grad_clip:
            yield setting(key, values["grad_clip"])
    yield from _clip(settings, dialect)
    if "kl_coef" in values or "kl_in" in values:
        default = algorithm.kl_in if algorithm else kl_in
        yield from _kl(values.get("kl_coef"), str(values.get("kl_in", default)))
    yield from _dapo(settings, dialect, response)
    for key, value in settings.native.items():
        yield setting(key, value)


def _warmup(steps: int) -> Iterator[Override]:
    # Absolute: a ratio would move with the horizon. verl takes the ratio where the steps are not above 0.
    yield setting(f"{ACTOR}.optim.lr_warmup_steps", steps)
    yield setting(f"{ACTOR}.optim.lr_warmup_steps_ratio", 0.0)


def _clip(settings: Settings, dialect: Dialect) -> Iterator[Override]:
    low = settings.values.get("clip_ratio")
    high = settings.values.get("clip_ratio_high", low)
    both, low_key, high_key = dialect.clip_ratio
    if low is not None:
        yield setting(both, low)
        yield setting(low_key, low)
    if high is not None:
        yield setting(high_key, high)


def _kl(coefficient: object, place: str) -> Iterator[Override]:
    """The KL in one place and not in the other; a coefficient of 0 switches it, and the reference model, off."""
    present = coefficient is None or coefficient != 0
    yield setting(f"{ACTOR}.use_kl_loss", present and place == "loss")
    yield setting("algorithm.use_kl_in_reward", present and place == "reward")
    if coefficient is not None:
        key = f"{ACTOR}.kl_loss_coef" if place == "loss" else "algorithm.kl_ctrl.kl_coef"
        yield setting(key, coefficient)


def _dapo(settings: Settings, dialect: Dialect, response: int) -> Iterator[Override]:
    values = settings.values
    if "filter_groups" in values:
        if not dialect.filters_groups:
            raise TrainerError(
                f"verl {dialect.version} has no dynamic sampling in main_ppo",
                where="hyperparameter filter_groups",
                hint="leave it out, or install verl 0.9 or newer",
            )
        yield setting("algorithm.filter_groups.enable", values["filter_groups"])
    if "overlong_share" not in values:
        return
    tokens, place = round(float(values["overlong_share"]) * response), f"{dialect.reward}.reward_kwargs"
    yield setting(dialect.reward_manager, "dapo")
    yield setting(f"{place}.overlong_buffer_cfg.enable", tokens > 0, "++")
    yield setting(f"{place}.overlong_buffer_cfg.len", tokens, "++")
    yield setting(f"{place}.overlong_buffer_cfg.penalty_factor", float(values.get("overlong_penalty", 1.0)), "++")
    yield setting(f"{place}.overlong_buffer_cfg.log", False, "++")
    yield setting(f"{place}.max_resp_len", response, "++")
