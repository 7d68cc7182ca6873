"""The space of a study: what is searched, within what the study file and its trainer say goes together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rltune.config.load import StudyFile
from rltune.config.resolve import SearchPlan
from rltune.errors import ConfigError, SpaceError, suggest
from rltune.space.axes import ends
from rltune.space.constraints import AtMost, Constraint, parse_constraint
from rltune.space.parameters import Parameter
from rltune.space.space import Space
from rltune.trainers.base import Trainer
from rltune.trainers.capabilities import Constrained
from rltune.types import Scalar


def space_of(file: StudyFile, trainer: Trainer, search: SearchPlan, fixed: Mapping[str, Scalar]) -> Space:
    """The space with all that its values must meet together; the recipe meets it."""
    with file.at("constraints"):
        written = tuple(written_constraints(file.config.constraints, search, fixed))
        check_baseline(written, search, fixed)
    with file.at("fixed"):
        needed = trainers_constraints(trainer, search, fixed)
        check_baseline(needed, search, fixed)
    with file.at("constraints"):
        return study_space((*written, *needed), search, fixed)


def written_constraints(texts: Sequence[str], search: SearchPlan, fixed: Mapping[str, Scalar]) -> Iterator[Constraint]:
    """The constraints of a study file.

    Raises:
        ConfigError: if one names a hyperparameter that is neither searched nor set.
    """
    known = {*search.parameters, *fixed}
    for index, text in enumerate(texts):
        constraint = parse_constraint(text)
        for name in constraint.names:
            if name not in known:
                raise ConfigError(
                    f"{name!r} is neither searched nor set in this study: {constraint.text}",
                    where=f"constraints.{index}",
                    hint=suggest(name, known),
                )
        yield constraint


def trainers_constraints(trainer: Trainer, search: SearchPlan, fixed: Mapping[str, Scalar]) -> Sequence[Constraint]:
    """What the trainer needs; nothing of one that doesn't say.

    Raises:
        TrainerError: if no run of it can have these hyperparameters.
    """
    if not isinstance(trainer, Constrained):
        return ()
    return trainer.constraints({**fixed, **search.baseline}, tuple(search.parameters))


def check_baseline(constraints: Sequence[Constraint], search: SearchPlan, fixed: Mapping[str, Scalar]) -> None:
    """Passes if the configuration to beat can be run.

    Raises:
        SpaceError: if it breaks a constraint.
    """
    values = {**fixed, **search.baseline}
    for constraint in constraints:
        odd = next((n for n in constraint.names if isinstance(values.get(n), (str, bool))), None)
        if odd is not None:
            raise SpaceError(f"a constraint needs numbers, but {odd} is {values[odd]!r}: {constraint.text}")
        known = all(name in values for name in constraint.names)
        if known and not constraint.holds(values):
            reason = f"{constraint.reason}; " if constraint.reason else ""
            raise SpaceError(
                f"the recipe breaks a constraint: {constraint.complaint(values)}",
                hint=f"{reason}give the recipe other values with `baseline` or `fixed`",
            )


def study_space(constraints: Sequence[Constraint], search: SearchPlan, fixed: Mapping[str, Scalar]) -> Space:
    """The space. Constraints that nothing searched could break are left out.

    Raises:
        SpaceError: if one can't be used, or nothing meets them all.
    """
    held = {name: value for name, value in fixed.items() if name not in search.parameters}
    bound = [constraint.bound({n: held[n] for n in constraint.names if n in held}) for constraint in constraints]
    acting = tuple(c for c in dict.fromkeys(bound) if not _always(c, search.parameters))
    elsewhere = {name: value for name, value in fixed.items() if name in search.parameters}
    return Space(search.parameters, acting, elsewhere)


def _always(constraint: Constraint, parameters: Mapping[str, Parameter]) -> bool:
    """Whether no values of the parameters break it."""
    if not constraint.names:
        return True  # the baseline has met it
    if not isinstance(constraint, AtMost):
        return not constraint.left.names and constraint.right.factor % constraint.left.factor == 0
    largest = {name: max(_numbers(parameters[name]), default=None) for name in constraint.left.names}
    smallest = {name: min(_numbers(parameters[name]), default=None) for name in constraint.right.names}
    if any(value is None or value < 0 for value in (*largest.values(), *smallest.values())):
        return False
    return constraint.left.of(largest) <= constraint.right.of(smallest)


def _numbers(parameter: Parameter) -> list[float]:
    """The ends of a parameter of numbers; none of any other."""
    found = ends(parameter)
    return (
        [float(v) for v in found if not isinstance(v, (str, bool))]
        if not any(isinstance(v, str) for v in found)
        else []
    )
