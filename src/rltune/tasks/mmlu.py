"""MMLU (arXiv 2009.03300): 14,042 test questions with four choices, over 57 subjects in four domains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rltune.errors import TaskError
from rltune.tasks.answers import Final
from rltune.tasks.base import Split
from rltune.tasks.checks import check_named
from rltune.tasks.choices import choices_of, right_letter, with_choices
from rltune.tasks.dataset import DatasetTask, Problems, Style
from rltune.tasks.groups import slug
from rltune.tasks.hub import HubData
from rltune.tasks.prompts import CHOICE_PROMPT
from rltune.tasks.readers import Row
from rltune.tasks.rows import Problem, field, text_field
from rltune.tasks.source import source

# As lm-eval's groups have it; the authors' own evaluation counts anatomy under other.
_SUBJECTS: Mapping[str, str] = {
    "humanities": """formal_logic high_school_european_history high_school_us_history high_school_world_history
        international_law jurisprudence logical_fallacies moral_disputes moral_scenarios philosophy prehistory
        professional_law world_religions""",
    "stem": """abstract_algebra anatomy astronomy college_biology college_chemistry college_computer_science
        college_mathematics college_physics computer_security conceptual_physics electrical_engineering
        elementary_mathematics high_school_biology high_school_chemistry high_school_computer_science
        high_school_mathematics high_school_physics high_school_statistics machine_learning""",
    "social_sciences": """econometrics high_school_geography high_school_government_and_politics
        high_school_macroeconomics high_school_microeconomics high_school_psychology human_sexuality
        professional_psychology public_relations security_studies sociology us_foreign_policy""",
    "other": """business_ethics clinical_knowledge college_medicine global_facts human_aging management marketing
        medical_genetics miscellaneous nutrition professional_accounting professional_medicine virology""",
}
DOMAINS: Mapping[str, str] = {subject: domain for domain, names in _SUBJECTS.items() for subject in names.split()}
"""The domain of each of the 57 subjects."""

_NAMES: Mapping[Split, Sequence[str]] = {
    "train": ("auxiliary_train", "train"),
    "validation": ("validation", "val"),
    "test": ("test",),
}


def mmlu(
    data: str | Path | None = None,
    revision: str | None = None,
    validation_size: int | None = None,
    final_answer: Final = "marked",
    prompt: str | None = None,
    max_response_length: int = 512,
) -> DatasetTask:
    """The task `mmlu`; the letter counts as in `openbookqa`. Scores are broken down by domain: `stem`.

    `data`: a folder; None: `cais/mmlu` on the hub at `revision`. It trains on `auxiliary_train`, the authors'
    collection of 99,842 questions of other tests (OpenBookQA's among them), and has a validation split of its own.
    See `DatasetTask` for the rest.
    """
    problems = Problems(source(data, HubData("cais/mmlu", "all", revision)), _NAMES, _problem)
    style = Style(check_named("letter", final_answer), CHOICE_PROMPT, prompt, max_response_length)
    return DatasetTask("mmlu", style, learn=problems, test=problems, validation_size=validation_size)


def _problem(row: Row, where: str) -> Problem:
    inner = row.get("train")  # some copies of auxiliary_train keep each row in a field of that name
    row = inner if isinstance(inner, Mapping) else row
    texts, labels = choices_of(row, where)
    question = with_choices(text_field(row, where, "question"), texts)
    return Problem(question, right_letter(field(row, "answer"), labels, where), _domain(row, where))


def _domain(row: Row, where: str) -> tuple[str, ...]:
    subject = field(row, "subject")
    if not isinstance(subject, str) or not subject.strip():
        return ()  # auxiliary_train has no subjects
    name = slug(subject)
    if name not in DOMAINS:
        raise TaskError(
            f"unknown subject {subject!r}", where=where, hint="MMLU has 57 subjects, as anatomy or virology"
        )
    return (DOMAINS[name],)
