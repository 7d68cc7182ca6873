"""The docs say what is true: settings are those of the code, examples in Python run."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def test_the_page_of_settings_is_up_to_date(repository: Path) -> None:
    spec = importlib.util.spec_from_file_location("docs_settings", repository / "docs" / "settings.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "run: python docs/settings.py"


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "CONTRIBUTING.md",
        *(f"docs/{n}.md" for n in ("method", "example", "stopping", "forecast", "metrics", "transfer")),
        *(f"docs/{n}.md" for n in ("optimizers", "benchmark", "sensitivity")),
        *(f"docs/{n}.md" for n in ("tasks", "verl", "bring-your-own-trainer", "trackers")),
    ],
)
def test_links_lead_somewhere(repository: Path, page: str) -> None:
    path = repository / page
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{page} links to {target}"


@pytest.mark.slow
@pytest.mark.parametrize("page", ["python", "forecast"])
def test_the_python_on_the_pages_runs(
    repository: Path, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (repository / "docs" / f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    ran = [block for block in blocks if "study.run()" not in block]  # a study takes minutes
    assert len(ran) >= 1 and len(blocks) - len(ran) <= 1
    for block in ran:
        exec(compile(block, f"docs/{page}.md", "exec"), {})
