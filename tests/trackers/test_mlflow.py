"""MLflow on a local database, read back through its client."""

from __future__ import annotations

import importlib
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from rltune.errors import TrackerError
from rltune.trackers.build import build_tracker
from trackers.contract import RUN, STUDY, TrackerContract, points
from trackers.readers import Held, read_mlflow

pytestmark = [
    pytest.mark.skipif(find_spec("mlflow") is None, reason="mlflow isn't installed: pip install 'rltune[mlflow]'"),
    pytest.mark.slow,
]


@pytest.fixture(autouse=True)
def no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new MLflow database: making one takes it seconds."""
    folder = tmp_path_factory.mktemp("mlflow")
    build_tracker("mlflow", {"tracking_uri": f"sqlite:///{folder}/mlflow.db"}, folder).open(STUDY)
    return folder / "mlflow.db"


class TestMlflow(TrackerContract):
    tracker = "mlflow"

    @pytest.fixture(autouse=True)
    def with_database(self, database: Path, tmp_path: Path) -> None:
        shutil.copy(database, tmp_path / "mlflow.db")

    def read(self, folder: Path) -> dict[str, Held]:
        return read_mlflow(f"sqlite:///{folder}/mlflow.db", "demo")


def test_the_address_and_the_experiment_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = f"sqlite:///{tmp_path}/other.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    tracker = build_tracker("mlflow", {"experiment": "/Users/ä/sweeps"}, tmp_path / "study")
    tracker.open(STUDY)
    tracker.write(RUN, points(2))
    assert uri in tracker.place
    assert read_mlflow(uri, "/Users/ä/sweeps").keys() == {RUN.key}
    assert not (tmp_path / "study").exists()


def test_a_deleted_experiment_is_told_with_a_remedy(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    client = importlib.import_module("mlflow.tracking").MlflowClient(tracking_uri=uri)
    client.delete_experiment(client.create_experiment("demo"))
    with pytest.raises(TrackerError, match="deleted.*restore"):
        build_tracker("mlflow", {}, tmp_path).open(STUDY)
