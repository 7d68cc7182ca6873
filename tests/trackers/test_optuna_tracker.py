"""Evaluations in Optuna are those of the store, on each kind of storage, whatever happened in between."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState
from sqlalchemy import make_url

from report.factory import CONFIG, RUNGS, TARGET, Filler, begin, fill_finished, fill_half, propose
from rltune.clock import SystemClock
from rltune.errors import TrackerError
from rltune.store.base import StudyStore
from rltune.store.open import create_study
from rltune.trackers.base import EvaluationTracker
from rltune.trackers.build import build_tracker, check_tracker
from rltune.trackers.export import mirror_once
from rltune.trackers.view import tracked_study
from rltune.types import Configuration, Evaluation, Fidelity, Phase, StopKind, StopReason
from trackers.optuna_reader import check, names_in, storage_at, trials_in


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StudyStore]:
    store = create_study(tmp_path / "demo", "demo", CONFIG)
    yield store
    store.close()


@pytest.fixture(params=["journal", "sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A storage of each kind."""
    if request.param == "journal":
        return str(tmp_path / "optuna.journal")
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/o.db"
    url = make_url(request.getfixturevalue("empty_database"))
    monkeypatch.setenv("PGPASSWORD", url.password or "")  # the only way that is allowed
    return url.render_as_string(hide_password=False).replace(f":{url.password}@", "@")


def mirror(store: StudyStore, folder: Path, place: str | None = None, **options: object) -> str:
    """One sitting."""
    given = options if place is None else {**options, "storage": place}
    return mirror_once(store, folder, "optuna", given, SystemClock(), alive=True)


@pytest.mark.slow
def test_each_evaluation_is_a_trial_and_again_changes_nothing(store: StudyStore, place: str, tmp_path: Path) -> None:
    fill_finished(store)
    count = len(store.evaluations())
    assert mirror(store, tmp_path, place).startswith(f"{count} evaluations written, 0 were")
    check(store, place)
    numbers = [(t.number, t._trial_id) for t in trials_in(place, "demo")]
    assert mirror(store, tmp_path, place).startswith(f"0 evaluations written, {count} were")
    check(store, place)
    assert [(t.number, t._trial_id) for t in trials_in(place, "demo")] == numbers
    about = optuna.load_study(study_name="demo", storage=storage_at(place))
    assert about.directions == [optuna.study.StudyDirection.MAXIMIZE] and about.metric_names == ["validation score"]
    assert about.user_attrs["study"] == "demo" and about.user_attrs["target"] == TARGET
    assert about.user_attrs["r_max"] == RUNGS[-1] and about.user_attrs["winner"] == store.study().fact("winner")["id"]


@pytest.mark.slow
def test_what_was_replaced_in_the_store_is_replaced(store: StudyStore, place: str, tmp_path: Path) -> None:
    begin(store)
    first, second, third = propose(3)
    filler = Filler(store)
    filler.segment(first, "embedded/xs", RUNGS[0])
    filler.segment(second, "embedded/xs", RUNGS[0], stop=StopReason(StopKind.FAILED, 4, "status 137"))
    filler.segment(third, "embedded/s", RUNGS[0])
    mirror(store, tmp_path, place)
    check(store, place)
    assert trials_in(place, "demo")[1].state is TrialState.FAIL
    filler.segment(second, "embedded/xs", RUNGS[0])
    assert "1 evaluations" not in mirror(store, tmp_path, place)  # its Optuna studies were written anew
    check(store, place)
    assert {t.state for t in trials_in(place, "demo")} == {TrialState.PRUNED}


def test_a_study_grows_over_passes_and_sittings(store: StudyStore, tmp_path: Path) -> None:
    place = str(tmp_path / "optuna.journal")
    begin(store)
    mirror(store, tmp_path)
    assert names_in(place) == {"demo"} and trials_in(place, "demo") == []
    filler = Filler(store)
    for configuration in propose(4):
        filler.segment(configuration, "embedded/xs", RUNGS[0])
        mirror(store, tmp_path)
        check(store, place)
    before = [t.datetime_complete for t in trials_in(place, "demo")]
    filler.segment(propose(4)[0], "embedded/xs", RUNGS[1])
    filler.segment(propose(4)[2], TARGET, RUNGS[2])
    mirror(store, tmp_path)
    check(store, place)
    trials = trials_in(place, "demo")
    assert [t.datetime_complete for t in trials][:4] == before  # nothing was written anew
    assert set(trials[4].intermediate_values) == {RUNGS[0], RUNGS[1]}


def test_the_best_trial_is_the_best_on_the_target_at_r_max(store: StudyStore, tmp_path: Path) -> None:
    fill_finished(store)
    mirror(store, tmp_path)
    full = [e for _, e in store.evaluations() if e.fidelity == Fidelity(TARGET, RUNGS[-1])]
    best = max(full, key=lambda e: e.score or 0.0)
    study = optuna.load_study(study_name="demo", storage=storage_at(str(tmp_path / "optuna.journal")))
    assert study.best_trial.user_attrs["config_id"] == best.configuration.id and study.best_value == best.score
    # Although a larger score elsewhere would be no rarity: proxies and lower rungs don't take part.
    assert len(study.get_trials(states=(TrialState.COMPLETE,))) == len(full) < len(store.evaluations())


@pytest.mark.parametrize("cut", range(6))
def test_a_journal_cut_at_any_byte_is_made_whole(store: StudyStore, tmp_path: Path, cut: int) -> None:
    fill_half(store)
    journal = tmp_path / "optuna.journal"
    mirror(store, tmp_path)
    data = journal.read_bytes()
    journal.write_bytes(data[: random.Random(cut).randrange(len(data))])
    mirror(store, tmp_path)
    check(store, str(journal))


@pytest.mark.slow
def test_one_of_two_writes_of_an_evaluation_is_made_up_for(store: StudyStore, place: str, tmp_path: Path) -> None:
    """An evaluation goes into two Optuna studies; between them the mirror may die."""
    fill_half(store)
    mirror(store, tmp_path, place)
    optuna.delete_study(study_name="demo: embedded/xs at step 15", storage=storage_at(place))
    before = [t._trial_id for t in trials_in(place, "demo")]
    mirror(store, tmp_path, place)
    check(store, place)
    assert [t._trial_id for t in trials_in(place, "demo")] == before


def test_trials_that_are_there_twice_or_too_many_go(store: StudyStore, tmp_path: Path) -> None:
    fill_half(store)
    mirror(store, tmp_path)
    journal = str(tmp_path / "optuna.journal")
    study = optuna.load_study(study_name="demo", storage=storage_at(journal))
    study.add_trial(study.trials[0])
    mirror(store, tmp_path)
    check(store, journal)
    study = optuna.load_study(study_name="demo", storage=storage_at(journal))
    stray = study.trials[0]
    stray.system_attrs["rltune:key"] = "r0099@15"
    study.add_trial(stray)
    mirror(store, tmp_path)
    check(store, journal)


def test_an_optuna_study_of_somebody_else_is_left_alone(store: StudyStore, tmp_path: Path) -> None:
    journal = str(tmp_path / "optuna.journal")
    theirs = optuna.create_study(study_name="demo", storage=storage_at(journal))
    theirs.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    fill_half(store)
    said = mirror(store, tmp_path)
    key = tracked_study(store.study()).key
    assert len(trials_in(journal, "demo")) == 2 and f"demo ({key[-8:]})" in said
    check(store, journal, f"demo ({key[-8:]})")


def test_two_studies_share_a_storage(tmp_path: Path) -> None:
    journal = str(tmp_path / "shared.journal")
    stores = [create_study(tmp_path / str(n), "demo", CONFIG) for n in range(2)]
    for store in stores:
        fill_half(store)
        mirror(store, tmp_path / str(stores.index(store)), journal)
    check(stores[0], journal)
    check(stores[1], journal, f"demo ({tracked_study(stores[1].study()).key[-8:]})")
    for store in stores:
        store.close()


def test_trials_of_ones_own_stay_where_nothing_was_replaced(store: StudyStore, tmp_path: Path) -> None:
    fill_half(store)
    mirror(store, tmp_path)
    journal = str(tmp_path / "optuna.journal")
    study = optuna.load_study(study_name="demo", storage=storage_at(journal))
    study.enqueue_trial({"learning_rate": 1e-4})
    Filler(store).segment(propose(9)[7], "embedded/xs", RUNGS[0])
    mirror(store, tmp_path)
    states = [t.state for t in trials_in(journal, "demo")]
    assert states.count(TrialState.WAITING) == 1 and len(states) == len(store.evaluations()) + 1


def test_how_a_run_ended_is_told_as_optuna_tells_it(store: StudyStore, tmp_path: Path) -> None:
    begin(store)
    filler = Filler(store)
    kinds = (StopKind.RULE, StopKind.FUTILE, StopKind.DIVERGED, StopKind.FAILED)
    for kind, configuration in zip(kinds, propose(4), strict=True):
        filler.segment(configuration, TARGET, RUNGS[0])
        filler.segment(configuration, TARGET, RUNGS[2], stop=StopReason(kind, 20, "µ > 15 %\x00", "kl_growth"))
    mirror(store, tmp_path)
    check(store, str(tmp_path / "optuna.journal"))
    ruled, futile, diverged, crashed = trials_in(str(tmp_path / "optuna.journal"), "demo")[1::2]
    assert ruled.state is futile.state is TrialState.PRUNED
    assert diverged.state is crashed.state is TrialState.FAIL and diverged.value is None
    assert ruled.value == ruled.intermediate_values[RUNGS[0]] and ruled.user_attrs["stop_rule"] == "kl_growth"


def test_a_score_that_is_no_number_fails_its_trial(store: StudyStore, tmp_path: Path) -> None:
    begin(store)
    (configuration,) = propose(1)
    run = store.run(configuration, TARGET, 0)
    stop = StopReason(StopKind.REACHED, 60, "reached")
    filler = Filler(store)
    filler.segment(configuration, TARGET, RUNGS[0])
    cost = store.evaluations()[0][1].cost
    fidelity = Fidelity(TARGET, RUNGS[2])
    bad = Evaluation(configuration, fidelity, 0, Phase.SEARCH, float("inf"), cost, stop, 60)
    store.add_evaluation(bad, run.id)
    mirror(store, tmp_path)
    last = trials_in(str(tmp_path / "optuna.journal"), "demo")[-1]
    assert last.state is TrialState.FAIL and set(last.intermediate_values) == {RUNGS[0]}


def test_every_kind_of_parameter_has_its_distribution(store: StudyStore, tmp_path: Path) -> None:
    """Log, whole, stepped, categorical, conditional; and a recipe that lies outside of the space."""
    space = {
        "learning_rate": {"type": "float", "low": 1e-5, "high": 1e-3, "log": True},
        "temperature": {"type": "float", "low": 0.0, "high": 1.0, "step": 0.3},
        "rollouts": {"type": "int", "low": 2, "high": 64, "log": True},
        "updates": {"type": "int", "low": 0, "high": 10, "step": 4},
        "penalty": {"type": "categorical", "choices": ["kl", "none", True, 3]},
        "kl_coef": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True, "when": {"penalty": ["kl"]}},
    }
    recipe = {"learning_rate": 1e-6, "temperature": 0.3, "rollouts": 5, "updates": 3, "penalty": "k3"}
    begin(store)
    store.set_fact("space", space)
    store.set_fact("recipe", {"configuration": recipe, "id": Configuration(recipe).id, "name": "own"})
    inside = {"learning_rate": 1e-4, "temperature": 0.9, "rollouts": 8, "updates": 4, "penalty": "kl", "kl_coef": 0.01}
    odd = {"learning_rate": 1e-4, "temperature": 0.5, "rollouts": 7.5, "updates": 8, "penalty": True}
    filler = Filler(store)
    for values in (recipe, inside, odd):
        filler.segment(Configuration(values), TARGET, RUNGS[2])
    mirror(store, tmp_path)
    check(store, str(tmp_path / "optuna.journal"))
    trials = trials_in(str(tmp_path / "optuna.journal"), "demo")
    assert trials[0].distributions.items() <= trials[1].distributions.items()  # so that Optuna compares all of them
    rate = trials[1].distributions["learning_rate"]
    assert (rate.low, rate.high, rate.log) == (1e-6, 1e-3, True)  # type: ignore[attr-defined]
    assert "kl_coef" not in trials[0].params and trials[1].params["kl_coef"] == 0.01


@pytest.mark.slow
def test_optunas_importances_and_plots_work(store: StudyStore, tmp_path: Path) -> None:
    fill_finished(store, 24)
    mirror(store, tmp_path)
    storage = storage_at(str(tmp_path / "optuna.journal"))
    names = set(CONFIG["space"])  # type: ignore[arg-type]
    for name in ("demo", "demo: embedded/xs at step 15"):
        study = optuna.load_study(study_name=name, storage=storage)
        for evaluator in (
            optuna.importance.FanovaImportanceEvaluator(seed=0),
            optuna.importance.PedAnovaImportanceEvaluator(),
            optuna.importance.MeanDecreaseImpurityImportanceEvaluator(seed=0),
        ):
            found = optuna.importance.get_param_importances(study, evaluator=evaluator)
            assert set(found) <= names and max(found.values()) > 0
        for plot in ("contour", "parallel_coordinate", "slice", "optimization_history", "timeline", "rank", "edf"):
            figure = getattr(optuna.visualization, f"plot_{plot}")(study)
            assert figure.data, plot
    assert optuna.visualization.plot_intermediate_values(study).data
    found = optuna.importance.get_param_importances(study)
    assert set(found) == names
    assert max(found, key=lambda name: found[name]) == "learning_rate"  # what the factory's scores depend on


def test_without_fidelities_there_is_one_optuna_study(store: StudyStore, tmp_path: Path) -> None:
    fill_half(store)
    mirror(store, tmp_path)
    journal = str(tmp_path / "optuna.journal")
    assert len(names_in(journal)) > 2
    mirror(store, tmp_path, fidelities=False, name="mine")
    mirror(store, tmp_path, fidelities=False)
    assert names_in(journal) == {"demo", "mine"}
    assert len(trials_in(journal, "demo")) == len(trials_in(journal, "mine")) == len(store.evaluations())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"storage": "postgresql+psycopg://me:secret@host/db"}, "must not hold a password"),
        ({"storge": "x"}, "unknown option 'storge'"),
        ({"fidelities": "often"}, "option fidelities"),
    ],
)
def test_a_wrong_option_is_told(options: dict[str, object], told: str) -> None:
    with pytest.raises(TrackerError, match=told) as caught:
        check_tracker("optuna", options)
    assert "secret" not in str(caught.value)


def test_a_storage_that_can_not_be_used_is_told(store: StudyStore, tmp_path: Path) -> None:
    fill_half(store)
    (tmp_path / "other.journal").write_text("no journal\n")
    for place in ("nosuch://host/db", str(tmp_path / "other.journal"), str(tmp_path / "demo" / "study.db")):
        with pytest.raises(TrackerError, match="could not be written|can't be used|sqlite:///"):
            mirror(store, tmp_path, place)
    assert isinstance(build_tracker("optuna", {}, tmp_path), EvaluationTracker)
