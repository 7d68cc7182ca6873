"""The docs say what is true: settings are those of the code, examples in Python run."""

from __future__ import annotations

import importlib.util
import math
import re
from pathlib import Path

import pandas
import pytest

import rltune
from rltune.config.load import load_study
from rltune.tasks.base import SPLITS
from rltune.tasks.build import build_task
from rltune.types import Configuration, Fidelity, History, Phase, Proposal

LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


@pytest.mark.parametrize("name", ["settings", "commands", "command_line", "rules"])
def test_a_page_that_is_made_from_the_code_is_up_to_date(repository: Path, name: str) -> None:
    spec = importlib.util.spec_from_file_location(f"docs_{name}", repository / "docs" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), f"run: python docs/{name}.py"


ROOT = Path(__file__).parents[2]
PAGES = sorted(page.relative_to(ROOT).as_posix() for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(repository: Path, page: str) -> None:
    path = repository / page
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{page} links to {target}"


EXAMPLES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("examples/**/*.yaml"))


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_splits_of_each_example_are_there_once_its_files_are(
    repository: Path, example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that an example names are written; a task that comes from the hub has its splits by itself."""
    task = load_study(repository / example).config.task
    for key in ("train", "validation", "test"):
        if isinstance(name := task.options.get(key), str):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            rows = [{"prompt": f"{key} {number}", "answer": str(number)} for number in range(300)]
            write = pandas.DataFrame(rows).to_parquet if path.suffix == ".parquet" else pandas.DataFrame(rows).to_json
            write(path, **({} if path.suffix == ".parquet" else {"orient": "records", "lines": True}))
    monkeypatch.chdir(tmp_path)
    made = build_task(task.name, task.options)
    if task.name in ("file", "arithmetic/easy", "arithmetic/hard"):
        assert all(made.examples(split) for split in SPLITS)


def blocks_of(repository: Path, page: str) -> list[str]:
    text = (repository / "docs" / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["python", "forecast", "sensitivity"])
def test_the_python_on_the_pages_runs(
    repository: Path, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = blocks_of(repository, page)
    monkeypatch.chdir(tmp_path)
    ran = [block for block in blocks if "study.run()" not in block]  # a study takes minutes
    assert len(ran) >= 1 and len(blocks) - len(ran) <= 1
    left: dict[str, object] = {}
    for block in ran:
        alone: dict[str, object] = {}
        exec(compile(block, f"docs/{page}.md", "exec"), alone)
        left |= alone
    if page == "python":
        check_the_loop(left["scores"], blocks)
    if page == "sensitivity":
        assert [share.name for share in left["found"].matters] == ["learning_rate"]  # pyright: ignore


def check_the_loop(scores: object, blocks: list[str]) -> None:
    """Ask and tell, in under 30 lines: every search beats every random one, and nearly finds the best."""
    assert isinstance(scores, dict) and set(scores) == {"joint_fidelity", "random"}
    assert min(scores["joint_fidelity"]) > max(*scores["random"], 0.84)
    (loop,) = (block for block in blocks if "session.ask()" in block)
    assert sum(bool(line.strip()) for line in loop.splitlines()) < 30


class OneProposal:
    name = "one"

    def ask(self, history: History) -> Proposal | None:
        return Proposal(Configuration({"learning_rate": 1e-6}), Fidelity("7B", 200), 0, Phase.SEARCH, "")

    def rank(self, history: History, count: int) -> list[Configuration]:
        return []


def test_the_table_of_what_to_tell_is_true(repository: Path) -> None:
    """Each row's line works, and leaves the run in flight only where the row says that it goes on."""
    page = (repository / "docs" / "python.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.*?) \| `(session\.tell\(proposal, .*?\))` \|$", page, flags=re.MULTILINE)
    assert len(rows) == 6
    ends = set()
    for happened, line in rows:
        session = rltune.Session(OneProposal())
        told = eval(line, {"session": session, "proposal": session.ask()})
        assert bool(session.history.pending) == ("goes on" in happened), line
        assert told.cost.seconds > 0 and (told.score is None or math.isfinite(told.score))
        ends.add(told.stop.kind)
    assert ends == {rltune.StopKind(k) for k in ("reached", "rule", "diverged", "failed", "interrupted")}
