"""What a model can do on a task: greedy and sampled accuracy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rltune.tasks.base import Example, Task


@dataclass(frozen=True, slots=True)
class Ability:
    """Fractions of right completions in [0, 1]: the most likely one, and samples at temperature 1."""

    greedy: float
    sampled: float


def measure(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    task: Task,
    examples: Sequence[Example],
    *,
    samples: int = 4,
    seed: int = 0,
) -> Ability:
    """Greedy accuracy over `examples`, and sampled accuracy over `samples` completions of each.

    The global generator of torch is seeded inside and given back as it was.
    """
    greedy = _accuracy(model, tokenizer, task, examples, sample=False)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        sampled = _accuracy(model, tokenizer, task, list(examples) * samples, sample=True)
    return Ability(greedy=greedy, sampled=sampled)


def complete(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    *,
    max_new_tokens: int,
    sample: bool,
    batch_size: int = 512,
) -> list[str]:
    """Completions of `prompts`, in their order, special tokens removed; plain softmax sampling if `sample`."""
    options = {"do_sample": True, "temperature": 1.0, "top_k": 0, "top_p": 1.0} if sample else {"do_sample": False}
    # A mixin of causal models brings it, which the types of transformers don't say.
    generate = cast(Callable[..., torch.Tensor], model.generate)
    texts: list[str] = []
    for start in range(0, len(prompts), batch_size):
        some = list(prompts[start : start + batch_size])
        batch = tokenizer(some, return_tensors="pt", padding=True, padding_side="left")
        with torch.inference_mode():
            tokens = generate(
                input_ids=batch["input_ids"],
                attention_mask=batch["attention_mask"],
                max_new_tokens=max_new_tokens,
                pad_token_id=tokenizer.pad_token_id,
                **options,
            )
        completions = tokens[:, batch["input_ids"].shape[1] :]  # (batch, <= max_new_tokens)
        texts.extend(tokenizer.batch_decode(completions, skip_special_tokens=True))
    return texts


def _accuracy(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    task: Task,
    examples: Sequence[Example],
    *,
    sample: bool,
) -> float:
    completions = complete(
        model, tokenizer, [e.prompt for e in examples], max_new_tokens=task.max_response_length, sample=sample
    )
    return sum(task.correct(e, c) for e, c in zip(examples, completions, strict=True)) / len(examples)
