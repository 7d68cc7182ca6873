"""TRL's published defaults: those of GRPOConfig, RLOOConfig, SFTConfig and DPOConfig of TRL 1.16.

TRL's batch size of 8 is that of one GPU; here it is that of eight, 64 answers or rows a step. With one update a rollout
step the clip ratio changes nothing, so it isn't searched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from rltune.config.recipe import Recipe
from rltune.config.widths import VERL_HIDDEN_SIZE, embedded_learning_rate, rounded
from rltune.space.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter
from rltune.types import Scalar

_BATCH = "The published values; the batch is TRL's 8 a GPU on eight GPUs."

_COMMON: Mapping[str, Scalar] = {"lr_scheduler": "linear", "grad_clip": 1.0}

_AROUND: Mapping[str, Parameter] = {
    "lr_scheduler": CategoricalParameter(choices=("constant", "linear", "cosine")),
    # Below 0.1 the clip is a second learning rate, above 2 it hardly acts.
    "grad_clip": FloatParameter(low=0.1, high=2.0, log=True),
}

_ROLLOUT_RATE = FloatParameter(low=1e-7, high=1e-5, log=True)
_BATCHES = IntParameter(low=16, high=128, step=16)  # each can be shared by up to 16 processes

_OF_ROLLOUTS: Mapping[str, Scalar] = {"updates_per_step": 1, "temperature": 1.0, "warmup_steps": 0, "clip_ratio": 0.2}


def _grpo(hidden_size: int | None) -> Recipe:
    return Recipe(
        name="trl-grpo",
        title="TRL GRPO",
        source="TRL 1.16, GRPOConfig",
        values={"learning_rate": 1e-6, **_COMMON, "rollouts": 8},
        space={"learning_rate": _ROLLOUT_RATE, **_AROUND, "rollouts": IntParameter(low=4, high=16)},
        fixed={"algorithm": "grpo", "loss_type": "dapo", "kl_coef": 0.0, "prompts_per_step": 8, **_OF_ROLLOUTS},
        note=_BATCH,
    )


def _dr_grpo(hidden_size: int | None) -> Recipe:
    base = _grpo(hidden_size)
    return replace(
        base,
        name="trl-dr-grpo",
        title="TRL Dr. GRPO",
        source="TRL 1.16, GRPOConfig; arXiv 2503.20783",
        fixed={**base.fixed, "loss_type": "dr_grpo", "scale_rewards": "none"},
        note="TRL's GRPO with neither the length nor the spread of a group's rewards in the loss.",
    )


def _dapo(hidden_size: int | None) -> Recipe:
    base = _grpo(hidden_size)
    return replace(
        base,
        name="trl-dapo",
        title="TRL DAPO",
        source="TRL 1.16, GRPOConfig; arXiv 2503.14476",
        values={**base.values, "clip_ratio": 0.2, "epsilon_high": 0.28},
        space={
            **base.space,
            "clip_ratio": FloatParameter(low=0.1, high=0.4),
            # From the symmetric clip to twice the published distance from it.
            "epsilon_high": FloatParameter(low=0.2, high=0.4),
        },
        # The paper makes 16 updates a rollout step; clips act from the second one on.
        fixed={
            **{name: value for name, value in base.fixed.items() if name != "clip_ratio"},
            "updates_per_step": 4,
            "mask_truncated_completions": True,
        },
        note="TRL's GRPO with the paper's asymmetric clip and without truncated answers; 4 updates a rollout step.",
    )


def _rloo(hidden_size: int | None) -> Recipe:
    return Recipe(
        name="trl-rloo",
        title="TRL RLOO",
        source="TRL 1.16, RLOOConfig",
        values={"learning_rate": 1e-6, **_COMMON, "kl_coef": 0.05, "rollouts": 2},
        space={
            "learning_rate": _ROLLOUT_RATE,
            **_AROUND,
            # A decade to both sides.
            "kl_coef": FloatParameter(low=0.005, high=0.5, log=True),
            # Two answers are the fewest that one can be left out of; the cost of a step grows in proportion.
            "rollouts": IntParameter(low=2, high=8),
        },
        fixed={"algorithm": "rloo", "prompts_per_step": 32, **_OF_ROLLOUTS},
        note=f"{_BATCH} The KL penalty is taken off the reward.",
    )


def _sft(hidden_size: int | None) -> Recipe:
    return Recipe(
        name="trl-sft",
        title="TRL SFT",
        source="TRL 1.16, SFTConfig",
        values={"learning_rate": 2e-5, **_COMMON, "batch_size": 64},
        # A decade to both sides: from full fine-tuning of large models to adapters, which bear ten times the rate.
        space={"learning_rate": FloatParameter(low=2e-6, high=2e-4, log=True), **_AROUND, "batch_size": _BATCHES},
        fixed={"algorithm": "sft", "warmup_steps": 0},
        note=_BATCH,
    )


def _dpo(hidden_size: int | None) -> Recipe:
    return Recipe(
        name="trl-dpo",
        title="TRL DPO",
        source="TRL 1.16, DPOConfig",
        values={"learning_rate": 1e-6, **_COMMON, "batch_size": 64, "beta": 0.1},
        space={
            "learning_rate": _ROLLOUT_RATE,
            **_AROUND,
            "batch_size": _BATCHES,
            # From a policy that is nearly free to one that is held near its reference.
            "beta": FloatParameter(low=0.01, high=1.0, log=True),
        },
        fixed={"algorithm": "dpo", "warmup_steps": 0},
        note=_BATCH,
    )


def _embedded(base: Callable[[int | None], Recipe], name: str, batch: str, above: float) -> Callable[..., Recipe]:
    """A recipe on the embedded scale: the learning rate moved to the model's width, and 32 prompts or rows a step.

    Args:
        batch: name of the batch size. above: the interval's end, as a multiple of the rate; small models bear more.
    """

    def build(hidden_size: int | None) -> Recipe:
        published = base(hidden_size)
        peak = float(published.values["learning_rate"])
        rate = embedded_learning_rate(name, peak, hidden_size)
        space = {
            **published.space,
            "learning_rate": FloatParameter(low=rounded(rate / 10), high=rounded(rate * above), log=True),
        }
        values, fixed = {**published.values, "learning_rate": rate}, dict(published.fixed)
        if batch in values:
            values[batch] = 32
            space[batch] = IntParameter(low=16, high=64, step=16)
        else:
            fixed[batch] = 32
        return replace(
            published,
            name=name,
            title=f"{published.title} on the embedded scale",
            source=f"{published.source}; learning rate scaled by 1/width (arXiv 2203.03466)",
            values=values,
            space=space,
            fixed=fixed,
            note=(
                f"TRL's values with the learning rate {peak:g} x {VERL_HIDDEN_SIZE} / {hidden_size} = {rate:g} "
                "(Adam's best rate goes with 1/width) and a batch of 32, neither tuned nor detuned."
            ),
        )

    return build


TRL_RECIPES: Mapping[str, Callable[[int | None], Recipe]] = {
    "trl-grpo": _grpo,
    "trl-dr-grpo": _dr_grpo,
    "trl-dapo": _dapo,
    "trl-rloo": _rloo,
    "trl-sft": _sft,
    "trl-dpo": _dpo,
    "embedded-rloo": _embedded(_rloo, "embedded-rloo", "prompts_per_step", 100.0),
    "embedded-sft": _embedded(_sft, "embedded-sft", "batch_size", 10.0),
    "embedded-dpo": _embedded(_dpo, "embedded-dpo", "batch_size", 100.0),
}
