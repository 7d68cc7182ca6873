"""Recipes, and what a study makes of them."""

from __future__ import annotations

from typing import Any

import pytest

from rltune.config.load import parse_study
from rltune.config.recipes import build_recipe, recipe_names
from rltune.config.resolve import plan_search
from rltune.errors import ConfigError
from rltune.space.space import Space


def study(**settings: Any) -> Any:
    return parse_study({"name": "x", "models": {"target": "m"}, "task": "t", "budget": 60, **settings})


@pytest.mark.parametrize("name", recipe_names())
def test_each_recipe_lies_in_its_own_space(name: str) -> None:
    recipe = build_recipe(name, 192)
    assert Space(recipe.space).contains(Space(recipe.space).configuration(recipe.values))
    assert recipe.source and recipe.note


def test_verl_values_are_the_published_ones() -> None:
    assert dict(build_recipe("verl-grpo").values) == {
        "learning_rate": 1e-6,
        "lr_scheduler": "constant",
        "clip_ratio": 0.2,
        "grad_clip": 1.0,
        "kl_coef": 0.001,
        "rollouts": 5,
    }


def test_dapo_is_the_published_script() -> None:
    """verl-recipe, dapo/run_dapo_qwen2.5_32b.sh."""
    recipe = build_recipe("verl-dapo")
    published = {
        "learning_rate": 1e-6,
        "warmup_steps": 10,
        "actor_rollout_ref.actor.optim.weight_decay": 0.1,
        "clip_ratio": 0.2,
        "clip_ratio_high": 0.28,
        "actor_rollout_ref.actor.clip_ratio_c": 10.0,
        "kl_coef": 0.0,
        "entropy_coef": 0.0,
        "overlong_share": 4096 / 20480,
        "overlong_penalty": 1.0,
        "filter_groups": True,
        "algorithm.filter_groups.metric": "acc",
        "prompts_per_step": 512,
        "updates_per_step": 512 // 32,
        "rollouts": 16,
        "temperature": 1.0,
        "grad_clip": 1.0,
    }
    assert {**recipe.values, **recipe.fixed} == {**published, "algorithm": "dapo", "lr_scheduler": "constant"}


def test_the_embedded_recipe_changes_the_learning_rate_alone() -> None:
    verl, embedded = build_recipe("verl-grpo"), build_recipe("embedded-grpo", 192)
    assert embedded.values["learning_rate"] == pytest.approx(1e-6 * 3584 / 192, rel=0.005)
    assert {**embedded.values, "learning_rate": 1e-6} == dict(verl.values)
    assert build_recipe("embedded-grpo", 3584).values["learning_rate"] == 1e-6


@pytest.mark.parametrize(("small", "large"), [("rloo", "rloo"), ("sft", "sft"), ("dpo", "dpo")])
def test_the_embedded_recipes_of_trl_change_the_rate_and_the_batch(small: str, large: str) -> None:
    embedded, published = build_recipe(f"embedded-{small}", 128), build_recipe(f"trl-{large}")
    changed = {"learning_rate", "batch_size"}
    assert embedded.values["learning_rate"] == pytest.approx(28 * float(published.values["learning_rate"]), rel=0.005)
    assert {k: v for k, v in embedded.values.items() if k not in changed} == {
        k: v for k, v in published.values.items() if k not in changed
    }
    assert embedded.fixed["algorithm"] == published.fixed["algorithm"] == small
    with pytest.raises(ConfigError, match=f"embedded-{small} needs the hidden size"):
        build_recipe(f"embedded-{small}", None)


def test_unknown_recipes_name_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'verl-grpo'\? known: .*embedded-grpo, .*verl-grpo"):
        build_recipe("verl-gpro")
    with pytest.raises(ConfigError, match="hidden size"):
        build_recipe("embedded-grpo", None)


def test_what_is_fixed_is_not_searched() -> None:
    plan = plan_search(study(fixed={"kl_coef": 0.0, "prompts_per_step": 32}), build_recipe("verl-grpo"))
    assert "kl_coef" not in plan.parameters and "kl_coef" not in plan.baseline
    assert plan.fixed["kl_coef"] == 0.0 and plan.fixed["prompts_per_step"] == 32


def test_what_is_not_searched_keeps_the_recipes_value() -> None:
    space = {"learning_rate": {"type": "float", "low": 1e-5, "high": 1e-4, "log": True}}
    plan = plan_search(study(space=space), build_recipe("verl-grpo"))
    assert list(plan.parameters) == ["learning_rate"]
    assert plan.baseline == {"learning_rate": 1e-6}
    assert plan.fixed["clip_ratio"] == 0.2 and plan.fixed["rollouts"] == 5


def test_a_space_can_extend_the_recipes() -> None:
    top_p = {"type": "float", "low": 0.5, "high": 1.0}
    with pytest.raises(ConfigError, match="baseline: {top_p"):
        plan_search(study(space={"from": "recipe", "top_p": top_p}), build_recipe("verl-grpo"))
    settings = study(space={"from": "recipe", "top_p": top_p}, baseline={"top_p": 1.0})
    plan = plan_search(settings, build_recipe("verl-grpo"))
    assert set(plan.parameters) == {*build_recipe("verl-grpo").space, "top_p"} and plan.baseline["top_p"] == 1.0


WARMUP = {
    "from": "recipe",
    "warmup_steps": {"type": "int", "low": 1, "high": 9, "when": {"lr_scheduler": "cosine"}},
}


def test_a_conditional_parameter_is_absent_from_a_baseline_without_its_condition() -> None:
    plan = plan_search(study(space=WARMUP), build_recipe("verl-grpo"))
    assert "warmup_steps" not in plan.baseline and plan.fixed["warmup_steps"] == 0
    assert Space(plan.parameters).configuration(plan.baseline).values["lr_scheduler"] == "constant"


@pytest.mark.parametrize(("scheduler", "searched"), [("cosine", True), ("constant", False)])
def test_fixing_a_parent_settles_its_conditions(scheduler: str, searched: bool) -> None:
    plan = plan_search(study(space=WARMUP, fixed={"lr_scheduler": scheduler}), build_recipe("verl-grpo"))
    assert ("warmup_steps" in plan.parameters) is searched
    if searched:
        assert not plan.parameters["warmup_steps"].when


def test_fixing_everything_leaves_nothing_to_search() -> None:
    recipe = build_recipe("verl-grpo")
    with pytest.raises(ConfigError, match="nothing is left to search"):
        plan_search(study(fixed=dict(recipe.values)), recipe)
