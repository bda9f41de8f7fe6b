# SPDX-License-Identifier: Apache-2.0
"""What is kept on the device: the pages for when there is no connection, only while wished; all that is kept in one list; clearing all."""

import base64
import hashlib
import json
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.portal.folder_steps import begin_log, unlock, write_entry
from tests.portal.portal_pages import LANGUAGES, address, language_of, one_of_each
from tests.portal.portal_server import PortalServer
from tests.portal.portal_steps import to_send, wait_for

KEEP = "Keep the pages here"


def keep_pages(page: Page, portal: PortalServer) -> None:
    page.goto(f"{portal.address}/device/")
    page.get_by_role("button", name=KEEP).click()
    expect(page.locator("[data-said]")).to_contain_text("They work without a connection.", timeout=60_000)


def kept_addresses(page: Page) -> list[str]:
    """Every address in every cache."""
    return list(
        page.evaluate(
            """async () => {
              const found = [];
              for (const name of await caches.keys()) {
                for (const request of await (await caches.open(name)).keys()) found.push(new URL(request.url).pathname);
              }
              return found;
            }"""
        )
    )


def integrity(path: Path) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()


def registrations(page: Page) -> int:
    return int(page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)"))


def test_nothing_is_registered_before_it_is_switched_on(portal: PortalServer, page: Page) -> None:
    for path in ("/", "/threat/", "/evidence/", "/device/"):
        page.goto(portal.address + path, wait_until="networkidle")
        assert registrations(page) == 0
        assert page.evaluate("caches.keys()") == []
    assert not any(request.path.startswith("/sw.js") for request in portal.requests)


def test_without_a_connection_every_page_opens_and_all_but_the_case_works(
    portal: PortalServer, page: Page, picture_file: Path, tmp_path: Path
) -> None:
    keep_pages(page, portal)
    assert [path for path in kept_addresses(page) if path.startswith("/api")] == []
    page.context.set_offline(True)
    before = len(portal.requests)
    for path in one_of_each():
        page.goto(portal.address + path)
        expect(page.locator("html")).to_have_attribute("lang", language_of(path))
        expect(page.locator("h1").first).to_be_visible()
    begin_log(page, portal)
    write_entry(page, {"what": "written without a connection"})
    unlock(page, portal)
    page.get_by_role("button", name="Export, print, police summary").click()
    with page.expect_download() as made:
        page.get_by_role("button", name="All entries (PDF").click()
    assert Path(str(made.value.path())).read_bytes().startswith(b"%PDF")
    to_send(page, portal, picture_file)
    page.get_by_role("button", name="Send this and open my case").click()
    expect(page.locator("[data-error=unreachable]")).to_be_visible()
    assert portal.asked_after(before) == []


def test_without_a_connection_every_link_between_languages_and_every_wrong_address_leads_to_a_page(
    portal: PortalServer, page: Page
) -> None:
    keep_pages(page, portal)
    page.context.set_offline(True)
    page.goto(f"{portal.address}/device/")
    for language in (*LANGUAGES[1:], LANGUAGES[0]):
        page.locator(f"a[hreflang={language}]").first.click()
        expect(page.locator("html")).to_have_attribute("lang", language)
    for path in ("/nothing-here/", "/threat/nothing", "/nothing.html"):
        for language in LANGUAGES:
            answer = page.goto(portal.address + address(path, language))
            assert answer is not None
            assert answer.status == 404
            expect(page.locator("html")).to_have_attribute("lang", language)
            expect(page.locator("h1").first).to_be_visible()
    page.goto(f"{portal.address}/help/nz")  # without its last stroke
    expect(page).to_have_url(f"{portal.address}/help/nz/")


def test_a_new_version_replaces_the_old_one_whole(root: Path, page: Page, tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    shutil.copytree(root / "portal/dist", dist)
    with PortalServer(dist) as portal:
        keep_pages(page, portal)
        first = page.evaluate("caches.keys()")
        worker = (dist / "sw.js").read_text(encoding="utf-8")
        start = dist / "index.html"
        before = integrity(start)
        start.write_text(start.read_text(encoding="utf-8").replace("What is happening?", "What is new?"), encoding="utf-8")
        changed = worker.replace('const VERSION = "', 'const VERSION = "new').replace(before, integrity(start))
        (dist / "sw.js").write_text(changed, encoding="utf-8")
        page.evaluate("navigator.serviceWorker.getRegistration('/').then((one) => one.update())")
        page.goto(portal.address)
        expect(page.locator("h1")).to_have_text("What is new?")  # a page comes from the network while there is one
        wait_for(page, "navigator.serviceWorker.getRegistration('/').then((one) => one.waiting !== null)")
        page.context.set_offline(True)
        page.goto(portal.address)
        expect(page.locator("h1")).to_have_text("What is happening?")
        page.context.set_offline(False)
        context = page.context
        elsewhere = context.new_page()
        page.close()
        elsewhere.wait_for_timeout(3_000)  # the browser changes workers a moment after the last page of the old version is gone
        later = context.new_page()
        later.goto(portal.address)
        wait_for(later, f"caches.keys().then((names) => names.length === 1 && names[0] !== '{first[0]}')")
        context.set_offline(True)
        later.goto(portal.address)
        expect(later.locator("h1")).to_have_text("What is new?")


def test_a_server_that_fails_does_not_take_the_pages_away(root: Path, page: Page, tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    shutil.copytree(root / "portal/dist", dist)
    with PortalServer(dist) as portal:
        keep_pages(page, portal)
        address = portal.address
    page.goto(f"{address}/threat/")
    expect(page.locator("h1")).to_have_text("Someone threatens to share it")


def test_switching_off_leaves_nothing(portal: PortalServer, page: Page) -> None:
    keep_pages(page, portal)
    assert registrations(page) == 1
    page.get_by_role("button", name="Erase: These pages").click()
    expect(page.locator("[data-kept=pages]")).to_have_attribute("data-is-there", "no")
    assert registrations(page) == 0
    assert page.evaluate("caches.keys()") == []


@pytest.mark.parametrize("how", ["gone", "of another version"])
def test_one_that_does_not_come_leaves_nothing_half(root: Path, page: Page, tmp_path: Path, how: str) -> None:
    dist = tmp_path / "dist"
    shutil.copytree(root / "portal/dist", dist)
    if how == "gone":
        next((dist / "assets").glob("*.ttf")).unlink()
    else:
        (dist / "threat/index.html").write_bytes((dist / "threat/index.html").read_bytes() + b" ")
    with PortalServer(dist) as portal:
        page.goto(f"{portal.address}/device/")
        page.get_by_role("button", name=KEEP).click()
        expect(page.get_by_text("That did not work. The connection may be gone")).to_be_visible(timeout=30_000)
        assert registrations(page) == 0
        assert page.evaluate("caches.keys()") == []


def test_the_page_lists_what_is_there_and_clearing_leaves_nothing(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal)
    page.goto(portal.address)
    page.locator(".place-choice > summary").click()
    page.locator(".place-choice [data-choose='nz']").click()
    page.get_by_label("Remember my country on this device").check()
    page.goto(f"{portal.address}/threat/")
    page.get_by_role("button", name="All steps").click()
    page.get_by_label("Done: Keep everything they sent").check()
    page.get_by_label("Keep my marks on this device").check()
    checkpoint = {"origin": "example", "size": 3, "root": "ab" * 32, "day": "2026-11-25"}
    page.evaluate("(text) => localStorage.setItem('stillmine.ledger', text)", json.dumps(checkpoint))
    page.evaluate("(text) => localStorage.setItem('stillmine.sites', text)", json.dumps({"sites": ["x"], "others": [], "done": []}))
    keep_pages(page, portal)
    for name in ("pages", "country", "marks", "sites", "ledger", "log"):
        expect(page.locator(f"[data-kept={name}]")).to_have_attribute("data-is-there", "yes")
    page.get_by_role("button", name="Erase: Your country").click()
    expect(page.locator("[data-kept=country]")).to_have_attribute("data-is-there", "no")
    expect(page.locator("[data-kept=marks]")).to_have_attribute("data-is-there", "yes")
    page.get_by_role("button", name="Clear all").click()
    page.get_by_role("button", name="No, keep it").click()
    page.get_by_role("button", name="Clear all").click()
    page.get_by_role("button", name="Yes, clear it all").click()
    expect(page.locator("[data-said]")).to_have_text("Everything is cleared. Nothing from these pages is left here.")
    assert page.evaluate("localStorage.length") == 0
    assert page.evaluate("indexedDB.databases()") == []
    assert page.evaluate("caches.keys()") == []
    assert registrations(page) == 0
    assert page.context.cookies() == []


@pytest.mark.parametrize("path", ["/device/", "/", "/threat/", "/evidence/"])
def test_pages_work_where_nothing_can_be_kept(portal: PortalServer, page: Page, path: str) -> None:
    page.add_init_script(
        """
        Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('', 'SecurityError'); } });
        Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('', 'SecurityError'); } });
        delete Navigator.prototype.serviceWorker;
        """
    )
    page.goto(portal.address + path)
    expect(page.locator("h1").first).to_be_visible()
    if path == "/device/":
        expect(page.get_by_text("This browser can’t keep pages")).to_be_visible()
        expect(page.locator("[data-kept=log]")).to_contain_text("This browser does not let this page check.")
        page.get_by_role("button", name="Clear all").click()
        page.get_by_role("button", name="Yes, clear it all").click()
        expect(page.get_by_role("alert")).to_contain_text("This could not be erased here: Your notes and notices.")
    if path == "/evidence/":
        expect(page.get_by_role("alert")).to_contain_text("they may still be there")


def test_what_can_not_be_erased_is_named(portal: PortalServer, page: Page) -> None:
    page.goto(portal.address)
    page.evaluate("localStorage.setItem('stillmine.marks', 'not what we wrote')")
    page.add_init_script("Storage.prototype.removeItem = () => { throw new DOMException('', 'SecurityError'); }")
    page.goto(f"{portal.address}/device/")
    expect(page.locator("[data-kept=marks]")).to_have_attribute("data-is-there", "yes")
    page.get_by_role("button", name="Clear all").click()
    page.get_by_role("button", name="Yes, clear it all").click()
    expect(page.get_by_role("alert")).to_contain_text("This could not be erased here: Your marks on steps.")
    assert page.locator("[data-said]").inner_text() == ""


@pytest.mark.parametrize("how", ["gone", "of an older version"])
def test_where_the_connection_goes_before_a_file_is_chosen_that_is_said_and_mended(
    portal: PortalServer, page: Page, picture_file: Path, how: str
) -> None:
    """Nothing is kept for no connection: a first visit, or a portal that was updated while the page was open."""
    page.goto(f"{portal.address}/protect/", wait_until="networkidle")
    page.get_by_role("button", name="I am", exact=True).click()
    if how == "gone":
        page.context.set_offline(True)
    else:
        page.context.route("**/assets/**", lambda route: route.fulfill(status=404, body="gone", content_type="text/html"))
    page.get_by_role("button", name="18 or over").click()
    with page.expect_event("requestfailed" if how == "gone" else "response", lambda one: "worker" in one.url):
        page.get_by_role("button", name="18 or over").click()
    page.wait_for_timeout(500)  # the worker that could not be loaded has ended by now
    page.locator("#chooser").set_input_files([picture_file])
    expect(page.locator("[data-outcome=problem]")).to_be_visible(timeout=20_000)
    page.context.set_offline(False)
    page.context.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("[data-outcome=ready]")).to_be_visible(timeout=60_000)
