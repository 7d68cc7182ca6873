"""A study's first moment: killed in it, or refused, a study can be gone on with or made anew."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from sqlalchemy import make_url

from rltune.analysis.standing import stand
from rltune.cli.commands import list as list_
from rltune.errors import ExecutorError, StoreError, StudyError
from rltune.priors import Prior, PriorEvaluation, read_prior, write_prior
from rltune.store.base import StudyState
from rltune.study.api import create, open_study
from rltune.study.looking import STUDY_FILE
from study.toy import study_source

KILLED = """
import os, sys
from rltune.study import api, making
make = making.create_study
def killed(*arguments, **options):
    if sys.argv[2] == "after":
        make(*arguments, **options)
    os._exit(9)
making.create_study = killed
api.create(sys.argv[1])
"""


@pytest.fixture
def url(server: str) -> str:
    """Of a database, as a study file may name it."""
    return make_url(server)._replace(password=None).render_as_string()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("database", [False, True])
def test_killed_while_it_is_made_it_is_made_again_or_gone_on_with(
    tmp_path: Path, name: str, moment: str, database: bool, request: pytest.FixtureRequest
) -> None:
    store = {"store": request.getfixturevalue("url")} if database else {}
    write_prior(tmp_path / "prior.jsonl", Prior("old", (PriorEvaluation({"learning_rate": 1e-4}, score=0.5),)))
    earlier = {"warm_start": str(tmp_path / "prior.jsonl")}
    source = {**study_source(tmp_path), "name": name, **store, **earlier}
    (tmp_path / "file.yaml").write_text(yaml.safe_dump(source))
    command = [sys.executable, "-c", KILLED, str(tmp_path / "file.yaml"), moment]
    assert subprocess.run(command, cwd=Path(__file__).parent).returncode == 9
    if moment == "before":
        with create(tmp_path / "file.yaml") as study:
            assert study.summary().state == "created"
    (tmp_path / "prior.jsonl").unlink()
    with open_study(tmp_path / name) as study:
        assert study.summary().state == "created"
        assert study.blueprint is not None and len(study.blueprint.problem.priors[0]) == 1
        assert (study.folder / STUDY_FILE).read_text() == (tmp_path / "file.yaml").read_text()


def test_a_name_that_is_taken_in_the_database_leaves_nothing_behind(tmp_path: Path, name: str, url: str) -> None:
    priors = [tmp_path / "first.jsonl", tmp_path / "second.jsonl"]
    for path in priors:
        write_prior(path, Prior(path.stem, (PriorEvaluation({"learning_rate": 1e-4}, score=0.5),)))
    first = {**study_source(tmp_path / "one"), "name": name, "store": url, "warm_start": str(priors[0])}
    create(first).close()
    kept = (tmp_path / "one" / name / STUDY_FILE).read_text()
    with pytest.raises((StoreError, StudyError)):
        create({**study_source(tmp_path / "two"), "name": name, "store": url})
    assert not (tmp_path / "two" / name).exists()
    with pytest.raises((StoreError, StudyError)):
        create({**first, "seed": 7, "warm_start": [str(path) for path in priors[::-1]]})
    assert [path.name for path in (tmp_path / "one" / name / "priors").iterdir()] == ["1.jsonl"]
    assert read_prior(tmp_path / "one" / name / "priors" / "1.jsonl").source == "first"
    assert (tmp_path / "one" / name / STUDY_FILE).read_text() == kept


def test_a_study_that_can_not_start_says_why_when_asked_and_goes_on_once_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(blueprint: object) -> None:
        raise ExecutorError("no Ray cluster at 10.0.0.1:6379", where="executor.address")

    with create(study_source(tmp_path, optimizer="recipe")) as study:
        with monkeypatch.context() as patched:
            patched.setattr("rltune.study.assembly.make_executor", refuse)
            with pytest.raises(ExecutorError):
                study.run()
        assert stand(study.store).failed_because is not None
        assert "no Ray cluster" in str(stand(study.store).failed_because)
        assert study.run() is StudyState.FINISHED
        assert stand(study.store).failed_because is None


def test_studies_in_a_database_are_listed_with_those_in_the_folder(
    tmp_path: Path, name: str, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    create(study_source(tmp_path, "here")).close()
    create({**study_source(tmp_path), "name": name, "store": url}).close()
    list_.main(str(tmp_path), True)
    listed = json.loads(capsys.readouterr().out)
    assert {row["name"]: row["state"] for row in listed} == {"here": "created", name: "created"}


def test_a_database_without_studies_yet_has_none(empty_database: str, capsys: pytest.CaptureFixture[str]) -> None:
    list_.main(empty_database, True)
    assert json.loads(capsys.readouterr().out) == []


def test_without_rays_package_a_study_on_ray_is_refused_before_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rltune.study.places.find_spec", lambda name: None)
    with pytest.raises(ExecutorError, match="Ray isn't installed") as caught:
        create(study_source(tmp_path, executor={"name": "ray"}))
    assert "rltune[ray]" in (caught.value.hint or "") and not (tmp_path / "toy").exists()
