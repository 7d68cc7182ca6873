"""Scores of a model on a split: mean@k of sampled answers, and greedy accuracy beside it.

Notation: n prompts, k samples of each, T tokens.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

from rltune.errors import TaskError
from rltune.tasks.base import Example, Split, Task
from rltune.tasks.groups import breakdown
from rltune.tasks.scoring import grades_of
from rltune.trainers.answers import Graded, keep_answers
from rltune.trainers.base import Scores, Scoring, unheard
from rltune.trainers.trl.randomness import isolated, stream_seed
from rltune.trainers.trl.team import ALONE, Team

_TOKENS_PER_BATCH = 32_768  # bounds the memory of one batch; small answers are still made hundreds at once
_GRADES_PER_BATCH = 64  # a check may take seconds an answer, and a sign of life is due every few minutes


@dataclass(frozen=True, slots=True)
class Answerer:
    """A model with what it needs to answer: `max_tokens` new tokens at most. Each process of `team` has a copy."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    max_tokens: int
    team: Team = ALONE

    def answers(self, prompts: Sequence[str], *, temperature: float, alive: Callable[[], None] = unheard) -> list[str]:
        """One completion for each prompt, special tokens removed; the most likely one at temperature 0.

        `alive` is called after each batch. The processes of a team share the prompts, and all have all answers.
        The model is in evaluation mode meanwhile and goes back to the mode that it was in.
        """
        share = -(-len(prompts) // self.team.size)
        return self.team.join(self._own_answers(prompts[self.team.rank * share :][:share], temperature, alive))

    def _own_answers(self, prompts: Sequence[str], temperature: float, alive: Callable[[], None]) -> list[str]:
        config = self._generation(temperature)
        was_training = self.model.training
        self.model.eval()
        texts: list[str] = []
        size = self._batch_size(prompts) if prompts else 1
        for start in range(0, len(prompts), size):
            batch = self.tokenizer(
                list(prompts[start : start + size]), return_tensors="pt", padding=True, padding_side="left"
            )
            ids = batch["input_ids"].to(self.model.device)  # (batch, T prompt)
            mask = batch["attention_mask"].to(self.model.device)
            with torch.no_grad():
                tokens = self.model.generate(ids, attention_mask=mask, generation_config=config)  # pyright: ignore[reportCallIssue]
            texts.extend(self.tokenizer.batch_decode(tokens[:, ids.shape[1] :], skip_special_tokens=True))
            alive()
        self.model.train(was_training)
        return texts

    def _generation(self, temperature: float) -> GenerationConfig:
        # No top-k or top-p: what is scored is the policy itself.
        how = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0} if temperature > 0 else {}
        return GenerationConfig(
            max_new_tokens=self.max_tokens,
            pad_token_id=self.tokenizer.pad_token_id,
            bos_token_id=self.tokenizer.bos_token_id,
            eos_token_id=self._ends(),
            use_cache=True,
            disable_compile=True,
            **({"do_sample": False} | how),
        )

    def _ends(self) -> list[int]:
        """Every token that ends an answer: the tokenizer's and those that the model declares, as in training."""
        declared = getattr(self.model.generation_config, "eos_token_id", None)
        ends = [declared] if isinstance(declared, int) else list(declared or [])
        return sorted({token for token in (self.tokenizer.eos_token_id, *ends) if isinstance(token, int)})

    def _batch_size(self, prompts: Sequence[str]) -> int:
        longest = max(len(ids) for ids in self.tokenizer(list(prompts))["input_ids"])  # pyright: ignore[reportArgumentType]
        return max(1, _TOKENS_PER_BATCH // (longest + self.max_tokens))


def score_split(
    answerer: Answerer,
    task: Task,
    split: Split,
    scoring: Scoring,
    seed: int,
    alive: Callable[[], None] = unheard,
    keep: Path | None = None,
) -> Scores:
    """`mean` (mean@k), `greedy`, `mean_stderr` (over prompts), and mean@k of each group of the split's examples, by
    the group's name; each in [0, 1].

    Draws from a random stream that depends on (seed, split) alone, and leaves all other streams as they are.
    `alive` is called after each batch of answers that was made or graded. `keep`: a file for all answers.

    Raises:
        TaskError: if the split is empty or nothing was asked for.
    """
    examples = task.examples(split)[: scoring.prompts]
    if not examples or scoring.samples < 1:
        raise TaskError(
            f"expected at least 1 prompt and 1 sample, got {len(examples)} and {scoring.samples}",
            where=f"{split} data",
        )
    prompts = [example.prompt for example in examples]
    team = answerer.team
    with isolated(stream_seed("score", seed, split, *([team.rank] if team.size > 1 else []))):
        greedy = answerer.answers(prompts, temperature=0.0, alive=alive)
        repeated = [prompt for prompt in prompts for _ in range(scoring.samples)]
        sampled = answerer.answers(repeated, temperature=scoring.temperature, alive=alive)
    if not team.leads:
        return team.agree({})
    best = _graded("greedy", task, examples, greedy, alive)
    drawn = _graded("sampled", task, [example for example in examples for _ in range(scoring.samples)], sampled, alive)
    groups = [drawn[i : i + scoring.samples] for i in range(0, len(drawn), scoring.samples)]  # n of k
    if keep is not None:
        keep_answers(keep, examples, [[one, *group] for one, group in zip(best, groups, strict=True)])
    return team.agree(_scores(examples, best, groups))


def _scores(examples: Sequence[Example], greedy: Sequence[Graded], sampled: Sequence[Sequence[Graded]]) -> Scores:
    """The scores of a greedy and k sampled answers to each of n prompts."""
    means = [_mean([one.grade for one in group]) for group in sampled]  # (n,)
    return {
        "mean": _mean(means),
        "greedy": _mean([one.grade for one in greedy]),
        "mean_stderr": _stderr(means),
        **breakdown(examples, means),
    }


def _graded(
    how: str, task: Task, examples: Sequence[Example], answers: Sequence[str], alive: Callable[[], None]
) -> list[Graded]:
    """The n answers with their grades."""
    grades = _grades(task, examples, answers, alive)
    return [Graded(text, grade, how) for text, grade in zip(answers, grades, strict=True)]


def _grades(task: Task, examples: Sequence[Example], answers: Sequence[str], alive: Callable[[], None]) -> list[float]:
    """The grade in [0, 1] of each of n answers."""
    grades: list[float] = []
    for start in range(0, len(examples), _GRADES_PER_BATCH):
        batch = slice(start, start + _GRADES_PER_BATCH)
        grades += grades_of(task, examples[batch], answers[batch])
        alive()
    return grades


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _stderr(values: Sequence[float]) -> float:
    n = len(values)
    if n < 2:
        return 0.0
    mean = sum(values) / n
    return math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1) / n)
