"""The real page in a real browser: the app in a process of its own, Chromium driven by Playwright."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import NoBrowser, ensure, skipped
from playwright.sync_api import Browser, Page, sync_playwright
from serving import Served, free_port, serving
from tiny_texts import write_tiny_corpus

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WINDOW = {"width": 1280, "height": 900}
PATIENCE = 20_000
"""Milliseconds that an expectation waits: models load on first use."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a browser test."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


def _browser_path() -> Path:
    if skipped():
        pytest.skip("SKIP_BROWSER is set")
    try:
        return ensure()
    except NoBrowser as error:
        remedy = str(error)
    pytest.fail(remedy, pytrace=False)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; where none can be had they fail with the remedy."""
    path = _browser_path()
    with sync_playwright() as playwright:
        # root and many containers cannot have Chromium's sandbox, and the only page it opens is ours
        opened = playwright.chromium.launch(executable_path=path, headless=True, chromium_sandbox=False, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def app_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of the app that the browser tests drive."""
    return tmp_path_factory.mktemp("app") / "home"


@pytest.fixture(scope="session")
def app(app_home: Path) -> Iterator[Served]:
    """The app, started as a person starts it, with an empty workspace."""
    if skipped():
        pytest.skip("SKIP_BROWSER is set")
    port = free_port()
    with serving(
        [sys.executable, "app.py", "--port", str(port)],
        port,
        cwd=ROOT,
        environment={"BAKEHOUSE_HOME": str(app_home), "PYTHONUNBUFFERED": "1", "SYSTEM": None, "SPACE_ID": None},
        log=app_home.with_name("app.log"),
    ) as served:
        yield served


@pytest.fixture(scope="session")
def app_server(app: Served) -> str:
    """The app's address."""
    return app.url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty tab in a context of its own, as a new visitor has it."""
    context = browser.new_context(viewport=WINDOW, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


@pytest.fixture
def loaf(app_home: Path, tiny_bert: Path) -> str:
    """A corpus and a base model in the app's workspace, small enough for a run of seconds."""
    shutil.copytree(tiny_bert, app_home / "models" / "tiny", dirs_exist_ok=True)
    write_tiny_corpus(app_home / "corpora" / "loaf")
    return "loaf"
