"""Against the real config of an installed verl; see docs/verl.md for the small environment that this needs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rltune.config.recipes import build_recipe, recipe_names
from rltune.errors import TrainerError
from rltune.space.space import Space
from rltune.trainers.base import ScoreJob, Scoring, TrainJob
from rltune.trainers.verl.command import Work, score_command, train_command
from rltune.trainers.verl.installed import Installed
from rltune.trainers.verl.memory import levels_of, overrides_at
from rltune.trainers.verl.options import Options
from rltune.trainers.verl.override import overlay, parse_override
from rltune.trainers.verl.script import Launch
from rltune.trainers.verl.setup import Setup
from rltune.types import Scalar

HERE = Path(__file__).parents[3] / ".venv-verl/bin/python"
PYTHON = os.environ.get("RLTUNE_VERL_PYTHON") or (str(HERE) if HERE.exists() else None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PYTHON is None, reason="no environment with verl: see the end of docs/verl.md"),
]

BASE = tuple(
    parse_override(text)
    for text in (
        "data.train_files=train.parquet",
        "data.val_files=val.parquet",
        "actor_rollout_ref.rollout.name=vllm",
        "actor_rollout_ref.actor.use_dynamic_bsz=True",
        "trainer.logger=['console','wandb']",
    )
)
OPEN = "reward.reward_kwargs"
RECIPES = [name for name in recipe_names() if name.startswith("verl-")]


@pytest.fixture(scope="module")
def installed() -> Iterator[Installed]:
    assert PYTHON is not None
    with Installed(PYTHON, {}) as found:
        yield found


def drawn(name: str, count: int) -> Iterator[dict[str, Scalar]]:
    recipe = build_recipe(name)
    space = Space(recipe.space)
    for number in range(count):
        yield {**recipe.fixed, **space.sample(np.random.default_rng(number)).values}


@pytest.mark.parametrize("recipe", ["verl-grpo", "verl-ppo"])
@pytest.mark.parametrize("dynamic", [True, False])
def test_every_memory_level_composes_and_is_valid(installed: Installed, recipe: str, dynamic: bool) -> None:
    micro = [
        f"actor_rollout_ref.{place}_micro_batch_size_per_gpu=16"
        for place in ("actor.ppo", "rollout.log_prob", "ref.log_prob")
    ] + ["critic.ppo_micro_batch_size_per_gpu=16", "actor_rollout_ref.actor.use_dynamic_bsz=False"]
    base = BASE if dynamic else overlay(BASE, map(parse_override, micro))
    setup = Setup(Options(), Launch(tuple(base), {}), installed)
    hyperparameters = next(drawn(recipe, 1))
    levels = levels_of(setup, hyperparameters)
    assert len(levels) >= 5 and all("offload" in "".join(level.overrides) for level in levels[-3:])
    for number in range(len(levels)):
        overrides = overlay(base, setup.searched(hyperparameters), overrides_at(setup, hyperparameters, number))
        installed.compose(overrides)
        installed.validate(overrides)


@pytest.mark.parametrize("recipe", RECIPES)
def test_what_is_generated_for_200_random_configurations_composes(
    installed: Installed, recipe: str, tmp_path: Path
) -> None:
    setup = Setup(Options(), Launch(BASE, {}), installed)
    published = tmp_path / "step-000025/global_step_25"
    published.mkdir(parents=True)
    resumed = str(published.parent)
    for number, values in enumerate(drawn(recipe, 200)):
        # A first segment, a resumed one, the final training and a scoring, in turn.
        steps = [(0, 25, None), (25, 50, resumed), (0, 100, None)][number % 3]
        job = TrainJob(
            model="org/model",
            task="file",
            hyperparameters=values,
            horizon=100,
            start_step=steps[0],
            stop_step=steps[1],
            resume_from=steps[2],
            validate_at=(steps[1],),
            checkpoint_at=(steps[0] + 12,),
            seed=number,
            validation=Scoring(64, 4),
        )
        command = train_command(job, setup, Work(tmp_path / "a b's {x}"), 8, 1024)
        composed = installed.compose(
            command.composable, [o.key for o in command.composable if not o.key.startswith(OPEN)]
        )
        assert composed["actor_rollout_ref.actor.optim.lr"] == values["learning_rate"]
        assert composed["actor_rollout_ref.rollout.n"] == values["rollouts"]
        assert composed["trainer.total_training_steps"] == 100
        assert composed["trainer.default_local_dir"] == str(tmp_path / "a b's {x}" / "verl")
        assert composed["trainer.resume_from_path"] == (None if steps[2] is None else str(published))


def test_a_scoring_composes(installed: Installed, tmp_path: Path) -> None:
    setup = Setup(Options(test_files=("a b.parquet", "c.parquet")), Launch(BASE, {}), installed)
    job = ScoreJob("org/model", None, "file", "test", Scoring(64, 4), 0, {}, {"learning_rate": 1e-6})
    command = score_command(job, setup, Work(tmp_path), 8, 1024)
    composed = installed.compose(command.composable, ["data.val_files", "trainer.val_only"])
    assert composed["trainer.val_only"] is True
    assert composed["data.val_files"] == [os.path.abspath(name) for name in ("a b.parquet", "c.parquet")]


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_recipe_itself_is_valid_to_verl(installed: Installed, recipe: str) -> None:
    setup = Setup(Options(), Launch(BASE, {}), installed)
    published = build_recipe(recipe)
    installed.validate(overlay(BASE, setup.searched({**published.fixed, **published.values})))


def test_a_mutated_key_is_refused_by_name(installed: Installed) -> None:
    setup = Setup(Options(), Launch(BASE, {}), installed)
    recipe = build_recipe("verl-dapo")
    generated = setup.searched({**recipe.fixed, **recipe.values})
    for override in generated:
        if override.sign:
            continue
        mutated = parse_override(f"{override.key}x={override.value}")
        with pytest.raises(TrainerError, match=f"no key {mutated.key}"):
            installed.compose([*BASE, mutated])


def test_what_was_recorded_of_it_is_what_is_installed(installed: Installed) -> None:
    """The dialect knows this version: each key that it sets is there, and takes what it is given."""
    for key in (*installed.dialect.clip_ratio, *installed.dialect.grad_clip, installed.dialect.reward_manager):
        assert installed.schema.has(key)
    assert installed.schema.has(f"{installed.dialect.reward_function}.path")


def test_an_interpreter_without_verl_is_told_so() -> None:
    with (
        Installed("/nonexistent/python", {}) as missing,
        pytest.raises(TrainerError, match="expected an interpreter with verl.*nonexistent"),
    ):
        _ = missing.schema
