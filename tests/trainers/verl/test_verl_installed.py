"""Against the real config of an installed verl; see docs/verl.md for the small environment that this needs."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from verl_judge import can_run

from rltune.config.recipes import build_recipe, recipe_names
from rltune.config.resolve import SearchPlan
from rltune.errors import TrainerError
from rltune.space.parameters import IntParameter
from rltune.space.space import Space
from rltune.study.feasible import check_baseline, study_space
from rltune.trainers.base import ScoreJob, Scoring, TrainJob
from rltune.trainers.verl.batches import batch_constraints
from rltune.trainers.verl.command import Work, score_command, train_command
from rltune.trainers.verl.dialect import ACTOR
from rltune.trainers.verl.installed import Installed
from rltune.trainers.verl.memory import levels_of, overrides_at
from rltune.trainers.verl.options import Options
from rltune.trainers.verl.override import overlay, parse_override, setting
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
MICRO_BATCHES = (
    "actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=2",
    "critic.ppo_micro_batch_size_per_gpu=2",
    "actor_rollout_ref.rollout.log_prob_micro_batch_size_per_gpu=4",
    "actor_rollout_ref.ref.log_prob_micro_batch_size_per_gpu=4",
)
MINI = f"{ACTOR}.ppo_mini_batch_size"
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


BATCHES = {
    "prompts_per_step": IntParameter(low=64, high=1024),
    "updates_per_step": IntParameter(low=1, high=32, log=True),
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_verl_takes_the_batches_of_random_configurations(installed: Installed, recipe: str) -> None:
    """200 in all. With batch sizes searched, fixed micro-batches and 8 GPUs: verl's own validation of the composed
    config, where its packages are installed, and else the conditions in its code."""
    published = build_recipe(recipe)
    own = [*(o for o in BASE if "dynamic" not in o.key), *map(parse_override, MICRO_BATCHES)]
    setup = Setup(Options(gpus=8), Launch(tuple(own), {}), installed)
    parameters = {**published.space, **BATCHES}
    fixed = {n: v for n, v in published.fixed.items() if n not in BATCHES}
    search = SearchPlan(parameters, {**published.values, "prompts_per_step": 512, "updates_per_step": 4}, fixed)
    constraints = batch_constraints(setup, {**fixed, **search.baseline}, tuple(parameters))
    check_baseline(constraints, search, fixed)
    space = study_space(constraints, search, fixed)
    machines = (setting("trainer.n_gpus_per_node", 8), setting("trainer.nnodes", 1))
    for number in range(40):
        values = {**fixed, **space.sample(np.random.default_rng(number)).values}
        overrides = overlay(setup.launch.overrides, setup.searched(values), machines)
        composed = installed.compose(overrides, [MINI, "data.train_batch_size", "actor_rollout_ref.rollout.n"])
        installed.validate(overrides)
        mini, prompts, rollouts = (int(str(composed[key])) for key in composed)
        assert prompts == values["prompts_per_step"] and mini * int(values["updates_per_step"]) == prompts
        groups = recipe in ("verl-grpo", "verl-dapo", "verl-rloo")
        assert can_run(prompts, prompts // mini, rollouts, gpus=8, micro=2, forward=4, groups=groups)


@pytest.mark.parametrize(
    "values", [{"prompts_per_step": 60, "rollouts": 5, "updates_per_step": 1}, {"prompts_per_step": 33, "rollouts": 1}]
)
def test_verl_itself_refuses_what_the_constraints_rule_out(installed: Installed, values: dict[str, Scalar]) -> None:
    own = [*(o for o in BASE if "dynamic" not in o.key), *map(parse_override, MICRO_BATCHES)]
    setup = Setup(Options(gpus=8), Launch(tuple(own), {}), installed)
    values = {"algorithm": "ppo", **values}
    assert not all(c.holds(values) for c in batch_constraints(setup, values, ()))
    machines = (setting("trainer.n_gpus_per_node", 8), setting("trainer.nnodes", 1))
    overrides = overlay(setup.launch.overrides, setup.searched(values), machines)
    try:
        why_not = installed.validate(overrides)
    except TrainerError as error:
        assert "divisible" in str(error) or "must be >=" in str(error)
    else:
        pytest.skip(f"this environment can't run verl's own validation: {why_not}")


REACHES: dict[str, tuple[str, Scalar, str, object]] = {
    "clip low": ("clip_ratio", 0.13, f"{ACTOR}.clip_ratio_low", 0.13),
    "clip high": ("clip_ratio_high", 0.31, f"{ACTOR}.clip_ratio_high", 0.31),
    "overlong length": ("overlong_share", 0.25, f"{OPEN}.overlong_buffer_cfg.len", 256),
    "overlong length, share of the longest": ("overlong_share", 0.5, f"{OPEN}.max_resp_len", 1024),
    "overlong penalty": ("overlong_penalty", 0.5, f"{OPEN}.overlong_buffer_cfg.penalty_factor", 0.5),
    "entropy": ("entropy_coef", 0.003, f"{ACTOR}.entropy_coeff", 0.003),
    "temperature": ("temperature", 0.8, "actor_rollout_ref.rollout.temperature", 0.8),
    "train batch": ("prompts_per_step", 96, "data.train_batch_size", 96),
    "mini-batch": ("updates_per_step", 8, f"{ACTOR}.ppo_mini_batch_size", 64),
    "mini-batch of the critic": ("updates_per_step", 8, "critic.ppo_mini_batch_size", 64),
    "epochs": ("epochs_per_step", 3, f"{ACTOR}.ppo_epochs", 3),
    "dynamic sampling": ("filter_groups", False, "algorithm.filter_groups.enable", False),
    "estimator": ("algorithm", "reinforce_plus_plus", "algorithm.adv_estimator", "reinforce_plus_plus"),
    "group baseline": ("algorithm", "reinforce_plus_plus_baseline", f"{ACTOR}.kl_loss_type", "mse"),
}
OF_OTHERS: dict[str, tuple[str, str, Scalar, str]] = {
    "discount of REINFORCE++": ("verl-reinforce-plus-plus", "gamma", 0.99, "algorithm.gamma"),
    "KL of REINFORCE++": ("verl-reinforce-plus-plus", "kl_coef", 0.02, f"{ACTOR}.kl_loss_coef"),
    "KL of RLOO": ("verl-rloo", "kl_coef", 0.02, "algorithm.kl_ctrl.kl_coef"),
    "lambda of PPO": ("verl-ppo", "gae_lambda", 0.95, "algorithm.lam"),
    "value clip of PPO": ("verl-ppo", "value_clip", 0.2, "critic.cliprange_value"),
    "critic's rate": ("verl-ppo", "critic_learning_rate", 2e-5, "critic.optim.lr"),
}


@pytest.mark.parametrize("case", REACHES)
def test_each_hyperparameter_of_dapo_reaches_verls_config(installed: Installed, case: str) -> None:
    name, value, key, expected = REACHES[case]
    composed = composed_with(installed, "verl-dapo", {name: value, "overlong_share": 0.2} | {name: value}, key)
    assert composed == expected


@pytest.mark.parametrize("case", OF_OTHERS)
def test_each_hyperparameter_of_other_algorithms_reaches_verls_config(installed: Installed, case: str) -> None:
    recipe, name, value, key = OF_OTHERS[case]
    assert composed_with(installed, recipe, {name: value}, key) == value


def composed_with(installed: Installed, recipe: str, more: dict[str, Scalar], key: str) -> object:
    published = build_recipe(recipe)
    setup = Setup(Options(), Launch(BASE, {}), installed)
    overrides = overlay(BASE, setup.searched({**published.fixed, **published.values, **more}, 1024))
    return installed.compose(overrides, [key])[key]


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


def test_the_commands_on_the_page_compose(installed: Installed, repository: Path) -> None:
    page = (repository / "docs" / "commands.md").read_text(encoding="utf-8")
    commands = re.findall(r"^python3 -m verl.trainer.main_ppo (.*?)```", page, flags=re.MULTILINE | re.DOTALL)
    assert len(commands) == 2
    for command in commands:
        words = shlex.split(command.replace("\\\n", " "))
        installed.compose([o for o in map(parse_override, words) if not o.key.startswith("hydra.")])


def test_the_versions_of_what_trains_are_known(installed: Installed) -> None:
    assert installed.schema.packages["verl"] == installed.schema.version


def test_an_interpreter_without_verl_is_told_so() -> None:
    with (
        Installed("/nonexistent/python", {}) as missing,
        pytest.raises(TrainerError, match="expected an interpreter with verl.*nonexistent"),
    ):
        _ = missing.schema
