"""Optuna studies become prior files: real storages, each kind of trial, names, directions, steps."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState, create_trial

from report.factory import CONFIG, fill_finished
from rltune.clock import SystemClock
from rltune.errors import PriorError
from rltune.importers.build import read_table
from rltune.importers.convert import Wishes, convert
from rltune.priors import read_prior
from rltune.store.open import create_study
from rltune.trackers.export import mirror_once

optuna.logging.set_verbosity(optuna.logging.WARNING)


def objective(trial: optuna.Trial) -> float:
    rate = trial.suggest_float("lr", 1e-6, 1e-3, log=True)
    trial.suggest_int("num_generations", 2, 8)
    trial.suggest_categorical("own_thing", ["a", "b"])
    for step in (10, 20, 40):
        trial.report(step * rate, step)
    trial.set_user_attr("seed", trial.number)
    if trial.number == 1:
        raise optuna.TrialPruned
    if trial.number == 2:
        raise RuntimeError("crashed")
    return float("nan") if trial.number == 3 else 0.5 + rate


def made(place: str, name: str = "old", direction: str = "maximize") -> optuna.Study:
    storage = place if "://" in place else JournalStorage(JournalFileBackend(place))
    # In memory first: a file is synced at each of a trial's reports and attributes.
    memory = optuna.create_study(direction=direction, sampler=optuna.samplers.RandomSampler(seed=1))
    memory.optimize(objective, n_trials=6, catch=(RuntimeError,))
    memory.ask()  # one that nobody finished
    study = optuna.create_study(storage=storage, study_name=name, direction=direction)
    study.add_trials(memory.trials)
    return study


@pytest.fixture(params=["journal", "sqlite url", "sqlite file"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a study is, as a user would name it."""
    if request.param == "journal":
        made(str(tmp_path / "old.log"))
        return str(tmp_path / "old.log")
    made(f"sqlite:///{tmp_path}/old.db")
    return f"sqlite:///{tmp_path}/old.db" if request.param == "sqlite url" else str(tmp_path / "old.db")


@pytest.mark.slow
def test_trials_become_evaluations_under_names_of_studies(source: str, tmp_path: Path) -> None:
    out = tmp_path / "old.prior"
    command = [sys.executable, "-m", "rltune", "import", source, "-o", str(out), "--steps", "40", "--model", "small"]
    done = subprocess.run([*command, "--map", "own_thing=lr_scheduler"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    prior = read_prior(out)
    assert [(e.seed, e.score is None) for e in prior.evaluations] == [(0, False), (1, True), (4, False), (5, False)]
    assert prior.metric == "value" and "old" in prior.source
    first = prior.evaluations[0]
    assert set(first.configuration) == {"learning_rate", "rollouts", "lr_scheduler"}
    assert first.score == 0.5 + float(first.configuration["learning_rate"])
    assert (first.model, first.steps) == ("small", 40)
    assert "4 evaluations of 7 runs" in done.stdout and "1 bad result without a score" in done.stdout
    assert "left out: 2 runs, failed without a score" in done.stdout and "1 run, not finished" in done.stdout
    assert "lr as learning_rate" in done.stdout and "num_generations as rollouts" in done.stdout


def test_what_nobody_knows_is_kept_and_told(tmp_path: Path) -> None:
    made(str(tmp_path / "j"))
    found = convert(read_table(str(tmp_path / "j")), Wishes())
    assert "own_thing" in found.prior.evaluations[0].configuration
    assert any("own_thing" in line and "no trainer here" in line for line in found.lines)
    assert any("steps aren't known" in line for line in found.lines)


def test_failures_count_where_they_are_wanted(tmp_path: Path) -> None:
    made(str(tmp_path / "j"))
    found = convert(read_table(str(tmp_path / "j")), Wishes(failures=True))
    assert [e.score is None for e in found.prior.evaluations] == [False, True, True, True, False, False]


def test_reported_values_are_evaluations_at_their_steps(tmp_path: Path) -> None:
    made(str(tmp_path / "j"))
    found = convert(read_table(str(tmp_path / "j")), Wishes(reported=True, steps=80)).prior.evaluations
    of_first = [(e.steps, e.score) for e in found if e.seed == 0]
    rate = float(found[0].configuration["learning_rate"])
    assert of_first == [(10, 10 * rate), (20, 20 * rate), (40, 40 * rate), (80, 0.5 + rate)]
    assert [e.steps for e in found if e.seed == 1] == [10, 20, 40]  # pruned: what it had is known


def test_less_is_better_is_refused_or_negated(tmp_path: Path) -> None:
    made(str(tmp_path / "j"), direction="minimize")
    table = read_table(str(tmp_path / "j"))
    with pytest.raises(PriorError, match="less of value is better there"):
        convert(table, Wishes())
    found = convert(table, Wishes(negate=True)).prior
    assert found.metric == "-value" and (found.evaluations[0].score or 0) < -0.5
    made(str(tmp_path / "k"))
    with pytest.raises(PriorError, match="more of value is better there already"):
        convert(read_table(str(tmp_path / "k")), Wishes(negate=True))


def test_one_of_several_studies_and_objectives_is_named(tmp_path: Path) -> None:
    place = str(tmp_path / "j")
    made(place, "one")
    both = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(place)), study_name="two", directions=["maximize", "minimize"]
    )
    both.set_metric_names(["accuracy", "length"])
    both.optimize(lambda trial: (trial.suggest_float("beta", 0, 1), 3.0), n_trials=2)
    with pytest.raises(PriorError, match="several Optuna studies") as caught:
        read_table(place)
    assert "one, two" in str(caught.value)
    with pytest.raises(PriorError, match="no Optuna study 'tow'.*did you mean 'two'"):
        read_table(place, study="tow")
    table = read_table(place, study="two")
    with pytest.raises(PriorError, match="--metric"):
        convert(table, Wishes())
    found = convert(table, Wishes(metric="accuracy")).prior
    assert [e.score for e in found.evaluations] == [e.configuration["kl_coef"] for e in found.evaluations]
    with pytest.raises(PriorError, match="less of length"):
        convert(table, Wishes(metric="length"))
    with pytest.raises(PriorError, match="no run has a metric 'lenght'.*did you mean 'length'"):
        convert(table, Wishes(metric="lenght"))


def test_the_same_configuration_again_gets_a_seed_of_its_own(tmp_path: Path) -> None:
    study = optuna.create_study(storage=JournalStorage(JournalFileBackend(str(tmp_path / "j"))), direction="maximize")
    distributions = {"learning_rate": FloatDistribution(1e-6, 1e-3), "rollouts": IntDistribution(2, 8)}
    distributions["kind"] = CategoricalDistribution((True, None))  # type: ignore[assignment]
    for score in (0.1, 0.2, 0.3):
        values = {"learning_rate": 1e-4, "rollouts": 4, "kind": None}
        study.add_trial(
            create_trial(state=TrialState.COMPLETE, value=score, params=values, distributions=distributions)
        )
    found = convert(read_table(str(tmp_path / "j")), Wishes())
    assert [(e.seed, e.score) for e in found.prior.evaluations] == [(0, 0.1), (1, 0.2), (2, 0.3)]
    assert any("2 repeated configurations" in line for line in found.lines)


def test_a_mirrored_study_comes_back_as_it_was(tmp_path: Path) -> None:
    """Through Optuna and back: models, steps, seeds and scores of each fidelity; rules' stops are bad results."""
    store = create_study(tmp_path / "demo", "demo", CONFIG)
    fill_finished(store)
    mirror_once(store, tmp_path, "optuna", {}, SystemClock(), alive=False)
    found = convert(read_table(str(tmp_path / "optuna.journal"), study="demo"), Wishes()).prior
    back = {(*e.configuration.items(), e.model, e.steps, e.seed): e.score for e in found.evaluations}
    for _, e in store.evaluations():
        key = (*e.configuration.values.items(), e.fidelity.model, e.fidelity.steps, e.seed)
        crashed = e.stop.kind.value == "failed"
        assert (key not in back) if crashed else back[key] == e.score
    assert found.metric == "validation score"
    store.close()


@pytest.mark.parametrize(
    ("mapping", "told"),
    [({"lrr": "learning_rate"}, "no run has a value 'lrr'.*did you mean 'lr'"), ({"x": "y"}, "no run has a value 'x'")],
)
def test_a_name_that_is_not_there_is_told(tmp_path: Path, mapping: dict[str, str], told: str) -> None:
    made(str(tmp_path / "j"))
    with pytest.raises(PriorError, match=told):
        convert(read_table(str(tmp_path / "j")), Wishes(mapping=mapping))


def test_what_is_no_source_is_told(tmp_path: Path) -> None:
    with pytest.raises(PriorError, match="can't be read"):
        read_table(str(tmp_path / "absent"))
    (tmp_path / "text").write_text("hello\n")
    with pytest.raises(PriorError, match="no Optuna storage and no export"):
        read_table(str(tmp_path / "text"))
    with pytest.raises(PriorError, match="unknown format 'optun'.*did you mean 'optuna'"):
        read_table(str(tmp_path / "text"), "optun")
    with pytest.raises(PriorError, match="Optuna can't|can't open"):
        read_table(f"sqlite:///{tmp_path}/text", "optuna")
    (tmp_path / "other.db").write_bytes(b"SQLite format 3\x00" + bytes(84))
    with pytest.raises(PriorError):
        read_table(str(tmp_path / "other.db"))
    assert "secret" not in str(pytest.raises(PriorError, read_table, "nosuch://me:secret@host/db").value)


@pytest.mark.slow
def test_the_command_tells_a_mistake_and_prints_json(tmp_path: Path) -> None:
    made(str(tmp_path / "j"))
    command = [sys.executable, "-m", "rltune", "import", str(tmp_path / "j"), "-o", str(tmp_path / "p")]
    wrong = subprocess.run([*command, "--map", "lr"], capture_output=True, text=True, timeout=120)
    assert wrong.returncode == 2 and "expected OLD=NEW, got 'lr'" in wrong.stderr and "Traceback" not in wrong.stderr
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=120)
    assert json.loads(done.stdout)["evaluations"] == len(read_prior(tmp_path / "p").evaluations) == 4
