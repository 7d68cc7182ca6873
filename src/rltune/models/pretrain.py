"""Rebuilds the embedded family: `python -m rltune.models.pretrain --out DIR [--size xs]`.

Four phases, of cross entropy on the completions, so that a model ends up able to do the tasks (greedy decoding is
right) while samples at temperature 1 are right only about 0.4 of the time:
*learn* right answers only; *flatten* the distribution, by scaling the last norm; *blur* with the answers of a noisy
teacher (see `teacher.py`); *settle* on them, long and with AdamW.
The noise can't come first: from noisy answers the small models learn carries many times slower. Nor can the flattening
be left out: a sharp distribution meeting the noise is a shock, in which they forget. Muon learns the carries several
times faster than AdamW. And a model that hasn't settled is brittle: at learning rates that a settled one gains from, it
forgets how to compute.

Problems are drawn from the whole space of both tasks but for validation and test prompts, which are never seen: what a
model scores there it has learned, not memorized. Train prompts of the tasks may occur.

The same seed, thread count and torch version give the same weights; other machines give ones of like ability. So does
a rebuild of the packaged ones: their phases were run apart, those of xs and s with another order of random draws. The
teacher's rates below were chosen by the accuracy on validation prompts.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm
from transformers import PreTrainedTokenizerBase, Qwen2Config, Qwen2ForCausalLM

from rltune.models.embedded import SHAPES
from rltune.models.measure import Ability, measure
from rltune.models.teacher import Noise, next_characters, outcomes, sample
from rltune.models.tokenizer import BOS, CHARACTERS, CONTEXT, EOS, PAD, build_tokenizer, token_id
from rltune.tasks.arithmetic import ArithmeticTask, Level, draw
from rltune.tasks.base import Example

_IGNORE = -100
_LEVELS: tuple[Level, ...] = ("easy", "hard", "hard")  # hard problems take longer to learn, so they come twice as often


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one size is trained.

    Steps of the learn, blur and settle phases, problems a step, peak learning rates of the learn phase, the factor of
    the last norm, and how often the teacher is right in the blur and in the settle phase. The model itself is unsure of
    some digits, the smallest more than the others, so that its samples are right less often than its teacher.
    """

    learn_steps: int
    blur_steps: int
    settle_steps: int
    batch: int
    matrix_lr: float
    vector_lr: float
    settle_lr: float
    flatten: float
    blur_right: Mapping[Level, float]
    settle_right: Mapping[Level, float]


def _right(easy: float, hard: float) -> Mapping[Level, float]:
    return {"easy": easy, "hard": hard}


RECIPES: dict[str, Recipe] = {
    "xs": Recipe(1900, 200, 2500, 256, 0.02, 4e-3, 1.5e-3, 0.4, _right(0.62, 0.80), _right(0.46, 0.48)),
    "s": Recipe(1300, 120, 1500, 256, 0.02, 3e-3, 1e-3, 0.4, _right(0.60, 0.65), _right(0.46, 0.46)),
    "m": Recipe(800, 120, 700, 256, 0.02, 2e-3, 8e-4, 0.4, _right(0.43, 0.48), _right(0.46, 0.46)),
}
_ALWAYS_RIGHT = _right(1.0, 1.0)
_BLUR_MATRIX_LR, _BLUR_VECTOR_LR = 4e-3, 8e-4


class Problems:
    """Batches of prompts and completions, without the tasks' held-out prompts."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, batch: int, seed: int) -> None:
        self._vocabulary = len(tokenizer)
        self._index = {character: tokenizer.encode(character)[0] for character in CHARACTERS}
        self._index[""] = token_id(tokenizer, EOS)  # after its last character a completion ends
        self._pad = token_id(tokenizer, PAD)
        self._batch = batch
        self._rng = random.Random(seed)
        self._held_out = {
            example.prompt
            for level in set(_LEVELS)
            for split in ("validation", "test")
            for example in ArithmeticTask(level).examples(split)
        }

    def draw(self, right: Mapping[Level, float]) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens (rows, longest); where to predict, as flat positions (n,); the teacher's next-token distribution
        there (n, vocabulary).

        Each problem gives a row with the right answer, whose every position has the teacher's whole distribution as
        its target: the expected loss, without the noise of drawn completions. Every fourth also gives a row with a
        drawn completion, trained from where it leaves the right answer, to show what follows an error.
        """
        rows: list[tuple[str, str, Sequence[Mapping[str, float]]]] = []
        for number in range(self._batch):
            level = _LEVELS[number % len(_LEVELS)]
            example = self._problem(level)
            answer = example.answer
            teacher, targets = _taught(answer, right[level])
            rows.append((example.prompt, answer, targets))
            drawn = sample(teacher, self._rng) if number % 4 == 0 else answer
            if drawn != answer:
                same = len(os.path.commonprefix([drawn, answer]))
                after = [next_characters(teacher, drawn[:t]) for t in range(same + 1, len(drawn) + 1)]
                rows.append((example.prompt, drawn, after))
        return self._tensors(rows)

    def _tensors(self, rows: Sequence[tuple[str, str, Sequence[Mapping[str, float]]]]) -> tuple[Tensor, Tensor, Tensor]:
        longest = max(len(prompt) + len(completion) for prompt, completion, _ in rows)
        tokens = torch.full((len(rows), longest), self._pad)
        where: list[int] = []
        cells: list[tuple[int, int]] = []
        masses: list[float] = []
        for number, (prompt, completion, targets) in enumerate(rows):
            text = prompt + completion
            tokens[number, : len(text)] = torch.tensor([self._index[c] for c in text])
            for back, target in enumerate(reversed(targets)):
                cells.extend((len(where), self._index[character]) for character in target)
                masses.extend(target.values())
                where.append(number * longest + len(text) - 1 - back)
        distributions = torch.zeros(len(where), self._vocabulary)
        distributions[tuple(torch.tensor(cells).T)] = torch.tensor(masses)
        return tokens, torch.tensor(where), distributions

    def _problem(self, level: Level) -> Example:
        while True:
            example = draw(level, self._rng)
            if example.prompt not in self._held_out:
                return example


@lru_cache(maxsize=4096)
def _taught(answer: str, right: float) -> tuple[Mapping[str, float], tuple[Mapping[str, float], ...]]:
    """The teacher's completions, and its distribution of the next character at each position of the right answer."""
    teacher = outcomes(answer, Noise(right))
    return teacher, tuple(next_characters(teacher, answer[:t]) for t in range(len(answer) + 1))


class MuonAdamW:
    """Muon for the matrices, AdamW for embeddings, biases and norms, as one optimizer with one schedule."""

    def __init__(self, model: Qwen2ForCausalLM, matrix_lr: float, vector_lr: float) -> None:
        matrices, others = [], []
        for name, parameter in model.named_parameters():
            (matrices if parameter.ndim == 2 and "embed" not in name else others).append(parameter)
        self._parts = (
            (torch.optim.Muon(matrices, lr=matrix_lr, momentum=0.95, weight_decay=0.01), matrix_lr),
            (torch.optim.AdamW(others, lr=vector_lr, betas=(0.9, 0.98), weight_decay=0.0), vector_lr),
        )

    def step(self, loss: Tensor, scale: float) -> None:
        """One update with each learning rate multiplied by `scale`."""
        for optimizer, lr in self._parts:
            optimizer.zero_grad()
            for group in optimizer.param_groups:
                group["lr"] = lr * scale
        loss.backward()
        for optimizer, _ in self._parts:
            optimizer.step()


class AdamW:
    """AdamW for all parameters, as reinforcement learning will use it."""

    def __init__(self, model: Qwen2ForCausalLM, lr: float) -> None:
        self._parameters = list(model.parameters())
        self._lr = lr
        self._optimizer = torch.optim.AdamW(self._parameters, lr=lr, betas=(0.9, 0.95), weight_decay=0.0)

    def step(self, loss: Tensor, scale: float) -> None:
        """One update with the learning rate multiplied by `scale`."""
        self._optimizer.zero_grad()
        for group in self._optimizer.param_groups:
            group["lr"] = self._lr * scale
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._parameters, 1.0)
        self._optimizer.step()


def _loss(model: Qwen2ForCausalLM, tokens: Tensor, where: Tensor, distributions: Tensor) -> Tensor:
    hidden = model.model(input_ids=tokens, use_cache=False).last_hidden_state  # (rows, longest, width)
    return functional.cross_entropy(model.lm_head(hidden.flatten(0, 1)[where]), distributions)


def new_model(size: str, tokenizer: PreTrainedTokenizerBase) -> Qwen2ForCausalLM:
    """An untrained model of the family, in float32, from torch's global generator."""
    shape = SHAPES[size]
    return Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(tokenizer),
            hidden_size=shape.hidden_size,
            intermediate_size=shape.intermediate_size,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            num_key_value_heads=shape.heads,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=True,
            pad_token_id=token_id(tokenizer, PAD),
            bos_token_id=token_id(tokenizer, BOS),
            eos_token_id=token_id(tokenizer, EOS),
        )
    )


def pretrain(size: str, *, seed: int = 0, show: Callable[[str], None] = print) -> Qwen2ForCausalLM:
    """Train one size from scratch. Uses torch's global generator, seeded here; minutes on one core."""
    recipe = RECIPES[size]
    torch.manual_seed(seed)
    tokenizer = build_tokenizer()
    model = new_model(size, tokenizer).train()

    def report(phase: str) -> None:
        for level in recipe.settle_right:
            show(f"{size} after {phase}, arithmetic/{level}: {_validate(model, tokenizer, level)}")

    optimizers = MuonAdamW(model, recipe.matrix_lr, recipe.vector_lr)
    problems = Problems(tokenizer, recipe.batch, seed)
    _train(model, optimizers, problems, _ALWAYS_RIGHT, recipe.learn_steps, 50, f"{size} learn")
    report("learn")
    with torch.no_grad():
        model.model.norm.weight.mul_(recipe.flatten)
    optimizers = MuonAdamW(model, _BLUR_MATRIX_LR, _BLUR_VECTOR_LR)
    problems = Problems(tokenizer, recipe.batch, seed + 1)
    _train(model, optimizers, problems, recipe.blur_right, recipe.blur_steps, 20, f"{size} blur")
    report("blur")
    adam = AdamW(model, recipe.settle_lr)
    problems = Problems(tokenizer, recipe.batch, seed + 5)
    _train(model, adam, problems, recipe.settle_right, recipe.settle_steps, 30, f"{size} settle")
    report("settle")
    return model.eval()


def _train(
    model: Qwen2ForCausalLM,
    optimizers: MuonAdamW | AdamW,
    problems: Problems,
    right: Mapping[Level, float],
    steps: int,
    warm_up: int,
    label: str,
) -> None:
    with tqdm(range(steps), desc=label, mininterval=1.0) as bar:
        for step in bar:
            loss = _loss(model, *problems.draw(right))
            cosine = 0.5 * (1 + math.cos(math.pi * step / steps))
            optimizers.step(loss, min(1.0, (step + 1) / warm_up) * cosine)
            if step % 20 == 0:
                bar.set_postfix(loss=f"{loss.item():.3f}")


def _validate(model: Qwen2ForCausalLM, tokenizer: PreTrainedTokenizerBase, level: Level) -> Ability:
    task = ArithmeticTask(level)
    model.eval()
    ability = measure(model, tokenizer, task, task.examples("validation"))
    model.train()
    return ability


def save(model: Qwen2ForCausalLM, folder: Path) -> None:
    """Write weights (float16, to keep the package small), configuration and tokenizer, for `from_pretrained`.

    The configuration says float32, in which the model is thus loaded: updates of 1e-6 vanish in half precision.
    """
    folder.mkdir(parents=True, exist_ok=True)
    half = {name: value.to(torch.float16) for name, value in model.state_dict().items() if name != "lm_head.weight"}
    model.save_pretrained(folder, state_dict=half)
    build_tokenizer().save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)  # written for the owner alone; a package's files are for everyone


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains the embedded models anew (`python -m rltune.models.pretrain`)."""
    parser = argparse.ArgumentParser("python -m rltune.models.pretrain", description="Rebuild the embedded family.")
    parser.add_argument("--out", type=Path, required=True, help="folder that gets one subfolder a size")
    parser.add_argument("--size", choices=list(SHAPES), action="append", help="a size (repeatable); default: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1, help="torch threads; another number gives other roundings")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    for size in options.size or SHAPES:
        start = time.perf_counter()
        model = pretrain(size, seed=options.seed)
        save(model, options.out / size)
        print(f"{size}: {time.perf_counter() - start:.0f} s, {sum(p.numel() for p in model.parameters())} parameters")


if __name__ == "__main__":
    main()
