# SPDX-License-Identifier: Apache-2.0
"""The console in a real browser: accessible on every page, narrow and wide, light and dark; by keyboard alone; without scripts."""

import os
import threading
from base64 import b32decode
from collections.abc import Iterator
from dataclasses import replace
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.test import override_settings
from playwright.sync_api import Browser, BrowserContext, Page, expect

from stillmine.exchange.settings.alerts import AlertSettings
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.web.app import wsgi_application
from tests.accessible import Scheme, is_scrolled_sideways, open_page, violations
from tests.exchange.console_parts import PASSWORD, Desk
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, value

pytestmark = pytest.mark.any_database  # pages as a browser shows them; test_console_pages.py looks at their rows

PAGES = [
    "",
    "partners",
    "partners/add",
    "quarantine",
    "quarantine?show=all",
    "bank",
    "statistics",
    "health",
    "operators",
    "settings",
    "log",
    "nowhere",
]


@pytest.fixture(scope="module", autouse=True)
def database_beside_a_browser() -> Iterator[None]:
    """Playwright runs a loop in this thread, which Django takes for asynchronous code."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name in the base class)
        """Keep the test output quiet."""


class Threaded(ThreadingMixIn, WSGIServer):
    """A browser opens connections ahead and leaves them idle: one thread would wait for them."""

    daemon_threads = True


@pytest.fixture
def address(exchange: Context) -> Iterator[str]:
    """The whole application over real HTTP on this machine, with the test's clock and database."""
    application = wsgi_application(exchange)

    def answer(environ: Any, start: Any) -> Any:
        from django.db import connection

        try:
            return list(application(environ, start))
        finally:
            connection.close()

    with override_settings(ALLOWED_HOSTS=["*"]), make_server("127.0.0.1", 0, answer, Threaded, Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/console/"
        server.shutdown()
        thread.join()


@pytest.fixture
def manager(exchange: Context, clock: Clock) -> Desk:
    desk = Desk.enrolled(exchange, clock, "Mia Manager", "manager")
    clock.forward(seconds=30)
    return desk


def take_in(context: BrowserContext, desk: Desk, address: str) -> None:
    """Give the browser the session of an operator who is signed in."""
    token = desk.web.cookies["stillmine_console"]
    context.add_cookies([{"name": "stillmine_console", "value": token, "url": address, "httpOnly": True, "sameSite": "Strict"}])


def slips(page: Page) -> list[str]:
    """Return what axe finds, and whether the page scrolls sideways."""
    return violations(page) + (["scrolls sideways"] if is_scrolled_sideways(page) else [])


def hold(exchange: Context) -> None:
    """A list in the bank, near which a fingerprint of the case will be."""
    from stillmine.exchange.quarantine.actions import add_bank
    from stillmine.exchange.quarantine.bank_files import BankSource

    add_bank(exchange, "Flags", BankSource((bytes.fromhex(value(7)),), 1))


def walk_intake(page: Page, address: str) -> Iterator[str]:
    """What follows from quarantine and bank, for those who have something there."""
    page.goto(address + "quarantine")
    page.get_by_role("link", name="Suspension").click()
    expect(page.get_by_role("heading", name="Suspension", level=1)).to_be_visible()
    yield "suspension"
    page.get_by_role("button", name="Keep suspended").click()
    expect(page.get_by_text("Nothing is waiting for review")).to_be_visible()
    yield "quarantine, empty"
    page.goto(address + "bank")
    page.get_by_role("link", name="Remove Flags").click()
    expect(page.get_by_role("heading", name="Remove Flags", level=1)).to_be_visible()
    yield "remove a list"
    page.get_by_role("button", name="Remove the list").click()
    expect(page.get_by_text("It is empty")).to_be_visible()
    yield "bank, empty"


def test_who_takes_care_of_an_alert_says_so_on_the_page_health(exchange: Context, address: str, manager: Desk, browser: Browser) -> None:
    from stillmine.exchange.health.alert_state import Alert, changing_state, read_state

    minutes = exchange.clock().timestamp() - 42 * 60
    told = replace(exchange, alerts=AlertSettings(webhook="https://hook.example/"))
    with changing_state(exchange.home) as state:
        state.alerts = {"quarantine": Alert("quarantine", minutes, True, {"webhook": minutes})}
    try:
        for width in (360, 1280):
            with (
                override_settings(EXCHANGE_CONTEXT=told),
                browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True) as context,
            ):
                take_in(context, manager, address)
                page = context.new_page()
                page.goto(f"{address}health")
                expect(page.get_by_text("Something waits in quarantine, and is not protected meanwhile, for 42 minutes.")).to_be_visible()
                if folder := os.environ.get("STILLMINE_PICTURES"):
                    page.screenshot(path=f"{folder}/health-{width}.png", full_page=True)
                assert slips(page) == []
                if width == 1280:
                    page.get_by_role("button", name="I take care of it").click()
                    expect(page.get_by_text("Somebody takes care of it.")).to_be_visible()
                    expect(page.get_by_role("button", name="I take care of it")).to_have_count(0)
        assert read_state(exchange.home).alerts["quarantine"].acknowledged_at is not None
    finally:
        for name in ("alerts.json", "alerts.lock"):
            (exchange.home / name).unlink(missing_ok=True)


def walk_doors(page: Page, address: str, exchange: Context) -> Iterator[str]:
    """Every page before signing in, with its errors."""
    from stillmine.exchange.console.operators import add_operator
    from stillmine.exchange.rows.console import Role

    code = add_operator(exchange, "Eva", Role.REVIEWER)[1]
    page.goto(address)
    yield "sign in"
    for field, text in (("Name", "Eva"), ("Password", "wrong"), ("Code from your app", "000000")):
        page.get_by_label(field).fill(text)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    yield "sign in, refused"
    page.get_by_role("link", name="Enrol").click()
    expect(page.get_by_role("heading", name="Enrol", level=1)).to_be_visible()
    yield "enrol"
    page.get_by_label("Name").fill("Eva")
    page.get_by_label("Enrolment code").fill(code)
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#secret")).to_be_visible()
    yield "password and app"
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_label("Code that the app shows now").fill("000000")
    page.get_by_role("button", name="Enrol").click()
    expect(page.get_by_role("alert")).to_be_visible()
    yield "password and app, refused"


def walk_pages(page: Page, address: str) -> Iterator[str]:
    """Every page of a manager, with what follows from its buttons."""
    for path in PAGES:
        page.goto(address + path)
        yield path or "overview"
    page.goto(address + "partners/add")
    page.get_by_label("Name").fill("Example Social")
    page.get_by_role("button").last.click()
    expect(page.get_by_role("alert")).to_be_visible()
    yield "add a partner, refused"
    page.get_by_label("Name").fill("A partner with a rather long name, as some of them have")
    page.get_by_role("button").last.click()
    expect(page.locator("#key")).to_be_visible()
    yield "key"
    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_role("heading", name="A partner with", level=1)).to_be_visible()
    yield "partner"
    page.get_by_role("link", name="Change how it is connected").click()
    page.get_by_label("Way").select_option("list")
    page.get_by_label("Queries a day").fill("9999999999")
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("alert")).to_be_visible()
    yield "change a partner, refused"
    page.get_by_label("Queries a day").fill("5000")
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_text("It is given the list")).to_be_visible()
    yield "partner with the list"
    page.get_by_role("link", name="Make a new key").click()
    expect(page.get_by_role("group", name="What it may do")).to_be_visible()
    yield "a new key"
    page.get_by_label("The keys with the same rights").select_option("0")
    page.get_by_role("button", name="Make the key").click()
    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_text("Ended")).to_be_visible()
    yield "partner with an ended key"
    page.get_by_role("link", name="Revoke key").click()
    expect(page.get_by_role("heading", name="Revoke key", level=1)).to_be_visible()
    yield "revoke a key"
    page.get_by_role("button", name="Revoke the key").click()
    expect(page.get_by_text("No key that works")).to_be_visible()
    yield "partner without a key"
    page.get_by_role("link", name="Revoke this partner").click()
    expect(page.get_by_role("heading", name="Revoke A partner", level=1)).to_be_visible()
    yield "revoke a partner"
    page.get_by_role("button", name="Revoke the partner").click()
    expect(page.locator(".state", has_text="Revoked")).to_be_visible()
    yield "revoked partner"
    page.goto(address + "partners")
    yield "partners with a revoked one"


LOOKS = [
    (360, "light"),
    (1280, "dark"),
    pytest.param(360, "dark", marks=pytest.mark.long),
    pytest.param(1280, "light", marks=pytest.mark.long),
]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_axe_finds_nothing_on_any_page(
    browser: Browser,
    address: str,
    exchange: Context,
    manager: Desk,
    phone: Phone,
    partner: PartnerClient,
    clock: Clock,
    width: int,
    scheme: Scheme,
) -> None:
    hold(exchange)
    partner.sync()
    phone.open(1, 2, 7)
    partner.sync()
    phone.withdraw(phone.show().fingerprints[0].id)
    clock.forward(minutes=10)
    page = open_page(browser, width, scheme)
    found = {name: slips(page) for name in walk_doors(page, address, exchange)}
    take_in(page.context, manager, address)
    found |= {name: slips(page) for name in walk_pages(page, address)}
    found |= {name: slips(page) for name in walk_intake(page, address)}
    page.context.close()
    assert len(found) > 20
    assert found == {name: [] for name in found}


def test_no_page_scrolls_sideways_at_320_pixels(browser: Browser, address: str, manager: Desk, partner: PartnerClient) -> None:
    page = open_page(browser, 320)
    take_in(page.context, manager, address)
    wide = []
    for name in walk_pages(page, address):
        page.wait_for_load_state("load")
        wide += [name] if is_scrolled_sideways(page) else []
    page.context.close()
    assert wide == []


def test_enrolling_and_signing_in_by_keyboard_without_scripts(browser: Browser, address: str, exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.console.operators import add_operator
    from stillmine.exchange.rows.console import Role

    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page, slips = context.new_page(), []
    page.on("console", lambda message: slips.append(message.text) if "Content Security Policy" in message.text else None)
    desk = Desk.beside(exchange, clock, "Eva")

    def write(*texts: str) -> None:
        for text in texts:
            page.keyboard.type(text)
            page.keyboard.press("Tab")

    page.goto(address + "enrol")
    expect(page.get_by_label("Name")).to_be_focused()
    write("Eva", add_operator(exchange, "Eva", Role.MANAGER)[1])
    page.keyboard.press("Enter")
    secret = page.locator("#secret").inner_text()
    desk.secret = b32decode(secret.replace(" ", ""))
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    write(PASSWORD, PASSWORD, desk.code())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    while page.evaluate("document.activeElement.textContent") != "Sign out":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    clock.forward(seconds=30)
    expect(page.get_by_label("Name")).to_be_focused()
    write("Eva", PASSWORD, desk.code())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.url.endswith("#main")
    context.close()
    assert slips == []
