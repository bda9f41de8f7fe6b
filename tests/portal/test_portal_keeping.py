# SPDX-License-Identifier: Apache-2.0
"""Notes and notices where something can't be kept or erased: it is said, and nothing that was kept before is lost."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.portal.folder_steps import PASSPHRASE, begin_log, fill, new_notice, unlock, write_entry
from tests.portal.notice_data import WHOLE, shown
from tests.portal.portal_server import PortalServer

NO_ERASING = "IDBFactory.prototype.deleteDatabase = () => { throw new DOMException('', 'UnknownError'); }"
FULL = "() => { IDBObjectStore.prototype.put = () => { throw new DOMException('', 'QuotaExceededError'); }; }"
PICTURES_DO_NOT_FIT = """() => {
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (...given) {
    if (this.name === 'pictures') throw new DOMException('', 'QuotaExceededError');
    return put.apply(this, given);
  };
}"""
PRESS_THEY_REFUSED_ON_EACH = """document.querySelectorAll('.card').forEach((card) => {
  [...card.querySelectorAll('button')].find((one) => one.textContent === 'They refused').click();
})"""


def lock(page: Page) -> None:
    page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    page.get_by_label("The same passphrase again").fill(PASSPHRASE)
    page.get_by_role("button", name="Lock and begin").click()


def assert_not_kept(page: Page, what: str, trouble: str) -> None:
    """Write an entry that can't be kept: the trouble is said, and what was typed is still there."""
    page.get_by_role("button", name="Write something down").click()
    fill(page, {"what": what})
    page.get_by_role("button", name="Keep this").click()
    expect(page.locator(f"[data-trouble={trouble}]")).to_be_visible()
    expect(page.locator("[data-field=what]")).to_have_value(what)


def test_two_windows_can_not_overwrite_each_other(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal)
    other = page.context.new_page()
    unlock(other, portal)
    expect(other.get_by_role("heading", name="Your notes")).to_be_visible()
    write_entry(other, {"what": "from the other window"})
    assert_not_kept(page, "from this window", "elsewhere")
    unlock(page, portal)
    expect(page.locator("[data-entry='1']")).to_contain_text("from the other window")


def test_a_full_browser_loses_nothing(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal)
    write_entry(page, {"what": "first"})
    page.evaluate(FULL)
    assert_not_kept(page, "second", "full")
    unlock(page, portal)
    expect(page.locator("[data-entry]")).to_have_count(1)


def test_without_storage_the_window_is_offered(portal: PortalServer, page: Page) -> None:
    page.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('', 'SecurityError'); }")
    page.goto(f"{portal.address}/evidence/")
    page.get_by_role("button", name="No, everyone is and was an adult").click()
    page.get_by_role("button", name="On this device, locked").click()
    lock(page)
    expect(page.locator("[data-trouble=refused]")).to_contain_text("in this window only")


def test_two_quick_presses_are_both_kept(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal, path="/remove/")
    for site in ("First Forum", "Second Forum"):
        new_notice(page, "plain", platform=site)
        fill(page, shown(page, WHOLE))
        page.get_by_role("button", name="Check the notice").click()
        page.get_by_role("button", name="I have sent it").click()
    expect(page.get_by_role("button", name="They refused")).to_have_count(2)
    page.evaluate(PRESS_THEY_REFUSED_ON_EACH)
    expect(page.locator("[data-clock=over]")).to_have_count(2)
    unlock(page, portal, path="/remove/")
    expect(page.locator("[data-clock=over]")).to_have_count(2)


def test_a_notice_is_not_called_sent_before_that_is_kept(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal, path="/remove/")
    new_notice(page, "plain")
    fill(page, shown(page, WHOLE))
    page.get_by_role("button", name="Check the notice").click()
    expect(page.get_by_role("heading", name="Your notice is complete")).to_be_visible()
    page.evaluate(FULL)
    page.get_by_role("button", name="I have sent it").click()
    expect(page.locator("[data-trouble=full]")).to_be_visible()
    expect(page.get_by_role("heading", name="Your notice is complete")).to_be_visible()
    unlock(page, portal, path="/remove/")
    expect(page.get_by_text("Not sent yet")).to_be_visible()


def test_an_export_whose_pictures_do_not_fit_leaves_nothing_half(
    portal: PortalServer, page: Page, picture_file: Path, tmp_path: Path
) -> None:
    begin_log(page, portal, passphrase=None)
    write_entry(page, {"what": "with a picture"}, picture_file, keep=True)
    page.get_by_role("button", name="Export, print, police summary").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Everything with pictures").click()
    waiting.value.save_as(tmp_path / "notes.zip")
    page.goto(f"{portal.address}/evidence/")
    page.evaluate(PICTURES_DO_NOT_FIT)
    page.get_by_role("button", name="I have an export").click()
    page.locator("input[type=file]").set_input_files(tmp_path / "notes.zip")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="On this device, locked").click()
    lock(page)
    expect(page.locator("[data-trouble=full]")).to_be_visible()
    page.goto(f"{portal.address}/evidence/")
    expect(page.get_by_role("heading", name="Is anyone in the pictures under 18")).to_be_visible()


def test_notes_that_another_window_began_meanwhile_are_left_alone(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/evidence/")
    page.get_by_role("button", name="No, everyone is and was an adult").click()
    page.get_by_role("button", name="On this device, locked").click()
    begin_log(page.context.new_page(), portal)
    lock(page)
    expect(page.get_by_text("Notes 2", exact=True)).to_be_visible()
    page.goto(f"{portal.address}/evidence/")
    expect(page.get_by_role("button", name="Notes 1", exact=True)).to_be_visible()


def test_erasing_leaves_nothing(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal)
    write_entry(page, {"what": "soon gone"})
    page.get_by_role("button", name="Erase everything here").click()
    page.get_by_role("button", name="No, keep them").click()
    page.get_by_role("button", name="Erase everything here").click()
    page.get_by_role("button", name="Yes, erase them").click()
    expect(page.get_by_role("heading", name="Is anyone in the pictures under 18")).to_be_visible()
    expect(page.locator(".slip")).to_have_text("Erased. Nothing is left of your notes here.")
    assert page.evaluate("indexedDB.databases()") == []


def test_what_could_not_be_erased_is_said(portal: PortalServer, page: Page) -> None:
    page.add_init_script(NO_ERASING)
    begin_log(page, portal)
    write_entry(page, {"what": "still here"})
    page.get_by_role("button", name="Erase everything here").click()
    page.get_by_role("button", name="Yes, erase them").click()
    expect(page.locator("[data-trouble=not_erased]")).to_be_visible()
    page.get_by_role("button", name="No, keep them").click()
    expect(page.locator("[data-entry='1']")).to_be_visible()
    expect(page.locator("[data-trouble]")).to_have_count(0)


def test_what_could_not_be_erased_while_it_is_locked_is_said(portal: PortalServer, page: Page) -> None:
    page.add_init_script(NO_ERASING)
    begin_log(page, portal)
    page.goto(f"{portal.address}/evidence/")
    page.get_by_role("button", name="Erase everything here").click()
    page.get_by_role("button", name="Yes, erase them").click()
    expect(page.locator("[data-trouble=not_erased]")).to_be_visible()
    page.get_by_role("button", name="No, keep them").click()
    expect(page.get_by_label("Passphrase", exact=True)).to_be_visible()
    expect(page.locator("[data-trouble]")).to_have_count(0)


def test_a_kept_picture_that_is_gone_is_missing_in_the_export_and_that_is_said(
    portal: PortalServer, page: Page, picture_file: Path
) -> None:
    begin_log(page, portal)
    write_entry(page, {"what": "with a picture"}, picture_file, keep=True)
    page.evaluate(
        """async () => {
          const open = indexedDB.open('stillmine-log');
          const database = await new Promise((done) => { open.onsuccess = () => done(open.result); });
          const work = database.transaction('pictures', 'readwrite');
          work.objectStore('pictures').clear();
          await new Promise((done) => { work.oncomplete = done; });
          database.close();
        }"""
    )
    page.get_by_role("button", name="Export, print, police summary").click()
    with page.expect_download():
        page.get_by_role("button", name="Everything with pictures").click()
    expect(page.get_by_role("alert")).to_contain_text("are not in the file: 1.")


def test_an_export_is_not_called_damaged_when_the_connection_is_gone(portal: PortalServer, page: Page, tmp_path: Path) -> None:
    (tmp_path / "notes.zip").write_bytes(b"any")
    page.goto(f"{portal.address}/evidence/")
    page.get_by_role("button", name="I have an export").click()
    page.route("**/assets/*.js", lambda route: route.abort())
    page.locator("input[type=file]").set_input_files(tmp_path / "notes.zip")
    expect(page.locator("[data-trouble=not_loaded]")).to_be_visible()
    page.unroute("**/assets/*.js")
