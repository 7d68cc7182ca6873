"""Published default hyperparameters: what a study starts from, searches around, and has to beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rltune.config.recipe import Recipe
from rltune.config.recipes_trl import TRL_RECIPES
from rltune.config.widths import VERL_HIDDEN_SIZE, embedded_learning_rate, rounded
from rltune.errors import ConfigError, suggest
from rltune.space.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter
from rltune.types import Scalar

_VERL_VALUES: Mapping[str, Scalar] = {
    "learning_rate": 1e-6,
    "lr_scheduler": "constant",
    "clip_ratio": 0.2,
    "grad_clip": 1.0,
    "kl_coef": 0.001,
    "rollouts": 5,
}

_AROUND_VERL: Mapping[str, Parameter] = {
    # verl's FSDP workers know these two; a choice that only some trainers have could not be exported.
    "lr_scheduler": CategoricalParameter(choices=("constant", "cosine")),
    # Half to twice the published value: below, nearly every update is clipped; above, hardly any is.
    "clip_ratio": FloatParameter(low=0.1, high=0.4),
    # Norms of healthy GRPO runs are 0.1 to 0.3: below 0.1 the clip is a second learning rate, above 2 it never acts.
    "grad_clip": FloatParameter(low=0.1, high=2.0, log=True),
    # From practically free (1e-4) to a policy that is held near its reference (1e-1).
    "kl_coef": FloatParameter(low=1e-4, high=1e-1, log=True),
    # Fewer than 4 give no useful baseline within a group; the cost of a step grows in proportion, so 16 ends it.
    "rollouts": IntParameter(low=4, high=16),
}


def _verl_grpo(hidden_size: int | None) -> Recipe:
    return Recipe(
        name="verl-grpo",
        title="verl GRPO",
        source="verl, examples/grpo_trainer (Qwen2-7B, GSM8K)",
        values=_VERL_VALUES,
        # A decade to both sides: published GRPO runs of 0.5B to 70B models use 1e-7 to 1e-5.
        space={"learning_rate": FloatParameter(low=1e-7, high=1e-5, log=True), **_AROUND_VERL},
        # verl: train_batch_size 1024, ppo_mini_batch_size 256, so 4 updates a rollout step.
        fixed={"prompts_per_step": 1024, "updates_per_step": 4, "temperature": 1.0, "warmup_steps": 0},
        note="The published values, unchanged.",
    )


def _embedded_grpo(hidden_size: int | None) -> Recipe:
    rate = embedded_learning_rate("embedded-grpo", 1e-6, hidden_size)
    return Recipe(
        name="embedded-grpo",
        title="verl GRPO on the embedded scale",
        source="verl, examples/grpo_trainer; learning rate scaled by 1/width (arXiv 2203.03466)",
        values={**_VERL_VALUES, "learning_rate": rate},
        # From a tenth to a hundred times: small models bear far larger rates than the rule for their width says.
        space={
            "learning_rate": FloatParameter(low=rounded(rate / 10), high=rounded(rate * 100), log=True),
            **_AROUND_VERL,
        },
        # 32 prompts fill a CPU for a fraction of a second; updates a step as in verl.
        fixed={"prompts_per_step": 32, "updates_per_step": 4, "temperature": 1.0, "warmup_steps": 0},
        note=(
            f"verl's values with the learning rate 1e-6 x {VERL_HIDDEN_SIZE} / {hidden_size} = {rate:g} "
            "(Adam's best rate goes with 1/width), neither tuned nor detuned."
        ),
    )


_RATE = FloatParameter(low=1e-7, high=1e-5, log=True)


def _around(*names: str) -> dict[str, Parameter]:
    return {name: _AROUND_VERL[name] for name in names}


def _verl_ppo(hidden_size: int | None) -> Recipe:
    return Recipe(
        name="verl-ppo",
        title="verl PPO",
        source="verl, examples/ppo_trainer (DeepSeek-LLM-7B, GSM8K)",
        values={
            "learning_rate": 1e-6,
            "critic_learning_rate": 1e-5,
            "lr_scheduler": "constant",
            "clip_ratio": 0.2,
            "grad_clip": 1.0,
        },
        space={
            "learning_rate": _RATE,
            # The value model starts from nothing, and bears ten times the policy's rate: a decade to both sides.
            "critic_learning_rate": FloatParameter(low=1e-6, high=1e-4, log=True),
            **_around("lr_scheduler", "clip_ratio", "grad_clip"),
        },
        fixed={
            "algorithm": "ppo",
            "kl_coef": 0.0,
            "rollouts": 1,
            "prompts_per_step": 1024,
            "updates_per_step": 4,
            "temperature": 1.0,
            "warmup_steps": 0,
        },
        note="The published values, unchanged. The critic's learning rate isn't scaled with a proxy's width.",
    )


def _verl_dapo(hidden_size: int | None) -> Recipe:
    return Recipe(
        name="verl-dapo",
        title="verl DAPO",
        source="verl-recipe, dapo/run_dapo_qwen2.5_32b.sh; arXiv 2503.14476",
        values={
            "learning_rate": 1e-6,
            "lr_scheduler": "constant",
            "clip_ratio": 0.2,
            "clip_ratio_high": 0.28,
            "grad_clip": 1.0,
            "rollouts": 16,
            "overlong_penalty": 1.0,
        },
        space={
            "learning_rate": _RATE,
            **_around("lr_scheduler", "clip_ratio", "grad_clip"),
            # From the symmetric clip to twice the published distance from it.
            "clip_ratio_high": FloatParameter(low=0.2, high=0.4),
            "rollouts": IntParameter(low=8, high=32),
            "overlong_penalty": FloatParameter(low=0.25, high=2.0, log=True),
        },
        # Published: 4,096 tokens of 20,480 are the buffer, and a step makes 16 updates.
        fixed={
            "algorithm": "dapo",
            "kl_coef": 0.0,
            "entropy_coef": 0.0,
            "actor_rollout_ref.actor.clip_ratio_c": 10.0,
            "actor_rollout_ref.actor.optim.weight_decay": 0.1,
            "overlong_share": 0.2,
            "filter_groups": True,
            # Right or wrong: verl's default, the reward, has the overlong penalty in it.
            "algorithm.filter_groups.metric": "acc",
            "prompts_per_step": 512,
            "updates_per_step": 16,
            "temperature": 1.0,
            "warmup_steps": 10,
        },
        note=(
            "The published values; the overlong buffer as a share of the longest response. Needs verl 0.9 or newer "
            "and a reward function that returns `acc` or a bare number."
        ),
    )


def _verl_reinforce(hidden_size: int | None) -> Recipe:
    return Recipe(
        name="verl-reinforce-plus-plus",
        title="verl REINFORCE++",
        source="verl, examples/reinforce_plus_plus_trainer (Qwen2-7B, GSM8K and MATH)",
        values={
            "learning_rate": 3e-6,
            "lr_scheduler": "constant",
            "grad_clip": 1.0,
            "kl_coef": 0.001,
            "rollouts": 8,
        },
        # One update a step, as published: the clip ratio would change nothing.
        space={"learning_rate": _RATE, **_around("lr_scheduler", "grad_clip", "kl_coef", "rollouts")},
        fixed={
            "algorithm": "reinforce_plus_plus",
            "prompts_per_step": 1024,
            "updates_per_step": 1,
            "temperature": 1.0,
            "warmup_steps": 0,
        },
        note="The published values, unchanged; the KL is a term of the loss (mse).",
    )


def _verl_rloo(hidden_size: int | None) -> Recipe:
    return Recipe(
        name="verl-rloo",
        title="verl RLOO",
        source="verl, examples/rloo_trainer (Qwen2-7B, GSM8K)",
        values=_VERL_VALUES,
        space={"learning_rate": _RATE, **_AROUND_VERL},
        fixed={
            "algorithm": "rloo",
            "prompts_per_step": 1024,
            "updates_per_step": 4,
            "temperature": 1.0,
            "warmup_steps": 0,
        },
        note="The published values, unchanged; the KL penalty is taken off the reward.",
    )


_RECIPES: Mapping[str, Callable[[int | None], Recipe]] = {
    "verl-grpo": _verl_grpo,
    "verl-ppo": _verl_ppo,
    "verl-dapo": _verl_dapo,
    "verl-reinforce-plus-plus": _verl_reinforce,
    "verl-rloo": _verl_rloo,
    "embedded-grpo": _embedded_grpo,
    **TRL_RECIPES,
}


def recipe_names() -> tuple[str, ...]:
    """The names that `build_recipe` knows."""
    return tuple(_RECIPES)


def build_recipe(name: str, hidden_size: int | None = None) -> Recipe:
    """The recipe called `name`; `hidden_size` is the target model's width, where the recipe's scale depends on it.

    Raises:
        ConfigError: if there is no such recipe, or it needs a hidden size.
    """
    build = _RECIPES.get(name)
    if build is None:
        raise ConfigError(f"unknown recipe {name!r}", where="recipe", hint=suggest(name, _RECIPES))
    return build(hidden_size)
