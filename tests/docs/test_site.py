"""The documentation site: it builds without a warning, asks nothing of other machines, tells language models all."""

from __future__ import annotations

import functools
import html
import http.server
import importlib.util
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from chromium import CHROMIUM, FLAGS
from docs.pages import ROOT

QUIET = ("--headless", *FLAGS)
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href", "object": "data"}


def module(name: str) -> ModuleType:
    """One of the scripts in docs/, which is no package."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found
    spec.loader.exec_module(found)
    return found


def test_links_of_the_root_lead_to_pages_of_the_site() -> None:
    linked = module("hooks").linked
    assert linked("[a](docs/method.md) [b](CHANGELOG.md) ![c](docs/images/x.png)") == (
        "[a](method.md) [b](changelog.md) ![c](images/x.png)"
    )
    assert linked("[a](docs/scale.md#costs) [b](https://arxiv.org/docs/1)") == (
        "[a](scale.md#costs) [b](https://arxiv.org/docs/1)"
    )


def test_a_page_is_told_by_its_first_sentence() -> None:
    told = module("llms").Told
    text = "# Title\n\n```sh\nx. y\n```\n\nA *study* is [one](a.md)\ntuning job. It ends.\n"
    assert told("a.md", "Guides", "Title", text).sentence == "A study is one tuning job."
    assert told("a.md", "Guides", "Title", "# Title\n\n| a |\n").sentence == ""


class Loaded(HTMLParser):
    """What a page makes the browser load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "link" and values.get("rel") in ("canonical", "prev", "next", "edit"):
            return
        if tag in LOADS and (target := values.get(LOADS[tag])):
            self.found.append(target)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` does."""
    target = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", target],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0 and "WARNING" not in said and "Building documentation" in said, said
    return target


def pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


@pytest.mark.slow
def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    for page in pages(site):
        loaded = Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert loaded.found
        elsewhere = [target for target in loaded.found if re.match(r"(?:https?:)?//", target)]
        assert not elsewhere, f"{page.name} loads {elsewhere}"
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(?:https?:)?//|@import", style.read_text(encoding="utf-8")), style.name


@pytest.mark.slow
def test_equations_are_drawn_without_a_script(site: Path) -> None:
    text = (site / "method.html").read_text(encoding="utf-8")
    assert text.count("<math") > 10 and text.count('display="block"') >= 5
    assert "arithmatex" not in text and "\\mathbb" not in text and "MathJax" not in text


@pytest.mark.slow
def test_the_api_is_there_with_its_docstrings(site: Path) -> None:
    text = html.unescape((site / "api" / "optimizers.html").read_text(encoding="utf-8"))
    assert 'id="rltune.optimizers.base.Session.tell"' in text and "maximize the score of a configuration" in text


@pytest.mark.slow
def test_language_models_get_every_page(site: Path) -> None:
    config = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), yaml.SafeLoader)
    named = re.findall(r"[\w/-]+\.md", yaml.safe_dump(config["nav"]))
    overview, whole = ((site / name).read_text(encoding="utf-8") for name in ("llms.txt", "llms-full.txt"))
    linked = re.findall(r"^- \[[^\]]+\]\(([^)]+)\)", overview, flags=re.MULTILINE)
    assert len(named) > 30 and sorted(linked) == sorted(named)
    assert overview.startswith("# rltune\n\n> ")
    for path in linked:
        text = (site / path).read_text(encoding="utf-8")
        assert text.strip() and text in whole
        assert not re.search(r"^::: ", text, re.MULTILINE), f"{path} isn't written out"
    assert "session.tell(" in whole and "`models.learning_rate_scaling`" in whole


@pytest.fixture
def served(site: Path) -> Iterator[str]:
    handler = functools.partial(Silent, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium (Debian: apt-get install chromium)")
def test_a_browser_asks_nobody_else_and_finds_words(served: str) -> None:
    """Requests are watched while pages are opened and the search, which the browser does itself, is used."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        tab = browser.new_page(viewport={"width": 1300, "height": 900})
        tab.set_default_timeout(90_000)
        asked: list[str] = []
        errors: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("pageerror", lambda error: errors.append(str(error)))
        for name in ("index", "method", "api/optimizers", "study-file"):
            tab.goto(f"{served}/{name}.html")
        tab.locator("input[name=query]").click()
        tab.locator("input[name=query]").type("knowledge gradient")
        tab.locator(".md-search-result__link").first.wait_for()
        assert tab.locator(".md-search-result__link").count() > 0
        wide = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        browser.close()
    assert asked and [url for url in asked if not url.startswith((served, "data:", "blob:"))] == []
    assert errors == [] and wide <= 0
