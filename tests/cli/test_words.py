"""How a plan reads."""

from __future__ import annotations

from dataclasses import replace

from rltune.cli.plan_words import plan_lines
from rltune.cli.words import steps_in_words
from rltune.study.plan import ModelTiming, PlanTerms, make_plan
from rltune.words import listed, magnitude, several

TIMINGS = {"xs": ModelTiming(0.1, 0.2, 0.5), "s": ModelTiming(0.4, 0.5, 0.5)}
TERMS = PlanTerms(300.0, 0.5, None, 2, ("xs",), "s", (10, 20, 40), confirm=1, seeds=1)


def told(terms: PlanTerms) -> str:
    return "\n".join(plan_lines(make_plan(terms, TIMINGS).to_json()))


def test_a_plan_names_models_and_steps_and_counts_in_words() -> None:
    assert "trials on xs to steps 10, 20 and 40, 2 at once" in told(TERMS)
    assert "1 configuration and the recipe" in told(TERMS) and "1 fresh seed " in told(TERMS)
    assert "trials on xs and s to steps" in told(replace(TERMS, search_models=("xs", "s")))
    assert ", about " not in told(replace(TERMS, search_steps=(40,), runs=1)).split("\n")[2]
    assert "1 trial on xs to step 40" in told(replace(TERMS, search_steps=(40,), runs=1))


def test_a_sweep_that_does_not_fit_is_a_warning() -> None:
    assert "warning: the optimizer asks for 500 runs" in told(replace(TERMS, search_steps=(40,), runs=500))


def test_words() -> None:
    assert several(1, "run") == "1 run" and several(160027, "run") == "160,027 runs"
    assert [magnitude(size) for size in (134_000, 494e6, 999.6e6, 7.62e9)] == ["0.134 M", "494 M", "1 B", "7.62 B"]
    assert listed(["a"]) == "a" and listed(["a", "b", "c"]) == "a, b and c"
    assert steps_in_words([40]) == "step 40" and steps_in_words([10, 40]) == "steps 10 and 40"
