"""From pydantic's findings to one `ConfigError` that names each place, what is known there, and the remedy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rltune.config.yaml_reader import join
from rltune.errors import ConfigError, suggest

Where = Callable[[str], str]
"""From a dotted path to a place that a person can find: `study.yaml:7 models.target`."""

# A default that needs an earlier value isn't made if that value is wrong; the wrong value itself is reported.
_CONSEQUENCES = {"default_factory_not_called"}

# Messages that say all, or must not repeat the value: it may hold a secret.
_COMPLETE = {"problem", "password"}

_EXPECTED = {
    "string_type": "expected text",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "tuple_type": "expected a list",
    "list_type": "expected a list",
    "dict_type": "expected a mapping (key: value)",
    "mapping_type": "expected a mapping (key: value)",
    "model_type": "expected a mapping (key: value)",
    "model_attributes_type": "expected a mapping (key: value)",
    "finite_number": "expected a finite number",
    "not_a_number": "expected a number",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: the dotted path of its key, what was expected and got, and what to do."""

    path: str
    message: str
    hint: str | None = None


def find_problems(error: ValidationError, model: type[BaseModel], data: object) -> list[Problem]:
    """The problems behind a failed validation of `data` as `model`, one per path, in pydantic's order."""
    problems: dict[str, Problem] = {}
    kinds: dict[str, list[str]] = {}
    for details in error.errors(include_url=False):
        if details["type"] in _CONSEQUENCES:
            continue
        path = _path(details["loc"], data)
        if details["type"] == "missing":
            # `loc` ends with the missing key, which the data can't hold.
            path = join(path, details["loc"][-1])
        kinds.setdefault(path, []).append(details["type"])
        problems.setdefault(path, _problem(path, details, model))
    return [_of_any_type(p) if _is_of_no_type(kinds[path]) else p for path, p in problems.items()]


def raise_problems(problems: Sequence[Problem], where: Where, source: str) -> None:
    """Raises the one problem as it is, several as a list; returns if there is none."""
    if len(problems) == 1:
        [problem] = problems
        raise ConfigError(problem.message, where=where(problem.path), hint=problem.hint)
    if problems:
        lines = [str(ConfigError(p.message, where=where(p.path), hint=p.hint)) for p in problems]
        raise ConfigError(f"{len(problems)} problems:\n" + "\n".join(f"  - {line}" for line in lines), where=source)


def _path(loc: tuple[int | str, ...], data: object) -> str:
    """`loc` without pydantic's own parts (union tags): those that don't lead into `data`."""
    path, here = "", data
    for part in loc:
        inside = here[part : part + 1] if isinstance(here, (list, tuple)) and isinstance(part, int) else ()
        if isinstance(here, Mapping) and part in here:
            inside = (here[part],)
        if inside:
            path, here = join(path, part), inside[0]
    return path


def _problem(path: str, details: ErrorDetails, model: type[BaseModel]) -> Problem:
    kind, context, got = details["type"], details.get("ctx", {}), details["input"]
    if kind == "missing":
        return Problem(path, f"the key {str(details['loc'][-1])!r} is missing", _describe(details["loc"], model))
    if kind == "extra_forbidden":
        key, owner = str(details["loc"][-1]), details["loc"][:-1]
        known, elsewhere = suggest(key, _known_keys(owner, model)), getattr(_model_at(model, owner), "elsewhere", "")
        return Problem(path, f"unknown key {key!r}", f"{known}; {elsewhere}" if elsewhere else known)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tag = str(context.get("discriminator", "")).strip("'")
        tags = str(context.get("expected_tags", "'float', 'int', 'categorical'")).replace("'", "")
        found = f", got {context['tag']!r}" if "tag" in context else ""
        return Problem(join(path, tag), f"{tag} must be one of {tags}{found}")
    if kind == "literal_error":
        expected = str(context["expected"]).replace("'", "")
        return Problem(path, f"expected {expected}, got {_short(got)}")
    if kind in _EXPECTED:
        return _of_another_type(path, _EXPECTED[kind], got, _is_required(details["loc"], model))
    message = details["msg"].removeprefix("Value error, ")
    message = message.replace("Input should be", "expected a value").replace("Tuple should", "the list should")
    told = message if ", got" in message or kind in _COMPLETE else f"{message}, got {_short(got)}"
    return Problem(path, told, str(context["hint"]) if "hint" in context else None)


def _of_another_type(path: str, expected: str, got: object, required: bool) -> Problem:
    if got is None:
        hint = "write a value" if required else "write a value, or leave the key out: its default holds"
        return Problem(path, f"{expected}, but nothing stands there", hint)
    hint = f"write a list: [{got}]" if expected == "expected a list" and isinstance(got, str) else None
    return Problem(path, f"{expected}, got {_short(got)}", hint)


def _is_of_no_type(kinds: Sequence[str]) -> bool:
    """Whether pydantic has tried one type after the other, and says of each that it isn't that."""
    return len(set(kinds)) > 1 and all(kind in _EXPECTED for kind in kinds)


def _of_any_type(problem: Problem) -> Problem:
    got = problem.message.partition(", ")[2]
    return replace(problem, message=f"expected a number, text, true or false, {got}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _describe(loc: tuple[int | str, ...], model: type[BaseModel]) -> str | None:
    owner = _model_at(model, loc[:-1])
    field = owner.model_fields.get(str(loc[-1])) if owner else None
    return field.description if field else None


def _is_required(loc: tuple[int | str, ...], model: type[BaseModel]) -> bool:
    owner = _model_at(model, loc[:-1])
    field = owner.model_fields.get(str(loc[-1])) if owner else None
    return field is not None and field.is_required()


def _known_keys(loc: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    owner = _model_at(model, loc)
    return [field.alias or name for name, field in owner.model_fields.items()] if owner else []


def _model_at(annotation: Any, loc: tuple[int | str, ...]) -> type[BaseModel] | None:
    """The model that pydantic was checking at `loc`, found by walking the annotations."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _model_at(get_args(annotation)[0], loc)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not loc:
            return annotation
        by_key = {field.alias or name: field for name, field in annotation.model_fields.items()}
        if loc[0] in by_key:
            return _model_at(by_key[str(loc[0])].annotation, loc[1:])
        return _model_at(_extra_type(annotation), loc[1:])
    members = get_args(annotation)
    if origin in (tuple, list):
        return _model_at(members[0], loc[1:]) if members else None
    tagged = [m for m in members if loc and _has_tag(m, loc[0])]
    if tagged:
        return _model_at(tagged[0], loc[1:])
    models = [m for m in members if isinstance(m, type) and issubclass(m, BaseModel)]
    return _model_at(models[0], loc) if models else None


def _extra_type(model: type[BaseModel]) -> Any:
    """The type T of a model's extra values (`__pydantic_extra__: dict[str, T]`), or None."""
    hint = get_type_hints(model, include_extras=True).get("__pydantic_extra__")
    return get_args(hint)[1] if get_origin(hint) is dict else None


def _has_tag(member: Any, tag: int | str) -> bool:
    if not (isinstance(member, type) and issubclass(member, BaseModel)):
        return False
    return any(
        get_origin(field.annotation) is Literal and tag in get_args(field.annotation)
        for field in member.model_fields.values()
    )
