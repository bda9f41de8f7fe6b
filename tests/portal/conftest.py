# SPDX-License-Identifier: Apache-2.0
"""The built portal, a browser, and pictures made here."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.other_browsers import Window, missing_programs, other_window
from tests.portal.browser_steps import chromium_window
from tests.portal.device_engine import Engine, build_page
from tests.portal.made_pictures import picture
from tests.portal.portal_server import PortalServer


@pytest.fixture(scope="session")
def engine_page(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tests' page around the portal's engine, built once."""
    return build_page(root, tmp_path_factory.mktemp("device") / "page")


@pytest.fixture
def engine(engine_page: Path, page: Page) -> Iterator[Engine]:
    """The engine in an open page, behind the portal's own headers."""
    with PortalServer(engine_page) as server:
        opened = Engine(page, server)
        yield opened


@pytest.fixture
def portal(root: Path) -> Iterator[PortalServer]:
    """The portal and a small exchange, fresh for each test."""
    dist = root / "portal/dist"
    assert (dist / "index.html").is_file(), "the portal is not built: run `make .build/portal`"
    with PortalServer(dist) as server:
        yield server


OWN = ("http://127.0.0.1:", "blob:http://127.0.0.1:", "data:", "about:")
"""What a page may ask for: its own origin, and what it holds itself."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A phone's page; a test fails if a script of the portal throws, the policy is broken or anybody else is asked for anything."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, timezone_id="Europe/Helsinki")
    opened = context.new_page()
    slips: list[str] = []
    opened.on("pageerror", lambda error: slips.append(str(error)))
    opened.on("console", lambda message: slips.append(message.text) if "Content Security Policy" in message.text else None)
    context.on("request", lambda request: slips.append(request.url) if not request.url.startswith(OWN) else None)
    yield opened
    context.close()
    assert slips == []


@pytest.fixture
def picture_file(tmp_path: Path) -> Path:
    """A picture file whose name would tell something."""
    path = tmp_path / "anna-at-the-lake.png"
    picture(1).save(path)
    return path


@pytest.fixture(scope="module", params=["chromium", "firefox", "webkit"])
def window(request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """Each browser's window, open for all tests of a file."""
    name: str = request.param
    if name == "chromium":
        with chromium_window(browser) as opened:
            yield opened
        return
    if missing := missing_programs(name):
        pytest.skip(f"not run: install {missing}")
    with other_window(name, tmp_path_factory.mktemp(name)) as opened:
        yield opened
