"""A study that begins with what earlier ones measured: read, mapped, kept, learned from and told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from rltune.cli.commands.check import describe
from rltune.errors import ConfigError, PriorError, RltuneError, StudyError
from rltune.priors import Prior, PriorEvaluation, read_prior, write_prior
from rltune.store.base import StudyState
from rltune.study.api import create, open_study, read_source
from rltune.study.blueprint import draw_blueprint
from rltune.study.earlier import read_earlier
from study.toy import StopAfter, study_source

JOINT = {"name": "joint_fidelity", "options": {"initial": 3}}


def prior_file(path: Path, *rates: float, name: str = "learning_rate") -> Path:
    """A prior file: the closer a learning rate to 1e-4, the better."""
    found = [PriorEvaluation({name: rate}, "embedded/s", None, 8, 1 / (1 + abs(rate - 1e-4) * 1e4)) for rate in rates]
    write_prior(path, Prior("by hand", tuple(found)))
    return path


def source(tmp_path: Path, *earlier: object) -> dict[str, object]:
    return {**study_source(tmp_path, optimizer=JOINT), "warm_start": list(earlier)}


@pytest.fixture(scope="module")
def old_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study."""
    with create(study_source(tmp_path_factory.mktemp("earlier"), "old")) as study:
        assert study.run() is StudyState.FINISHED
        return study.folder


@pytest.mark.slow
def test_a_study_ends_with_what_it_knew_though_the_earlier_one_is_gone(tmp_path: Path, old_study: Path) -> None:
    earlier = tmp_path / "earlier"
    shutil.copytree(old_study, earlier)
    known = read_earlier(str(earlier))
    with create({**source(tmp_path, str(earlier)), "budget": {"time": 600, "search": 0.9, "trials": 8}}) as study:
        observer = StopAfter(3)
        assert study.run(observer, observer) is StudyState.INTERRUPTED
        folder = study.folder
    shutil.rmtree(earlier)
    with open_study(folder) as study:
        assert study.run() is StudyState.FINISHED
        facts = study.store.study().facts
        page = study.report().read_text()
    assert read_prior(folder / "priors" / "1.jsonl") == known
    (told,) = facts["prior_studies"]  # pyright: ignore[reportGeneralTypeIssues]
    assert told["name"] == "old" and told["used"] == told["evaluations"] == len(known.evaluations) > 10
    (belief,) = facts["prior_beliefs"]  # pyright: ignore[reportGeneralTypeIssues]
    assert belief["correlation"] > 0 and belief["influence"] > 0.05
    assert "Earlier studies" in page and f"{belief['correlation']:.2f}" in page


def test_an_earlier_study_holds_all_that_it_measured(old_study: Path) -> None:
    prior = read_earlier(str(old_study))
    with open_study(old_study, read_only=True) as study:
        measured = {(e.configuration, e.fidelity, e.seed) for e in study.store.history().evaluations}
        factor = study.store.study().facts["models"]["embedded/s"]["hidden_size"]  # pyright: ignore
    assert len(prior.evaluations) == len(measured)
    assert prior.horizon == 8 and prior.task == "arithmetic/easy" and prior.source == "old" and prior.width == factor
    assert {e.model for e in prior.evaluations} == set(prior.base_scores) and all(
        e.parameters for e in prior.evaluations
    )
    assert set(prior.base_scores) == {"embedded/xs", "embedded/s"}
    assert "clip_ratio" in prior.fixed


def test_what_can_be_used_is_told_before_anything_is_spent(tmp_path: Path) -> None:
    path = prior_file(tmp_path / "prior.jsonl", 1e-3, 1e-4, 1e5, name="lr")
    entry = {"from": str(path), "rename": {"lr": "learning_rate"}, "weight": 0.5}
    blueprint = draw_blueprint(read_source(source(tmp_path, entry)))
    (told,) = describe(blueprint)["warm_start"]  # pyright: ignore[reportGeneralTypeIssues]
    assert (told["name"], told["evaluations"], told["used"], told["weight"]) == ("by hand", 3, 2, 0.5)
    assert any("1 evaluation left out: learning_rate is far outside" in note for note in blueprint.notes)
    (task,) = blueprint.problem.priors
    assert len(task) == 2 and list(task.sizes) == [blueprint.problem.target.parameters] * 2


def test_an_optimizer_that_does_not_learn_from_it_says_so(tmp_path: Path) -> None:
    path = prior_file(tmp_path / "prior.jsonl", 1e-3, 1e-4)
    blueprint = draw_blueprint(read_source({**study_source(tmp_path), "warm_start": str(path)}))
    assert any("random doesn't learn from earlier studies" in note for note in blueprint.notes)


@pytest.mark.parametrize(
    ("entry", "error", "said"),
    [
        ("nowhere.jsonl", PriorError, "warm_start.0"),
        ({"from": "PRIOR", "rename": {"lrr": "learning_rate"}}, PriorError, "did you mean 'lr'"),
        ("PRIOR", PriorError, "nothing that by hand holds has a place"),
        ({"from": "PRIOR", "models": {"embedded/s": "embedded/z"}}, PriorError, "no model 'embedded/z'"),
        ({"from": "PRIOR", "weight": 2}, ConfigError, "weight"),
        ({"from": "PRIOR", "weight": True}, ConfigError, "weight"),
        ({"from": "PRIOR", "wieght": 1}, ConfigError, "did you mean 'weight'"),
        ({"rename": {}}, ConfigError, "from"),
        ({"from": "PRIOR", "rename": {"a": "b", "c": "b"}}, ConfigError, "renamed to 'b'"),
        ("postgresql://me:secret@db/x#old", ConfigError, "must not hold a password"),
        ("postgresql://db/x", ConfigError, "write URL#NAME"),
        ("FOLDER", StudyError, "there is no study in"),
    ],
)
def test_what_can_not_be_used_is_told_by_its_place(
    tmp_path: Path, entry: object, error: type[RltuneError], said: str
) -> None:
    places = {"PRIOR": str(prior_file(tmp_path / "prior.jsonl", 1e5, name="lr")), "FOLDER": str(tmp_path.parent)}
    if isinstance(entry, dict):
        entry = {key: places.get(str(value), value) if key == "from" else value for key, value in entry.items()}
    else:
        entry = places.get(str(entry), entry)
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(source(tmp_path / "out", entry)))
    with pytest.raises(error) as caught:
        create(tmp_path / "study.yaml")
    assert said in str(caught.value)
    assert "study.yaml" in str(caught.value)
    assert not (tmp_path / "out" / "toy").exists()


def test_what_is_kept_is_asked_for_when_it_is_gone(tmp_path: Path) -> None:
    path = prior_file(tmp_path / "prior.jsonl", 1e-3, 1e-4)
    with create(source(tmp_path / "out", str(path))) as study:
        folder = study.folder
    path.write_text("changed since")
    open_study(folder).close()
    (folder / "priors" / "1.jsonl").unlink()
    with pytest.raises(PriorError, match="gone from its folder"):
        open_study(folder)
    open_study(folder, read_only=True).close()


def test_a_study_that_goes_on_knows_what_it_knew(tmp_path: Path) -> None:
    path = prior_file(tmp_path / "prior.jsonl", 1e-3, 1e-4)
    with create(source(tmp_path / "out", str(path))) as study:
        folder = study.folder
    text = (folder / "study.yaml").read_text()
    (folder / "study.yaml").write_text(text.replace("warm_start:", "warm_start:\n- from: other.jsonl"))
    with pytest.raises(StudyError, match="warm_start changed"):
        open_study(folder)
