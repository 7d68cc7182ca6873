"""A sequence classifier as the judge of completions, for prompts that have no one right answer.

Notation: n completions, L labels, T tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from rltune.errors import TaskError
from rltune.tasks.base import Example
from rltune.tasks.judges import Verdict

_BATCH = 16


class RewardModel:
    """Any sequence classifier of transformers, from a folder or the hub.

    One label: its logit is the reward (any number), and the grade is the logit's sigmoid. Several: reward and grade are
    the probability of `label`, by name or index.
    A tokenizer with a chat template gets prompt and completion as a chat of two turns, any other as a pair of texts.
    It is loaded when it is first used, on the GPU if there is one. It draws no random numbers.

    Raises TaskError in `judge` if it can't be loaded or has no such label.
    """

    wants: frozenset[str] = frozenset()

    def __init__(self, model: str, label: str | int | None = None) -> None:
        self._name = model
        self._label = label

    def judge(
        self, examples: Sequence[Example], completions: Sequence[str], extras: Sequence[Mapping[str, object]]
    ) -> list[Verdict]:
        del extras
        verdicts: list[Verdict] = []
        for start in range(0, len(examples), _BATCH):
            batch = zip(examples[start : start + _BATCH], completions[start : start + _BATCH], strict=True)
            verdicts.extend(self._batch([(e.prompt, c) for e, c in batch]))
        return verdicts

    def _batch(self, pairs: Sequence[tuple[str, str]]) -> list[Verdict]:
        tokenizer, model, label = self._loaded
        inputs = _tokens(tokenizer, pairs, _room(tokenizer, model)).to(model.device)
        with torch.no_grad():
            logits = model(**inputs).logits.float()  # (n, L)
        if logits.shape[1] == 1:
            rewards, grades = logits[:, 0], logits[:, 0].sigmoid()
        else:
            rewards = grades = logits.softmax(dim=1)[:, label]
        return [Verdict(r, g) for r, g in zip(rewards.tolist(), grades.tolist(), strict=True)]

    @cached_property
    def _loaded(self) -> tuple[Any, Any, int]:
        try:
            tokenizer = AutoTokenizer.from_pretrained(self._name, trust_remote_code=False)
            model = AutoModelForSequenceClassification.from_pretrained(
                self._name, trust_remote_code=False, weights_only=True
            )
        except Exception as error:  # whatever transformers, the hub or the disk raise
            raise TaskError(
                f"the reward model can't be loaded: {type(error).__name__}: {error}",
                where=f"task reward_model {self._name}",
                hint="name a folder or hub repository with a sequence classifier and its tokenizer",
            ) from error
        if tokenizer.pad_token is None:  # models made from language models; a batch needs one
            tokenizer.pad_token = tokenizer.eos_token
        model.config.pad_token_id = tokenizer.pad_token_id
        device = "cuda" if torch.cuda.is_available() else "cpu"
        return tokenizer, model.eval().to(device), self._index(model.config.id2label)

    def _index(self, names: Mapping[int, str]) -> int:
        """The position of the label among the model's L; 0 if it has only one."""
        by_name = {name: index for index, name in names.items()}
        if len(names) == 1 and self._label is None:
            return 0
        index = by_name.get(self._label, self._label) if self._label is not None else None  # pyright: ignore[reportArgumentType, reportCallIssue]
        if not isinstance(index, int) or index not in names:
            raise TaskError(
                f"expected reward_label to be one of {', '.join(map(str, names.values()))} or an index, "
                f"got {self._label!r}",
                where=f"task reward_model {self._name}",
            )
        return index


def _room(tokenizer: Any, model: Any) -> int:
    """The longest input in tokens; longer ones are cut."""
    limits = (tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", None))
    return min(limit for limit in limits if isinstance(limit, int) and limit > 0)


def _tokens(tokenizer: Any, pairs: Sequence[tuple[str, str]], room: int) -> Any:
    """Input ids and mask, (n, T)."""
    how = {"return_tensors": "pt", "padding": True, "truncation": True, "max_length": room}
    if tokenizer.chat_template is None:
        return tokenizer([prompt for prompt, _ in pairs], [completion for _, completion in pairs], **how)
    chats = [
        [{"role": "user", "content": prompt}, {"role": "assistant", "content": completion}]
        for prompt, completion in pairs
    ]
    texts = tokenizer.apply_chat_template(chats, tokenize=False)
    return tokenizer(texts, add_special_tokens=False, **how)  # the template has them already
