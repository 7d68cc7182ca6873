"""What CI replaces in each tutorial, so that minutes become seconds and a GPU isn't needed.

Each replacement is of a text that stands in the page, everywhere it stands, in what is shown as output too; one that
the page doesn't have any more is an error. What isn't listed here runs as the reader runs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Cut:
    """A tutorial in CI.

    Attributes:
        cuts: (text of the page, what CI has instead).
        chance: texts of shown lines that a shortened run needn't print: what happens by luck, or not within its budget.
        before: a program that makes what the reader brings along.
    """

    cuts: tuple[tuple[str, str], ...] = ()
    chance: tuple[str, ...] = ()
    before: str = ""


_SMALL = """transfer: false
confirm: {top: 1}
final: {seeds: 1}
validation: {prompts: 32, samples: 1}
test: {prompts: 32, samples: 1}"""
"""The last phases of a study, and all scoring, as short as they can be."""

_QUICK = f"budget: {{time: 4m, trials: 4}}\n{_SMALL}"
"""Ends after four trials; the time only bounds a machine that is very busy."""

_GSM8K = """
import pandas
for split, count in (("train", 1200), ("test", 300)):
    pandas.DataFrame(
        {
            "data_source": "openai/gsm8k",
            "prompt": [{"role": "user", "content": f"What is {split} {i} + 1?"}],
            "ability": "math",
            "reward_model": {"style": "rule", "ground_truth": str(i + 1)},
            "extra_info": {"split": split, "index": i},
        }
        for i in range(count)
    ).to_parquet(f"data/gsm8k/{split}.parquet")
"""

CUTS: Mapping[str, Cut] = {
    "first-study": Cut(
        cuts=(
            ("budget: {time: 5m30s, search: 0.45}       # wall clock of everything", _QUICK),
            ("steps: 40                                 # length", "steps: 8\nrungs: [2, 4, 8]  # length"),
            ("to steps 10, 20 and 40", "to steps 2, 4 and 8"),
        ),
        chance=(
            "search: 2.5 min", "stopped by", "continues from", "runs stopped early", "A gain of", "s.d.",
            "] run 1 on", "] run 2 ", "spent",
        ),
    ),
    "read-a-report": Cut(),
    "own-model-with-trl": Cut(
        cuts=(
            ("Qwen/Qwen2.5-1.5B-Instruct", "embedded/s"),
            ("Qwen/Qwen2.5-0.5B-Instruct", "embedded/xs"),
            ('f"What is {a} + {b}? Answer with the number only.\\n"', 'f"{a}+{b}="'),
            ("max_response_length: 64", "max_response_length: 6"),
            ("low: 3e-7, high: 3e-5", "low: 1e-5, high: 1e-3"),
            ("prompts_per_step: 64 ", "prompts_per_step: 8 "),
            ("validation_size: 128", "validation_size: 32"),
            ("budget: {time: 12h, search: 0.6}", _QUICK),
            ("validation: {prompts: 128, samples: 2}\n", ""),
            ("steps: 100      ", "steps: 8  "),
            ("rungs: [25, 50, 100]", "rungs: [2, 4, 8]"),
            ("gradient_accumulation_steps: 4", "gradient_accumulation_steps: 1"),
            ("embedded/s (1.5 B),", "embedded/s (0.796 M),"),
            ("to steps 25, 50 and 100", "to steps 2, 4 and 8"),
            ("(1.5 B parameters)", "(0.796 M parameters)"),
            ("(500 M)", "(0.135 M)"),
        ),
        chance=(
            "budget    12.0 h", "search: 7.2 h", "then: 1", "costs", "checkpoints: ", "the budget pays", "width is",
        ),
    ),
    "bring-your-own-trainer": Cut(
        cuts=(
            ("budget: {time: 5m, search: 0.5, trials: 8}", _QUICK.replace("trials: 4", "trials: 2")),
            ("steps: 200\n", "steps: 40\n"),
            ("rungs: [50, 200]", "rungs: [10, 40]"),
            ("final: {seeds: 2}\n", ""),
        ),
        chance=("No sure gain", "search: 2.5 min"),
    ),
    "forecast-a-log": Cut(),
    "write-a-stopping-rule": Cut(
        cuts=(
            ("budget: 5m", _QUICK),
            ("steps: 40\n", "steps: 8\nrungs: [4, 8]\n"),
            ('KlBudget", budget: 1.0}]', 'KlBudget", budget: 0.02}]'),
        ),
    ),
    "verl-on-a-cluster": Cut(
        cuts=(
            ("~/verl-env/bin/python", "VERL_PYTHON"),
            # Both ends of each interval are asked of verl, half a second each.
            ("recipe: verl-grpo\n", "recipe: verl-grpo\nspace: {kl_coef: {type: float, low: 1e-4, high: 0.1}}\n"),
        ),
        chance=("search: 28.8 h",),
        before=_GSM8K,
    ),
}  # fmt: skip
