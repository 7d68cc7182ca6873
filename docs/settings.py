"""Writes docs/study-file.md: every setting of a study file with its default and its reason, from the code itself.

python docs/settings.py            # rewrites the page
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from rltune.config.recipes import build_recipe, recipe_names
from rltune.config.starter import embedded_starter
from rltune.config.study import StudyConfig

PAGE = Path(__file__).with_name("study-file.md")
HEAD = """# The study file

YAML, about ten lines; everything else has a default. `rltune init` writes this file, `rltune check FILE` validates one:
each mistake is told with its line, the known names and a remedy. Numbers such as `1e-6` are numbers, duplicate keys are
errors, paths are relative to the folder that the command runs in.

```yaml
{starter}
```

## Settings

| setting | default | what it is, and why |
|---|---|---|
{rows}

## Parameters of a space

`{{type: float, low: 1e-6, high: 1e-4, log: true}}`, `{{type: int, low: 4, high: 16}}`,
`{{type: categorical, choices: [constant, cosine]}}`; `step` makes a number discrete; `when: {{other: value}}` makes a
parameter present only if another has that value (or one of a list). Canonical names are `learning_rate`,
`lr_scheduler`, `warmup_steps`, `clip_ratio`, `grad_clip`, `kl_coef`, `rollouts`, `prompts_per_step`,
`updates_per_step`, `temperature`, and for TRL's SFT and DPO `batch_size` and `epochs`; any other name is the trainer's
own field (for TRL: of its configuration of the algorithm, see [trl](trl.md)).

## Constraints

Values that only some combinations of are possible: batches that are divided into mini-batches and among GPUs, a lower
bound below an upper one. The trainers `trl` and `verl` say themselves what their batches need, and with `command` every
division of whole numbers in the arguments, such as `{{prompts_per_step / updates_per_step}}`, has to come out even. A
study adds what it wants beside that:

```yaml
recipe: verl-dapo
space:
  from: recipe
  prompts_per_step: {{type: categorical, choices: [128, 256, 512]}}
  updates_per_step: {{type: int, low: 1, high: 16}}
constraints:
  - prompts_per_step * rollouts <= 8192
  - clip_ratio <= clip_ratio_high
  - 8 divides prompts_per_step * rollouts
```

`a divides b` for whole numbers, `a <= b` (or `a at most b`, `a >= b`) for any; a and b are numbers, hyperparameters
that are searched or set, or products of them with `*`. A constraint on a parameter that is absent (its `when` isn't
met) counts with the value in `fixed` or the recipe, or not at all if there is none.

What an optimizer draws is moved to the nearest possible combination, the same way for all of them, before it is
proposed; what is possible stays as it is. So no impossible one is ever run, and the shares of values that go with few
others are smaller than those of values that go with many. `rltune check` tells which combinations are impossible and
why, how many are left, and which values are never tried. A study in which nothing is left, or whose recipe breaks a
constraint, is refused.

## Recipes

{recipes}
"""


def rows(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Table rows of a section and of the sections in it."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        inner, others = variants(field.annotation)
        nested = isinstance(inner, type) and issubclass(inner, BaseModel)
        yield f"| `{path}` | {default_of(field, nested)} | {linked(field.description or '').replace('|', '/')} |"
        if nested:
            yield from rows(inner, f"{path}.")
            shown = set(rows(inner, f"{path}."))
            for other in others:
                more = [row for row in rows(other, f"{path}.") if row not in shown]
                shown |= set(more)
                yield from more


def variants(annotation: object) -> tuple[object, tuple[type[BaseModel], ...]]:
    """A section's type, and the other sections that may stand in its place."""
    first, *others = get_args(annotation) or (annotation,)
    models = all(isinstance(each, type) and issubclass(each, BaseModel) for each in (first, *others))
    return (first, tuple(others)) if models else (annotation, ())


def default_of(field: FieldInfo, nested: bool) -> str:
    if field.is_required():
        return "**required**"
    if nested:
        return "see below"
    if field.default_factory is dict:
        return "–"
    if field.default_factory is not None or field.default is PydanticUndefined:
        return "see right"
    value = getattr(field.default, "name", field.default)
    if value is None or value == ():
        return "–"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def linked(description: str) -> str:
    """With links to the pages that it names."""
    return re.sub(r"docs/(\w+\.md)", r"[\1](\1)", description)


def recipes() -> Iterator[str]:
    for name in recipe_names():
        recipe = build_recipe(name, 128)
        yield f"### `{name}`\n\n{recipe.title}. {recipe.note} Source: {recipe.source}.\n"
        yield "| hyperparameter | value | searched |\n|---|---|---|"
        for key, value in recipe.values.items():
            yield f"| `{key}` | `{value}` | {recipe.space[key].allowed()} |"
        for key, value in recipe.fixed.items():
            yield f"| `{key}` | `{value}` | fixed |"
        yield ""


def page() -> str:
    """The whole page."""
    return HEAD.format(
        starter=embedded_starter().strip(), rows="\n".join(rows(StudyConfig)), recipes="\n".join(recipes()).strip()
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
