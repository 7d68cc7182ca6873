"""Memory levels of a training by TRL: each needs less, none changes the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trl_toys import Recorder, ToyTask

from rltune.trainers.base import ROLES, TrainJob
from rltune.trainers.resources import Foresees, SavesMemory
from rltune.trainers.trl.footprint import footprint
from rltune.trainers.trl.memory import FACTOR, at_level, levels_of
from rltune.trainers.trl.settings import Settings, check_processes, parse
from rltune.trainers.trl.trainer import TrlTrainer

EXACT = ("reward", "reward_std", "learning_rate", "response_length", "tokens", "zero_std_fraction")
ROUNDED = ("grad_norm",)


def test_the_levels_of_a_usual_batch() -> None:
    levels = levels_of(parse({"prompts_per_step": 32, "rollouts": 8}))
    assert [level.words for level in levels] == [
        "micro-batches of 256",
        "micro-batches of 64",
        "micro-batches of 16",
        "micro-batches of 4",
        "micro-batches of 4, activations recomputed",
        "micro-batches of 1, activations recomputed",
    ]
    assert isinstance(TrlTrainer(), SavesMemory) and isinstance(TrlTrainer(), Foresees)


def test_what_the_user_has_set_is_where_it_begins() -> None:
    given = {"prompts_per_step": 8, "rollouts": 8, "gradient_accumulation_steps": 8, "activation_checkpointing": True}
    assert [level.words for level in levels_of(parse(given))] == [
        "micro-batches of 8",
        "micro-batches of 2",
        "micro-batches of 1",
    ]


def test_vllm_gives_back_a_part_of_the_gpu_at_last() -> None:
    shared = levels_of(Settings(native={"use_vllm": True, "vllm_gpu_memory_utilization": 0.3}))
    assert shared[-1].changes["vllm_gpu_memory_utilization"] == 0.2
    assert shared[-1].words.endswith("vLLM's share of the GPU 0.2")
    assert "vllm" not in str(levels_of(Settings(native={"use_vllm": True, "vllm_mode": "server"}))[-1].changes)


@pytest.mark.parametrize(
    "name", [{"loss_type": "bnpo"}, {"entropy_coef": 0.01}, {"top_entropy_quantile": 0.2}], ids=lambda n: next(iter(n))
)
def test_losses_that_depend_on_the_micro_batch_keep_it(name: dict[str, float | str]) -> None:
    levels = levels_of(parse(name))
    assert [set(level.changes) for level in levels] == [set(), {"activation_checkpointing"}]


def test_rows_are_divided_as_answers_are() -> None:
    sft = parse({"algorithm": "sft", "batch_size": 32})
    assert [level.words for level in levels_of(sft)] == [
        "micro-batches of 32",
        "micro-batches of 8",
        "micro-batches of 8, activations recomputed",
        "micro-batches of 2, activations recomputed",
        "micro-batches of 1, activations recomputed",
    ]
    kept = levels_of(parse({"algorithm": "dpo", "loss_type": "sft"}))
    assert [set(level.changes) for level in kept] == [set(), {"activation_checkpointing"}]


def test_each_process_has_micro_batches_of_its_own() -> None:
    settings = parse({"prompts_per_step": 32, "rollouts": 8})
    assert [level.words for level in levels_of(settings, 8)][:3] == [
        "micro-batches of 32",
        "micro-batches of 8",
        "micro-batches of 8, activations recomputed",
    ]
    for level in range(8):
        check_processes(at_level(settings, level, 8), 8)
    trainer = TrlTrainer().configure({"accelerate": {"num_processes": {"target": 8}}})
    target, proxy = (trainer.memory_levels({}, role) for role in ROLES)
    assert target[0] == "micro-batches of 32" and proxy[0] == "micro-batches of 256"
    assert [trainer.gpus("m", role) for role in ROLES] == [8, 1] and TrlTrainer().gpus("m", "target") is None


@given(
    prompts=st.integers(1, 40),
    rollouts=st.integers(2, 16),
    updates=st.integers(1, 8),
    accumulation=st.integers(1, 8),
    level=st.integers(0, 30),
)
def test_the_batch_of_an_update_never_changes(
    prompts: int, rollouts: int, updates: int, accumulation: int, level: int
) -> None:
    settings = Settings(
        prompts_per_step=prompts * updates * accumulation,
        rollouts=rollouts,
        updates_per_step=updates,
        native={"gradient_accumulation_steps": accumulation},
    )
    lean = at_level(settings, level)
    per_update = settings.completions // updates
    assert per_update % lean.accumulation == 0 and lean.accumulation >= accumulation
    assert replace(lean, native=settings.native) == settings
    assert lean == at_level(settings, min(level, len(levels_of(settings)) - 1))
    sizes = [
        per_update // int(each.changes.get("gradient_accumulation_steps", accumulation)) for each in levels_of(settings)
    ]
    shrunk = [(a, b) for a, b in zip(sizes, sizes[1:], strict=False) if a != b]
    assert all(b == 1 or a >= FACTOR * b for a, b in shrunk)
    assert sizes[-1] == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"kl_coef": 0.1, "updates_per_step": 2},
        {"loss_type": "grpo"},
        {"algorithm": "rloo", "kl_coef": 0.1},
        {"algorithm": "sft", "batch_size": 16},
        {"algorithm": "dpo", "batch_size": 16},
    ],
    ids=str,
)
def test_a_run_is_the_same_at_every_level(
    toy: ToyTask, make_job: Callable[..., TrainJob], tmp_path: Path, more: dict[str, float | str]
) -> None:
    """Same completions, same rewards, same updates but for the order in which numbers are added."""
    job = make_job(3, hyperparameters=more)
    levels = TrlTrainer().memory_levels(job.hyperparameters, "target")
    runs = []
    for level in range(len(levels)):
        recorder = Recorder(tmp_path / str(level))
        TrlTrainer().train(replace(job, memory_level=level), recorder)
        runs.append([metrics.values for metrics in recorder.steps])
    assert len(levels) >= 3
    for lean in runs[1:]:
        for values, expected in zip(lean, runs[0], strict=True):
            assert values.keys() == expected.keys() >= {"learning_rate", *ROUNDED}
            exact = {n: v for n, v in expected.items() if n in EXACT}
            assert {n: values[n] for n in exact} == pytest.approx(exact, abs=1e-9)
            assert {n: values[n] for n in ROUNDED} == pytest.approx({n: expected[n] for n in ROUNDED}, rel=1e-4)
            if "entropy" in expected:  # means of micro-batches, where answers of unequal length weigh the same
                assert values["entropy"] == pytest.approx(expected["entropy"], rel=0.05)


@pytest.mark.slow
def test_a_run_may_go_on_at_another_level(toy: ToyTask, make_job: Callable[..., TrainJob], tmp_path: Path) -> None:
    more: dict[str, float | int | str | bool] = {"updates_per_step": 2}
    straight, first, second = (Recorder(tmp_path / name) for name in ("straight", "first", "second"))
    TrlTrainer().train(make_job(4, hyperparameters=more), straight)
    TrlTrainer().train(make_job(2, hyperparameters=more), first)
    resumed = make_job(4, start=2, resume=tmp_path / "first" / "step-000002", hyperparameters=more)
    TrlTrainer().train(replace(resumed, memory_level=3), second)
    expected = [m.values for m in straight.steps[2:]]
    for metrics, values in zip(second.steps, expected, strict=True):
        assert {n: metrics.values[n] for n in EXACT} == pytest.approx({n: values[n] for n in EXACT}, abs=1e-9)
        assert metrics.values["grad_norm"] == pytest.approx(values["grad_norm"], rel=1e-4)


def test_a_checkpoint_of_7b_takes_what_people_know_it_takes() -> None:
    full = footprint(7.6e9, parse({}))
    assert 80e9 <= full.checkpoint_bytes <= 100e9
    assert footprint(7.6e9, parse({"optim": "adamw_8bit"})).checkpoint_bytes < 50e9
    assert full.passes == 6 and footprint(1e6, parse({"kl_coef": 0.1, "updates_per_step": 2})).passes == 10
    assert full.completions == 256 and full.generates


def test_what_learning_from_given_answers_takes() -> None:
    dpo, sft = (footprint(7.6e9, parse({"algorithm": name, "batch_size": 8})) for name in ("dpo", "sft"))
    assert (dpo.completions, dpo.passes, sft.completions, sft.passes) == (16, 8, 8, 6)
    assert not dpo.generates and not sft.generates


def test_an_adapters_checkpoint_is_small() -> None:
    """r 16 on all linear layers of Qwen2.5-7B: 40 M parameters (peft prints them)."""
    lora = footprint(7.6e9, parse({"use_peft": True, "lora_r": 16}))
    assert lora.checkpoint_bytes / 12 == pytest.approx(40e6, rel=1.0)


def test_a_computed_checkpoint_is_near_a_real_one(
    toy: ToyTask, make_job: Callable[..., TrainJob], tmp_path: Path
) -> None:
    TrlTrainer().train(make_job(1), Recorder(tmp_path))
    files = {p.name: p.stat().st_size for p in (tmp_path / "step-000001").iterdir()}
    parameters = files["model.safetensors"] / 4
    computed = footprint(parameters, parse({})).checkpoint_bytes
    # What a tiny model's files hold beside numbers is as large as these.
    assert files["model.safetensors"] + files["optimizer.pt"] == pytest.approx(computed, rel=0.4)
