"""Which batches verl can make: told before anything is launched, in the names of a study."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from verl_judge import can_run

from rltune.config.recipes import build_recipe
from rltune.errors import TrainerError
from rltune.space.constraints import Constraint
from rltune.trainers.capabilities import Constrained
from rltune.trainers.verl.trainer import VerlTrainer
from rltune.types import Scalar

ACTOR, ROLLOUT = "actor_rollout_ref.actor", "actor_rollout_ref.rollout"
Make = Callable[..., VerlTrainer]
SEARCHED: tuple[str, ...] = ("prompts_per_step", "updates_per_step", "rollouts")


def texts(trainer: VerlTrainer, searched: tuple[str, ...] = SEARCHED, **hyperparameters: Scalar) -> dict[str, str]:
    return {c.text: c.reason for c in trainer.constraints(hyperparameters, searched)}


def holds(found: tuple[Constraint, ...], values: Mapping[str, Scalar]) -> bool:
    return all(constraint.holds(values) for constraint in found)


def test_the_trainer_says_what_its_batches_need(make_trainer: Make) -> None:
    trainer = make_trainer("", gpus=8)
    assert isinstance(trainer, Constrained)
    found = texts(trainer, algorithm="grpo", prompts_per_step=64, updates_per_step=2, rollouts=4)
    assert (
        found["updates_per_step divides prompts_per_step"] == "each update takes an equal share of the step's prompts"
    )
    assert "8 GPUs share an update's answers" in found["8 * updates_per_step divides prompts_per_step * rollouts"]
    assert "2 <= rollouts" in found


def test_gpus_of_all_trials_and_nodes_count(make_trainer: Make) -> None:
    found = texts(make_trainer("", gpus={"proxy": 2, "target": 6}, nodes=2))
    assert "12 * updates_per_step divides prompts_per_step * rollouts" in found
    shared = make_trainer("", f"{ACTOR}.ulysses_sequence_parallel_size=2", f"{ACTOR}.use_dynamic_bsz=True", gpus=8)
    assert "4 * updates_per_step divides prompts_per_step * rollouts" in texts(shared)
    fixed = make_trainer("", f"{ACTOR}.ulysses_sequence_parallel_size=2", gpus=8)
    assert "8 divides prompts_per_step * rollouts" in texts(fixed)


def test_micro_batches_of_a_fixed_size_count_and_dynamic_ones_do_not(make_trainer: Make) -> None:
    micro = (f"{ACTOR}.ppo_micro_batch_size_per_gpu=4", f"{ROLLOUT}.log_prob_micro_batch_size_per_gpu=16")
    found = texts(make_trainer("", *micro, gpus=2))
    assert "ppo_micro_batch_size_per_gpu" in found["8 * updates_per_step divides prompts_per_step * rollouts"]
    assert "32 divides prompts_per_step * rollouts" in found
    dynamic = texts(make_trainer("", *micro, f"{ACTOR}.use_dynamic_bsz=True", gpus=2))
    assert "2 * updates_per_step divides prompts_per_step * rollouts" in dynamic and len(dynamic) == 4


def test_the_users_own_mini_batch_and_generation_batch_count(make_trainer: Make) -> None:
    own = make_trainer("", f"{ACTOR}.ppo_mini_batch_size=48", "data.gen_batch_size=16", gpus=4)
    found = texts(own, ("prompts_per_step", "rollouts"))
    assert "48 divides prompts_per_step" in found and "16 divides prompts_per_step" in found
    assert "4 divides 48 * rollouts" in found


def test_engines_that_do_not_fit_their_gpus_are_refused_at_once(make_trainer: Make) -> None:
    with pytest.raises(TrainerError, match="engine spans 4 GPUs .*doesn't divide the 2 of a trial") as caught:
        texts(make_trainer("", f"{ROLLOUT}.tensor_model_parallel_size=4", gpus={"proxy": 2, "target": 8}))
    assert "tensor_model_parallel_size" in (caught.value.hint or "")
    searched = texts(make_trainer("", gpus=8), (f"{ROLLOUT}.tensor_model_parallel_size",))
    assert f"{ROLLOUT}.tensor_model_parallel_size divides 8" in searched


@pytest.mark.parametrize("recipe", ["verl-grpo", "verl-ppo", "verl-dapo", "verl-reinforce-plus-plus", "verl-rloo"])
def test_published_recipes_can_run(make_trainer: Make, recipe: str) -> None:
    published = build_recipe(recipe)
    values = {**published.fixed, **published.values}
    found = make_trainer("", gpus=8).constraints(values, tuple(published.space))
    assert holds(found, values)


def test_what_holds_is_what_verl_takes(make_trainer: Make) -> None:
    """Against the conditions of verl's own code, for all small batches."""
    micro, forward, gpus = 2, 3, 4
    trainer = make_trainer(
        "",
        f"{ACTOR}.ppo_micro_batch_size_per_gpu={micro}",
        f"{ROLLOUT}.log_prob_micro_batch_size_per_gpu={forward}",
        gpus=gpus,
    )
    found = trainer.constraints({"algorithm": "grpo"}, SEARCHED)
    good = 0
    for prompts in range(1, 49):
        for updates in range(1, 9):
            for rollouts in range(1, 9):
                values = dict(zip(SEARCHED, (prompts, updates, rollouts), strict=True))
                runs = can_run(prompts, updates, rollouts, gpus=gpus, micro=micro, forward=forward)
                assert holds(found, values) == runs, values
                good += runs
    assert 50 < good < 48 * 8 * 8 / 4
