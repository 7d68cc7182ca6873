r"""Prompts: a question with an instruction on how to answer, and how to take the instruction off again.

Files in verl's schema hold finished prompts. The known instructions are taken off, so that a task's prompts are the
same whoever prepared its file, and a winner sees other test sets in the words that it was trained with.
"""

from __future__ import annotations

from rltune.errors import TaskError
from rltune.tasks.readers import Row
from rltune.tasks.rows import field

QUESTION = "{question}"

NUMBER_PROMPT = QUESTION + ' Let\'s think step by step and output the final answer after "####".'
BOXED_PROMPT = QUESTION + " Let's think step by step and output the final answer within \\boxed{}."
CHOICE_PROMPT = QUESTION + "\n\nLet's think step by step and output the letter of the right choice within \\boxed{}."
"""The default prompts; the first two are those of verl's own preparation of GSM8K and MATH."""

_PREFIXES = ("You are a knowledgeable math assistant. Answer the following questions and think step by step.",)
_SUFFIXES = (
    *(prompt.removeprefix(QUESTION).strip() for prompt in (NUMBER_PROMPT, BOXED_PROMPT, CHOICE_PROMPT)),
    "Please output the final answer within \\boxed{}.",
    "Please solve step by step and put your final answer within \\boxed{}.",
    "Please reason step by step, and put your final answer within \\boxed{}.",
)


def check_template(template: str) -> str:
    """The template itself. Raises TaskError if it has no place for the question."""
    if not isinstance(template, str) or QUESTION not in template:
        raise TaskError(
            f"expected a prompt with {QUESTION} in it, got {template!r:.80}",
            where="task prompt",
            hint="the question is put in its place; other braces stay as they are",
        )
    return template


def fill(template: str, question: str) -> str:
    """The prompt for a question."""
    return template.replace(QUESTION, question)


def bare(prompt: str) -> str | None:
    """A finished prompt without its instruction; None if it has none that is known."""
    text = prompt.strip()
    for prefix in _PREFIXES:
        text = text.removeprefix(prefix)
    for suffix in _SUFFIXES:
        if text.endswith(suffix):
            return text.removesuffix(suffix).strip()
    return None


def finished_prompt(row: Row) -> str | None:
    """The prompt of a row in verl's schema, its messages joined by blank lines; None in any other row."""
    messages = row.get("prompt")
    if field(row, "reward_model.ground_truth") is None or not isinstance(messages, list):
        return None
    contents = [message.get("content") for message in messages if isinstance(message, dict)]
    return "\n\n".join(content for content in contents if isinstance(content, str)) or None
