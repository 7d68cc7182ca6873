"""What supervised and preference training learn from: answers to imitate, or a better and a worse answer to a prompt.

They come from a file in one of the usual schemas, named by an option that every task takes, or from the task itself:

    demonstrations: {prompt, completion} or {messages}, whose last message is the answer
    preferences:    {prompt, chosen, rejected} or {chosen, rejected}, conversations that differ in their last message

Prompt and answers are text or chat messages (`role`, `content`). A model reads the prompt as the task's own prompts are
read: plain text, contents of several messages joined by blank lines; the answer follows directly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

from rltune.errors import TaskError
from rltune.tasks.base import Task
from rltune.tasks.readers import Row, read_rows
from rltune.tasks.splits import same

DEMONSTRATIONS = "demonstrations"
PREFERENCES = "preferences"
OPTIONS = (DEMONSTRATIONS, PREFERENCES)
"""Options of every task: a file each."""

_FILE_TASK = "file"


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A prompt and the answer to imitate, plain text."""

    prompt: str
    completion: str


@dataclass(frozen=True, slots=True)
class Preference:
    """A prompt, and of two answers the better and the worse one, plain text."""

    prompt: str
    chosen: str
    rejected: str


@runtime_checkable
class Demonstrating(Protocol):
    """A task that makes demonstrations of its own."""

    def demonstrations(self) -> Sequence[Demonstration]:
        """In fixed order, never empty; their prompts are those of the train split."""
        ...


@runtime_checkable
class Preferring(Protocol):
    """A task that makes preferences of its own."""

    def preferences(self) -> Sequence[Preference]:
        """In fixed order, never empty; their prompts are those of the train split."""
        ...


Kind = TypeVar("Kind", Demonstration, Preference)


def demonstrations(task: Task, options: Mapping[str, object]) -> tuple[Demonstration, ...]:
    """The demonstrations to train on, in fixed order; none of their prompts is in the validation or test split.

    Args:
        task: made by `build_task` from these `options`.

    Raises:
        TaskError: if there are none, or a row can't be used.
    """
    own = task.demonstrations if isinstance(task, Demonstrating) else None
    return _collect(task, options, DEMONSTRATIONS, _demonstration, own)


def preferences(task: Task, options: Mapping[str, object]) -> tuple[Preference, ...]:
    """The preferences to train on; as `demonstrations`."""
    own = task.preferences if isinstance(task, Preferring) else None
    return _collect(task, options, PREFERENCES, _preference, own)


def _collect(
    task: Task,
    options: Mapping[str, object],
    option: str,
    parse: Callable[[Row, str], Kind],
    own: Callable[[], Sequence[Kind]] | None,
) -> tuple[Kind, ...]:
    # The train file of the task `file` may hold both: answers to check, and answers to learn from.
    file = options.get(option, options.get("train") if task.name == _FILE_TASK else None)
    if file is None and own is None:
        raise TaskError(
            f"the task {task.name} has no {option} of its own, and this algorithm learns from them",
            where="task",
            hint=f"name a JSON lines or parquet file: {option}: data/{option}.jsonl",
        )
    if file is None and own is not None:
        return tuple(own())
    if not isinstance(file, str | Path):
        raise TaskError(f"{option} must be a file's name, got {file!r:.80}", where=f"task {option}")
    path = Path(file).expanduser()
    rows = [parse(row, f"{path}, row {number}") for number, row in enumerate(read_rows(path), start=1)]
    held_out = {same(example.prompt) for split in ("validation", "test") for example in task.examples(split)}
    kept = tuple(row for row in rows if same(row.prompt) not in held_out)
    if not kept:
        raise TaskError(
            f"all {option} are of prompts in the validation or test split",
            where=str(path),
            hint="use other prompts to train on",
        )
    return kept


def _demonstration(row: Row, where: str) -> Demonstration:
    if row.get("messages") is not None:
        prompt, completion = _conversation(row["messages"], "messages", where)
        return Demonstration(prompt, completion)
    _require_columns(row, ("prompt", "completion"), where, "or chat messages in `messages`")
    return Demonstration(_prompt(row, where), _answer(row, "completion", where))


def _preference(row: Row, where: str) -> Preference:
    _require_columns(row, ("chosen", "rejected"), where, "and `prompt`, unless both are whole conversations")
    if row.get("prompt") is not None:
        prompt, chosen, rejected = _prompt(row, where), _answer(row, "chosen", where), _answer(row, "rejected", where)
    else:
        prompt, chosen = _conversation(row["chosen"], "chosen", where)
        other, rejected = _conversation(row["rejected"], "rejected", where)
        if other != prompt:
            raise TaskError(
                "the conversations `chosen` and `rejected` differ before their last message",
                where=where,
                hint="both have to answer the same prompt",
            )
    if chosen == rejected:
        raise TaskError("the chosen and the rejected answer are the same", where=where, hint="remove such rows")
    return Preference(prompt, chosen, rejected)


def _require_columns(row: Row, names: Sequence[str], where: str, otherwise: str) -> None:
    missing = [name for name in names if row.get(name) is None]
    if missing:
        raise TaskError(
            f"expected {' and '.join(names)}, got the columns {', '.join(map(str, row))}",
            where=where,
            hint=f"rename the columns to {', '.join(names)}, {otherwise}",
        )


def _prompt(row: Row, where: str) -> str:
    value = row["prompt"]
    text = value if isinstance(value, str) else "\n\n".join(_contents(value, "prompt", where))
    if not text.strip():
        raise TaskError("the prompt is empty", where=where, hint="every row needs one")
    return text


def _answer(row: Row, name: str, where: str) -> str:
    """The text of an answer; of messages the last one's, for some data sets repeat the prompt before it."""
    value = row[name]
    text = value if isinstance(value, str) else _contents(value, name, where)[-1]
    if not text.strip():
        raise TaskError(f"{name} is empty", where=where, hint="every row needs an answer")
    return text


def _conversation(value: object, name: str, where: str) -> tuple[str, str]:
    """(prompt, answer) of chat messages, the last of which is the assistant's."""
    contents = _contents(value, name, where)
    last = value[-1].get("role") if isinstance(value, list) else None
    if len(contents) < 2 or last != "assistant" or not contents[-1].strip():
        raise TaskError(
            f"expected in {name} a prompt and an answer by the assistant, got {len(contents)} messages, "
            f"the last of role {last!r}",
            where=where,
            hint="the last message is what the model learns to say",
        )
    return "\n\n".join(contents[:-1]), contents[-1]


def _contents(value: object, name: str, where: str) -> list[str]:
    if isinstance(value, list) and value and all(isinstance(m, Mapping) for m in value):
        contents = [message.get("content") for message in value]
        if all(isinstance(content, str) for content in contents):
            return contents
    raise TaskError(
        f"expected text or chat messages (role, content) in {name}, got {value!r:.80}",
        where=where,
        hint="one JSON object a line, or a parquet file with such columns",
    )
