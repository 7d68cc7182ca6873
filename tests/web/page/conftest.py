"""A browser, and studies for it to look at: a whole real one, one of plausible numbers with every kind of end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from chromium import CHROMIUM, FLAGS
from report.factory import CONFIG, fill_finished
from rltune.store.open import create_study
from rltune.study.looking import STUDY_FILE
from study.toy import toy_study
from web.page.driving import DESKTOP, Watched, served


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium. Ended with the module: its event loop would be in the way of other tests'."""
    if CHROMIUM is None:
        pytest.skip("no chromium (Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright (the extra `dev` has it)")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """A tab of a profile of its own; the test fails if the browser had anything to complain of."""
    width, height = getattr(request, "param", DESKTOP)
    context = browser.new_context(viewport={"width": width, "height": height})
    watched = Watched(context.new_page())
    yield watched
    context.close()
    assert watched.errors == []


@pytest.fixture(scope="session")
def real_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study that has been run to its end, with the trainer that trains nothing."""
    folder = tmp_path_factory.mktemp("real")
    with toy_study(folder) as study:
        study.run()
    return folder / "toy"


@pytest.fixture(scope="session")
def filled_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished study with stops, failures and promotions of all kinds."""
    folder = tmp_path_factory.mktemp("filled")
    store = create_study(folder / "demo", "demo", CONFIG)
    fill_finished(store)
    store.close()
    (folder / "demo" / STUDY_FILE).write_text(yaml.safe_dump(dict(CONFIG)), encoding="utf-8")
    return folder / "demo"


@pytest.fixture(scope="session")
def real(real_study: Path) -> Iterator[str]:
    """The address of the real study's page."""
    with served(real_study) as address:
        yield address


@pytest.fixture(scope="session")
def filled(filled_study: Path) -> Iterator[str]:
    """The address of the filled study's page."""
    with served(filled_study) as address:
        yield address
