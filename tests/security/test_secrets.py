"""Secrets in the environment of a whole study whose programs print it: no file that it leaves holds one."""

from __future__ import annotations

import io
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from rltune.cli.commands.status import tell
from rltune.cli.console import TextConsole
from rltune.cli.plain import PlainLines
from rltune.errors import ConfigError
from rltune.redaction import NAMES
from rltune.study.api import create, open_study, read_source

FAKE = Path(__file__).parents[1] / "trainers" / "external" / "fake_program.py"
PYTHON = [sys.executable, "-S", "-E"]
SECRETS = {
    "WANDB_API_KEY": "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432",
    "HF_TOKEN": "hf_QwErTyUiOpAsDfGhJkLzXcVbNm",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYplantedKEY",
    "DATABASE_URL": "postgresql://somebody:hunter2-planted@db.example.org/rltune",
    "PGPASSWORD": "planted-pg-password",
    "A_SETTING": "q8Zk3vQ9x7Lm2Pw8Rt5YbPLANTED",  # a name that tells nothing
    "MOTTO": "planted words of no form at all",
    NAMES: "MOTTO",
}
VALUES = [value for name, value in SECRETS.items() if name not in (NAMES, "DATABASE_URL")] + ["hunter2-planted"]

CHATTY = """
import os, runpy, sys
print(dict(os.environ), flush=True)
for name, value in os.environ.items():
    print(name + "=" + value, flush=True)
if float(sys.argv[sys.argv.index("--lr") + 1]) > 1.1:
    sys.exit("ValueError: the key is " + os.environ["WANDB_API_KEY"] + " and " + os.environ["A_SETTING"])
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
SCORER = (
    "import json, os, sys; print(dict(os.environ)); p = sys.argv[1]; "
    "s = json.load(open(p + '/state.json'))['state'] if p else 0; print(json.dumps(dict(mean=s / 100)))"
)


def source(folder: Path, **changes: object) -> dict[str, object]:
    program = folder / "chatty.py"
    program.write_text(CHATTY)
    settings = {
        "command": [
            *PYTHON, str(program), str(FAKE), "--out", "{output}", "--stop", "{stop_step}",
            "--save-every", "{save_every}", "--lr", "{learning_rate}", "--metrics", "{metrics}",
        ],
        "resume": ["--resume", "{resume_from}"],
        "metrics": {"names": {"reward": "mean_reward"}},
        "checkpoint": "{output}/step-{step}",
        "score": {"command": [*PYTHON, "-c", SCORER, "{checkpoint}"]},
        "grace_time": 5,
    }  # fmt: skip
    study: dict[str, object] = {
        "name": "chatty",
        "models": {"target": "embedded/xs"},
        "task": "arithmetic/easy",
        "trainer": {"name": "command", "settings": settings},
        "space": {"learning_rate": {"type": "float", "low": 0.5, "high": 4.0}},
        "baseline": {"learning_rate": 1.0},
        "budget": {"time": 600, "search": 0.9, "trials": 4},
        "steps": 2,
        "optimizer": "random",
        "stopping": "off",
        "confirm": {"top": 1},
        "final": {"seeds": 1},
        "executor": {"slots": 2, "grace_time": 10},
        "output": str(folder / "studies"),
        "seed": 3,
    }
    return {**study, **changes}


def files_with(folder: Path, values: list[str]) -> list[str]:
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()):
        content = path.read_bytes()
        found += [f"{path.relative_to(folder)}: {value[:6]}..." for value in values if value.encode() in content]
    return found


@pytest.mark.slow
def test_no_file_of_a_study_holds_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    trackers = ["tensorboard"] if find_spec("tensorboard") else []
    trackers += [{"name": "wandb", "mode": "offline"}] if find_spec("wandb") else []
    printed = io.StringIO()
    console = TextConsole(width=500)
    console.file = printed
    with create(source(tmp_path, trackers=trackers)) as study:
        study.run(PlainLines(console, quiet=False))
        folder = study.folder
        study.report()
        for form in ("command", "json"):
            (folder / f"winner.{form}").write_text(study.export(form))
    with open_study(folder, read_only=True) as study:
        summary = study.summary()
        tell(summary, console)
    assert summary.failures, "a trial has to fail for this test to show anything"
    assert any("***" in failure.log_tail + failure.reason for failure in summary.failures)
    logs = list(folder.glob("runs/**/log.txt"))
    assert any("PATH=" in log.read_text(errors="replace") for log in logs)  # they do print their environment
    assert files_with(tmp_path, VALUES) == []
    assert not [value for value in VALUES if value in printed.getvalue()]


def test_a_study_file_must_not_hold_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", VALUES[-2] + "-and-more")
    settings = {"command": ["x"], "checkpoint": "{output}/{step}", "score": "transformers"}
    for changed, place in (
        ({"env": {"WANDB_API_KEY": "0123456789abcdef"}}, "trainer.settings.env.WANDB_API_KEY"),
        ({"arguments": ["--key", VALUES[-2] + "-and-more"]}, "trainer.settings.arguments.1"),
    ):
        with pytest.raises(ConfigError) as caught:
            read_source(source(tmp_path, trainer={"name": "command", "settings": {**settings, **changed}}))
        assert caught.value.where == place
        assert "0123456789abcdef" not in str(caught.value) and VALUES[-2] not in str(caught.value)
    harmless = {"env": {"TOKENIZERS_PARALLELISM": "false", "OPENAI_API_KEY": "EMPTY"}}
    read_source(source(tmp_path, trainer={"name": "command", "settings": {**settings, **harmless}}))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://u:p@h/d",
        "postgresql+psycopg://u:pa/ss@h/d",
        "postgresql+psycopg://:p@h/d",
        "postgresql+psycopg://u@h/d?sslpassword=x",
        "postgresql+psycopg://u@h/d?PASSWORD=x",
    ],
)
def test_a_database_url_must_not_hold_a_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="must not hold a password") as caught:
        read_source(source(tmp_path, store=url))
    assert "pa/ss" not in str(caught.value)


def test_a_database_url_without_a_password_is_taken(tmp_path: Path) -> None:
    url = "postgresql+psycopg://u@h:5432/d?connect_timeout=3"
    assert read_source(source(tmp_path, store=url)).config.store == url
