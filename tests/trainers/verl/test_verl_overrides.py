"""Overrides as values, and hyperparameters as overrides: only keys that act."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.errors import TrainerError
from rltune.trainers.base import CANONICAL_HYPERPARAMETERS
from rltune.trainers.verl.dialect import Dialect
from rltune.trainers.verl.hyperparameters import NAMES, parse
from rltune.trainers.verl.keys import kl_place, overrides_of
from rltune.trainers.verl.override import overlay, parse_override, quoted, setting
from rltune.types import Scalar

ACTOR = "actor_rollout_ref.actor"


def made(version: str = "0.9.1", **hyperparameters: Scalar) -> dict[str, str | None]:
    dialect = Dialect(version)
    return {o.key: o.value for o in overrides_of(parse(hyperparameters, dialect), dialect)}


def test_every_canonical_name_is_known() -> None:
    assert set(CANONICAL_HYPERPARAMETERS) <= set(NAMES)


def test_one_clip_ratio_sets_all_three_keys_and_a_high_one_the_upper() -> None:
    keys = [f"{ACTOR}.{name}" for name in ("clip_ratio", "clip_ratio_low", "clip_ratio_high")]
    assert [made(clip_ratio=0.1)[k] for k in keys] == ["0.1", "0.1", "0.1"]
    assert [made(clip_ratio=0.2, clip_ratio_high=0.28)[k] for k in keys] == ["0.2", "0.2", "0.28"]


@pytest.mark.parametrize(("version", "both"), [("0.6.1", True), ("0.7.1", True), ("0.8.0", False), ("0.9.1", False)])
def test_the_gradient_clip_goes_where_the_version_reads_it(version: str, both: bool) -> None:
    got = made(version, grad_clip=0.5)
    assert got[f"{ACTOR}.optim.clip_grad"] == "0.5" and (f"{ACTOR}.grad_clip" in got) is both


def test_the_kl_acts_in_one_place_and_not_in_the_other() -> None:
    loss, reward = made(kl_coef=0.01), made(kl_coef=0.01, algorithm="rloo")
    assert (loss[f"{ACTOR}.use_kl_loss"], loss["algorithm.use_kl_in_reward"]) == ("True", "False")
    assert loss[f"{ACTOR}.kl_loss_coef"] == "0.01" and "algorithm.kl_ctrl.kl_coef" not in loss
    assert (reward[f"{ACTOR}.use_kl_loss"], reward["algorithm.use_kl_in_reward"]) == ("False", "True")
    assert reward["algorithm.kl_ctrl.kl_coef"] == "0.01"
    none = made(kl_coef=0.0)
    assert (none[f"{ACTOR}.use_kl_loss"], none["algorithm.use_kl_in_reward"]) == ("False", "False")
    assert kl_place([parse_override("algorithm.use_kl_in_reward=True")]) == "reward" and kl_place([]) == "loss"


def test_reinforce_plus_plus_has_its_kl_in_the_loss_as_published() -> None:
    """verl, examples/reinforce_plus_plus_trainer/run_qwen2-7b_math_rf.sh."""
    got = made(kl_coef=0.001, algorithm="reinforce_plus_plus")
    assert (got[f"{ACTOR}.use_kl_loss"], got["algorithm.use_kl_in_reward"]) == ("True", "False")
    assert (got[f"{ACTOR}.kl_loss_coef"], got[f"{ACTOR}.kl_loss_type"]) == ("0.001", "mse")


def test_warm_up_is_absolute() -> None:
    got = made(warmup_steps=5)
    assert (got[f"{ACTOR}.optim.lr_warmup_steps"], got[f"{ACTOR}.optim.lr_warmup_steps_ratio"]) == ("5", "0.0")


def test_nothing_is_set_that_was_not_given() -> None:
    assert made(learning_rate=1e-6) == {f"{ACTOR}.optim.lr": "1e-06"}


def test_updates_become_mini_batches_and_ppo_has_a_critic() -> None:
    got = made(algorithm="ppo", prompts_per_step=64, updates_per_step=4, critic_learning_rate=1e-5)
    assert got[f"{ACTOR}.ppo_mini_batch_size"] == "16" and got["critic.optim.lr"] == "1e-05"
    assert got["algorithm.adv_estimator"] == "gae"


def test_the_overlong_penalty_is_a_share_of_the_response() -> None:
    dialect = Dialect()
    settings = parse({"algorithm": "dapo", "overlong_share": 0.2}, dialect)
    got = {o.text for o in overrides_of(settings, dialect, response=1000)}
    assert "++reward.reward_kwargs.overlong_buffer_cfg.len=200" in got
    assert "++reward.reward_kwargs.max_resp_len=1000" in got and "reward.reward_manager.name=dapo" in got


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"learning_rat": 1e-6}, "did you mean 'learning_rate'"),
        ({"lr_scheduler": "linear"}, "no linear schedule"),
        ({"clip_ratio": 0.0}, "more than 0"),
        ({"rollouts": 4.5}, "type int"),
        ({"learning_rate": True}, "type float"),
        ({"algorithm": "grpo", "rollouts": 1}, "at least 2 rollouts"),
        ({"algorithm": "grpo", "critic_learning_rate": 1e-5}, "no value model"),
        ({"algorithm": "reinforce_plus_plus", "gae_lambda": 0.95}, r"no value model.*when: {algorithm: \[ppo\]}"),
        ({"algorithm": "rloo", "gamma": 0.99}, "doesn't discount: gamma would change nothing"),
        ({"algorithm": "ppo", "value_clip": 0.0}, "more than 0"),
        ({"algorithm": "reinforce_plus_plus_baseline", "rollouts": 1}, "at least 2 rollouts"),
        ({"algorithm.lam": 0.95}, "goes by the name gae_lambda"),
        ({"prompts_per_step": 10, "updates_per_step": 4}, "divisible"),
        ({"updates_per_step": 4}, "needs prompts_per_step"),
        ({"overlong_penalty": 1.0}, "without overlong_share"),
        ({f"{ACTOR}.grad_clip": 1.0}, "goes by the name grad_clip"),
        ({"critic.grad_clip": 1.0}, "changes nothing in verl 0.9.1.*set critic.optim.clip_grad"),
        ({"custom_reward_function.path": "x.py"}, "set reward.custom_reward_function.path"),
        ({"trainer.total_epochs": 3}, "can't be set in a study"),
    ],
)
def test_what_no_run_could_use_is_refused_by_name(given: dict[str, Scalar], words: str) -> None:
    with pytest.raises(TrainerError, match=words) as caught:
        parse(given, Dialect())
    assert any(name in str(caught.value) for name in given)


def test_group_filtering_needs_a_version_that_has_it() -> None:
    assert made("0.9.0", filter_groups=True)["algorithm.filter_groups.enable"] == "True"
    with pytest.raises(TrainerError, match=r"0\.8\.0 has no dynamic sampling"):
        made("0.8.0", filter_groups=True)
    with pytest.raises(TrainerError, match="0.6.1 or newer"):
        Dialect("0.5.0")


@pytest.mark.parametrize("text", ["a.b=1", "+a.b=[1,2]", "++a.b={x:1}", "~a.b", "a=", "a.b='x=y z'"])
def test_an_override_keeps_its_text(text: str) -> None:
    assert parse_override(text).text == text


@pytest.mark.parametrize("text", ["a.b", "=1", "--config-name", "a b=1", ""])
def test_what_is_no_override_is_refused(text: str) -> None:
    with pytest.raises(TrainerError, match="expected an override"):
        parse_override(text)


def test_the_last_layer_wins_and_appended_keys_stay_appended() -> None:
    below = [parse_override("a=1"), parse_override("+b=2"), parse_override("c=3")]
    got = [o.text for o in overlay(below, [setting("b", 5), setting("a", None)])]
    assert got == ["a=null", "++b=5", "c=3"]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0$"), max_size=20))
def test_quoted_text_is_one_value(text: str) -> None:
    """Unquoted text has nothing that Hydra's grammar could take for something else."""
    got = quoted(text)
    if got == text:
        assert text and not set(text) & set(" ,=:'\"()[]{}\\")
    else:
        assert got[0] == got[-1] == "'"
