"""The adapter to Optuna: runs as trials, samplers and pruners by name, and nothing of it leaks."""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from dataclasses import replace

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from rltune.errors import OptimizerError
from rltune.optimizers.base import Session
from rltune.optimizers.baseline_options import PRUNERS, SAMPLERS, OptunaOptions
from rltune.optimizers.build import build_optimizer, check_optimizer
from rltune.optimizers.distributions import distribution_of
from rltune.optimizers.optuna_parts import IDENTITY, StableHyperband, make_pruner, make_sampler, quiet
from rltune.optimizers.optuna_study import Judge, study_of
from rltune.optimizers.trials import Trial, read_trials
from rltune.space.parameters import CategoricalParameter, FloatParameter, IntParameter
from rltune.space.space import Space
from rltune.testing.surfaces import GrpoSurface, simulate
from rltune.types import Configuration, Cost, Evaluation, Fidelity, History, Phase, Proposal, StopKind, StopReason

SURFACE = GrpoSurface()
PROBLEM = SURFACE.problem(0)


def evaluation(
    number: int, steps: int, score: float | None, kind: StopKind = StopKind.REACHED, **values: float
) -> Evaluation:
    configuration = PROBLEM.space.tidy(PROBLEM.space.sample(np.random.default_rng(number)))
    stop = StopReason(kind, steps, "", values=values)
    return Evaluation(configuration, Fidelity("small", steps), 0, Phase.SEARCH, score, Cost(1.0), stop, steps)


def trials_of(*evaluations: Evaluation, pending: tuple[Proposal, ...] = ()) -> tuple[Trial, ...]:
    return read_trials(PROBLEM, History(evaluations, pending)).all


def test_runs_become_the_trials_that_users_of_optuna_expect() -> None:
    kinds = {
        0: [evaluation(0, 10, 0.4), evaluation(0, 40, 0.7)],
        1: [evaluation(1, 10, 0.3)],
        2: [evaluation(2, 40, None, StopKind.RULE)],
        3: [evaluation(3, 40, None, StopKind.FAILED)],
        4: [evaluation(4, 20, 0.5), evaluation(4, 40, None, StopKind.PLATEAU, forecast=0.6)],
        5: [evaluation(5, 40, float("nan"))],
        6: [evaluation(6, 40, None, StopKind.LOST)],
    }
    flying = Proposal(evaluation(7, 10, 0.0).configuration, Fidelity("small", 10), 0, Phase.SEARCH, "")
    trials = trials_of(*(e for es in kinds.values() for e in es), pending=(flying,))
    with quiet():
        study = study_of(PROBLEM.space, trials, 40, optuna.samplers.RandomSampler(), optuna.pruners.NopPruner())
    states = {t.params["clip_ratio"]: (t.state, t.value, t.intermediate_values) for t in study.trials}
    expected = {
        0: (TrialState.COMPLETE, 0.7, {10: 0.4, 40: 0.7}),
        1: (TrialState.PRUNED, None, {10: 0.3}),
        2: (TrialState.PRUNED, None, {}),
        3: (TrialState.FAIL, None, {}),
        4: (TrialState.COMPLETE, 0.6, {20: 0.5}),
        5: (TrialState.PRUNED, None, {}),
        7: (TrialState.RUNNING, None, {}),
    }
    assert states == {evaluation(n, 1, 0).configuration.values["clip_ratio"]: e for n, e in expected.items()}


def test_the_space_keeps_its_values_scales_and_conditions() -> None:
    stepped = distribution_of(FloatParameter(low=0.0, high=1.0, step=0.3))
    assert isinstance(stepped, optuna.distributions.FloatDistribution) and (stepped.high, stepped.step) == (0.9, 0.3)
    logged = distribution_of(IntParameter(low=2, high=64, log=True))
    assert isinstance(logged, optuna.distributions.IntDistribution) and (logged.low, logged.log) == (2, True)
    odd = distribution_of(IntParameter(low=0, high=10, step=4))
    assert isinstance(odd, optuna.distributions.IntDistribution) and (odd.high, odd.step) == (8, 4)
    space = Space(
        {
            "warmup": IntParameter(low=1, high=9, when={"schedule": ("cosine",)}),
            "schedule": CategoricalParameter(choices=("constant", "cosine")),
            "rate": FloatParameter(low=1e-5, high=1e-3, log=True),
        }
    )
    recipe = Configuration({"schedule": "constant", "rate": 1e-4})
    session = Session(build_optimizer("optuna", replace(PROBLEM, space=space, recipe=recipe), {"pruner": "none"}))
    seen: Counter[bool] = Counter()
    for number in range(30):
        proposal = session.ask()
        assert proposal is not None and space.contains(proposal.configuration)
        seen["warmup" in proposal.configuration.values] += 1
        p = proposal
        stop = StopReason(StopKind.REACHED, 40, "")
        session.tell(Evaluation(p.configuration, p.fidelity, 0, p.phase, number / 30, Cost(1.0), stop, 40))
    assert seen[True] > 3 and seen[False] > 3


@pytest.mark.slow
def test_with_a_pruner_runs_start_low_and_some_go_on() -> None:
    history = simulate(build_optimizer("optuna", PROBLEM, {"pruner": "successive_halving"}), SURFACE, evaluations=60)
    steps = Counter(e.fidelity.steps for e in history.evaluations if e.succeeded)
    assert set(steps) == {10, 20, 40} and steps[10] > 1.5 * steps[40] > 0
    low = {e.configuration: e.score or 0.0 for e in history.evaluations if e.fidelity.steps == 10 and e.succeeded}
    high = {e.configuration for e in history.evaluations if e.fidelity.steps == 40}
    assert np.mean([low[c] for c in high]) > np.mean(list(low.values()))


def test_without_a_pruner_runs_go_to_the_end() -> None:
    history = simulate(build_optimizer("optuna", PROBLEM, {"pruner": None}), SURFACE, evaluations=8)
    assert {e.fidelity.steps for e in history.evaluations} == {40}


def test_successive_halving_compares_with_all_that_is_known() -> None:
    """The best third of nine at the first rung may go on (reduction factor 3), in any order of finishing."""
    found = [evaluation(n, 10, n / 10) for n in range(9)]
    optimizer = build_optimizer(
        "optuna", PROBLEM, {"pruner": "successive_halving", "pruner_options": {"reduction_factor": 3}}
    )
    recipe = replace(found[0], configuration=PROBLEM.recipe, score=None, stop=StopReason(StopKind.RULE, 3, ""))
    history, promoted = History((*found, recipe)), []
    while (p := optimizer.ask(history)) is not None and p.fidelity.steps > 10:
        promoted.append(p)
        stop = StopReason(StopKind.REACHED, p.fidelity.steps, "")
        history = history.with_evaluation(
            Evaluation(p.configuration, p.fidelity, 0, p.phase, 0.5, Cost(1.0), stop, p.fidelity.steps)
        )
    assert {p.configuration for p in promoted} == {found[n].configuration for n in (8, 7, 6)}


def test_the_median_is_of_the_complete_ones() -> None:
    complete = [evaluation(n, s, 0.5) for n in range(5) for s in (10, 20, 40)]
    good, poor = evaluation(10, 10, 0.6), evaluation(11, 10, 0.4)
    trials = trials_of(*complete, good, poor)
    pruner = make_pruner("median", {}, PROBLEM.rungs)
    assert pruner is not None
    with quiet():
        judge = Judge(PROBLEM.space, trials, PROBLEM.rungs, pruner)
        resting = {t.configuration: t for t in trials if t.rests_at(20, 10)}
        assert judge.chosen(list(resting.values()), 10) == resting[good.configuration]
        assert judge.chosen([resting[poor.configuration]], 10) is None


def test_brackets_go_by_the_configuration_and_have_hyperbands_shares() -> None:
    found = trials_of(*(evaluation(n, 10, 0.5) for n in range(300)))
    brackets = []
    for trials in (found, found[::-1]):
        pruner = make_pruner("hyperband", {"min_resource": 1, "max_resource": 9}, PROBLEM.rungs)
        assert isinstance(pruner, StableHyperband)
        with quiet():
            judge = Judge(PROBLEM.space, trials, PROBLEM.rungs, pruner)
            frozen = judge.study.get_trials(deepcopy=False)
            brackets.append({t.user_attrs[IDENTITY]: pruner.group(judge.study, t) for t in frozen})
    assert brackets[0] == brackets[1]
    # ceil(3 * 9 / 3), ceil(3 * 3 / 2), ceil(3 * 1 / 1) of 17
    shares = [sum(b == k for b in brackets[0].values()) / 300 for k in range(3)]
    assert shares == pytest.approx([9 / 17, 5 / 17, 3 / 17], abs=0.09)


def test_optuna_looks_only_at_a_bracket_that_our_pruner_names() -> None:
    """Hyperband itself asks for the bracket by the method that ours replaces."""
    assert StableHyperband._get_bracket_id is not optuna.pruners.HyperbandPruner._get_bracket_id
    pruner = make_pruner("hyperband", {}, PROBLEM.rungs)
    assert isinstance(pruner, StableHyperband)
    trials = trials_of(*(evaluation(n, 10, n / 30) for n in range(30)))
    with quiet():
        judge = Judge(PROBLEM.space, trials, PROBLEM.rungs, pruner)
        frozen = judge.study.get_trials(deepcopy=False)
        inside = [t for t in frozen if pruner.group(judge.study, t) == 0]
        bracket = pruner._create_bracket_study(judge.study, 0).get_trials(deepcopy=False)
    assert 0 < len(inside) < 30 and [t.number for t in bracket] == [t.number for t in inside]


@pytest.mark.parametrize("sampler", ["qmc", "nsgaii", "tpe", "random"])
def test_each_sampler_moves_on(sampler: str) -> None:
    options = {"population_size": 4} if sampler == "nsgaii" else {}
    optimizer = build_optimizer("optuna", PROBLEM, {"sampler": sampler, "sampler_options": options, "pruner": "none"})
    history = simulate(optimizer, SURFACE, evaluations=16)
    assert len({e.configuration for e in history.evaluations}) == 16


def test_quasi_random_suggestions_are_the_sequence() -> None:
    """The first 16 points of a Sobol sequence fill the axis evenly, which they don't if its place is forgotten."""
    optimizer = build_optimizer("optuna", PROBLEM, {"sampler": "qmc", "pruner": "none"})
    history = simulate(optimizer, GrpoSurface(deaths=False), evaluations=17)
    clips = sorted(float(e.configuration.values["clip_ratio"]) for e in history.evaluations[1:])
    assert np.diff(clips) == pytest.approx(np.full(15, 0.3 / 16), abs=1e-3)


def test_a_genetic_sampler_has_generations() -> None:
    """Once a population is complete, a child has its values from its parents."""
    options = {"population_size": 8, "mutation_prob": 0.0, "crossover_prob": 0.0}
    optimizer = build_optimizer("optuna", PROBLEM, {"sampler": "nsgaii", "sampler_options": options, "pruner": "none"})
    history = simulate(optimizer, GrpoSurface(deaths=False), evaluations=8)
    child = optimizer.ask(history)
    assert child is not None
    # a mere copy of a parent, which is known: so a random one is run instead
    assert child.configuration not in {e.configuration for e in history.evaluations}
    mixing = {"population_size": 8, "mutation_prob": 0.0, "crossover_prob": 1.0, "swapping_prob": 0.5}
    optimizer = build_optimizer("optuna", PROBLEM, {"sampler": "nsgaii", "sampler_options": mixing, "pruner": "none"})
    child = optimizer.ask(history)
    assert child is not None
    for name, value in child.configuration.values.items():
        assert value in {e.configuration.values[name] for e in history.evaluations}


@pytest.mark.slow
def test_tpe_learns_and_random_does_not() -> None:
    late = {}
    surface = GrpoSurface(deaths=False)
    for sampler in ("tpe", "random"):
        optimizer = build_optimizer("optuna", PROBLEM, {"sampler": sampler, "pruner": "none"})
        history = simulate(optimizer, surface, evaluations=45)
        late[sampler] = np.mean([e.score or 0.0 for e in history.evaluations[-15:]])
    assert late["tpe"] > late["random"] + 0.05


def test_the_callers_logging_and_warnings_stay(caplog: pytest.LogCaptureFixture) -> None:
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.DEBUG)
    optuna.logging.enable_propagation()
    filters = list(warnings.filters)
    try:
        with caplog.at_level(logging.DEBUG):
            simulate(build_optimizer("optuna", PROBLEM), SURFACE, evaluations=4)
        assert optuna.logging.get_verbosity() == optuna.logging.DEBUG and list(warnings.filters) == filters
        assert not caplog.records
    finally:
        optuna.logging.disable_propagation()
        optuna.logging.set_verbosity(level)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("TPESampler", "tpe"),
        ("TPE", "tpe"),
        ("cma_es", "cmaes"),
        ("CmaEsSampler", "cmaes"),
        ("BruteForce", "brute_force"),
    ],
)
def test_samplers_have_several_spellings(name: str, key: str) -> None:
    assert OptunaOptions(sampler=name).sampler == key


@pytest.mark.parametrize(
    ("name", "key"), [("Hyperband", "hyperband"), ("SuccessiveHalvingPruner", "successive_halving")]
)
def test_pruners_have_several_spellings(name: str, key: str) -> None:
    assert OptunaOptions(pruner=name).pruner == key


def test_all_names_are_optunas() -> None:
    assert all(hasattr(optuna.samplers, name) for name in SAMPLERS.values())
    assert all(hasattr(optuna.pruners, name) for name in PRUNERS.values())
    for name in PRUNERS:
        options: dict[str, float | str] = {
            "percentile": {"percentile": 25.0},
            "patient": {"patience": 1, "wrapped_pruner": "median"},
            "threshold": {"lower": 0.0},
        }.get(name, {})
        assert (make_pruner(name, options, PROBLEM.rungs) is None) == (name == "none")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampler": "tpx"}, "no sampler 'tpx' .did you mean 'tpe'.*known: brute_force, cmaes, gp"),
        ({"pruner": "hyperbnd"}, "no pruner 'hyperbnd' .did you mean 'hyperband'"),
        (
            {"sampler_options": {"n_startup_trial": 3}},
            "n_startup_trial: .*no such option.*did you mean 'n_startup_trials'",
        ),
        ({"sampler_options": {"seed": 3}}, "seed can't be set"),
        ({"pruner_options": {"reduction_factor": "many"}}, "reduction_factor: expected a whole number, got 'many'"),
        ({"pruner_options": {"max_resource": "all"}}, "HyperbandPruner: .*max_resource"),
        ({"pruner": "percentile"}, "PercentilePruner: .*percentile"),
        ({"pruner": "none", "pruner_options": {"patience": 3}}, "without a pruner"),
        ({"pruner": "patient", "pruner_options": {"patience": 1, "wrapped_pruner": "mediam"}}, "did you mean 'median'"),
        ({"sampler": "brute_force"}, "brute_force can't work here: .*step"),
    ],
)
def test_wrong_options_are_told_before_anything_is_spent(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptimizerError, match=message):
        check_optimizer("optuna", options, PROBLEM)


@pytest.mark.parametrize("name", ["bohb", "grid", "optuna"])
def test_a_recipe_outside_of_the_space_is_refused(name: str) -> None:
    outside = Configuration({**PROBLEM.recipe.values, "clip_ratio": 0.9})
    with pytest.raises(OptimizerError, match="must lie in the space"):
        build_optimizer(name, replace(PROBLEM, recipe=outside))


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(OptimizerError, match="pip install cmaes"):
        make_sampler("cmaes", {}, 0)


def test_a_patient_pruner_wraps_another() -> None:
    check_optimizer(
        "optuna", {"pruner": "patient", "pruner_options": {"patience": 1, "wrapped_pruner": "median"}}, PROBLEM
    )
