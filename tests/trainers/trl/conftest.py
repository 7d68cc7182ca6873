"""A tiny random model, the toy task in place of every task, and jobs of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM
from trl_toys import ToyTask

from rltune.models.tokenizer import build_tokenizer
from rltune.trainers.base import Scoring, TrainJob

BATCHES: dict[str, dict[str, int]] = {
    **dict.fromkeys(("grpo", "rloo"), {"rollouts": 4, "prompts_per_step": 4}),
    **dict.fromkeys(("sft", "dpo"), {"batch_size": 4}),
}


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    return build_tokenizer()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory, tokenizer: PreTrainedTokenizerFast) -> str:
    """Folder of a random Qwen2 with about 7,000 parameters."""
    folder = tmp_path_factory.mktemp("tiny")
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=32,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        Qwen2ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> ToyTask:
    """Makes every task name mean the toy task."""
    task = ToyTask()
    monkeypatch.setattr("rltune.trainers.trl.run.build_task", lambda name, options: task)
    return task


@pytest.fixture
def make_job(tiny_model: str) -> Callable[..., TrainJob]:
    """A job of the toy task with a horizon of 12 steps of 4 prompts x 4 rollouts, or of 4 rows."""

    def make(
        stop: int,
        *,
        resume: Path | None = None,
        start: int = 0,
        hyperparameters: dict[str, float | int | str | bool] | None = None,
        validate_at: tuple[int, ...] = (),
        checkpoint_at: tuple[int, ...] = (),
        seed: int = 3,
        model: str = tiny_model,
    ) -> TrainJob:
        return TrainJob(
            model=model,
            task="toy",
            hyperparameters={
                "learning_rate": 3e-3,
                **BATCHES[str((hyperparameters or {}).get("algorithm", "grpo"))],
                **(hyperparameters or {}),
            },
            horizon=12,
            stop_step=stop,
            start_step=start,
            resume_from=str(resume) if resume else None,
            seed=seed,
            validation=Scoring(prompts=6, samples=2),
            validate_at=validate_at,
            checkpoint_at=checkpoint_at,
            device="cpu",
        )

    return make
