# SPDX-License-Identifier: Apache-2.0
"""Several folders of notes, each with a passphrase of its own; one that version 1 kept is the first of them, and nothing of it is lost."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.portal.folder_steps import ENGLISH, PASSPHRASE, begin_log, unlock, write_entry
from tests.portal.portal_server import PortalServer

OTHER = "another four words here"
TO_VERSION_1 = """async () => {
  const done = (request) => new Promise((good, bad) => { request.onsuccess = () => good(request.result); request.onerror = bad; });
  const now = await done(indexedDB.open('stillmine-log'));
  const all = async (name) => {
    const store = now.transaction(name).objectStore(name);
    return [await done(store.getAllKeys()), await done(store.getAll())];
  };
  const [, [log]] = await all('folders');
  const [names, pictures] = await all('pictures');
  now.close();
  await done(indexedDB.deleteDatabase('stillmine-log'));
  const opening = indexedDB.open('stillmine-log', 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore('log').put(log, 'log');
    const store = opening.result.createObjectStore('pictures');
    names.forEach((name, place) => store.put(pictures[place], name));
  };
  (await done(opening)).close();
  return names.length;
}"""


def begin_another(page: Page, portal: PortalServer, passphrase: str) -> None:
    """From the page, with notes on it already, to new ones."""
    page.goto(f"{portal.address}/evidence/")
    ENGLISH.press(page, "folder.several.new")
    ENGLISH.press(page, "folder.age.adults")
    ENGLISH.press(page, "folder.where.device")
    ENGLISH.label(page, "folder.pass.label", passphrase)
    ENGLISH.label(page, "folder.pass.again", passphrase)
    ENGLISH.press(page, "folder.pass.create")
    ENGLISH.sees(page, "folder.log.title")


def open_number(page: Page, portal: PortalServer, number: int, passphrase: str) -> None:
    page.goto(f"{portal.address}/evidence/")
    page.get_by_role("button", name=f"Notes {number}", exact=True).click()
    ENGLISH.label(page, "folder.pass.label", passphrase)
    ENGLISH.press(page, "folder.pass.open")


def test_what_version_1_kept_is_the_first_folder_with_its_pictures(portal: PortalServer, page: Page, picture_file: Path) -> None:
    begin_log(page, portal)
    write_entry(page, {"what": "of version 1"}, picture_file, keep=True)
    page.goto(f"{portal.address}/privacy/")
    assert page.evaluate(TO_VERSION_1) == 1
    unlock(page, portal)
    expect(page.locator("[data-entry='1']")).to_contain_text("of version 1")
    write_entry(page, {"what": "of version 2"})
    page.get_by_role("button", name="Export, print, police summary").click()
    with page.expect_download():
        page.get_by_role("button", name="Everything with pictures").click()
    expect(page.get_by_text("no longer be read")).to_have_count(0)


def test_each_folder_opens_with_its_own_passphrase_and_is_erased_alone(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal)
    write_entry(page, {"what": "in the first"})
    begin_another(page, portal, OTHER)
    write_entry(page, {"what": "in the second"})
    open_number(page, portal, 2, PASSPHRASE)
    expect(page.locator("[data-trouble=passphrase]")).to_be_visible()
    expect(page.get_by_text("Or is it the passphrase of your other notes?")).to_be_visible()
    ENGLISH.label(page, "folder.pass.label", OTHER)
    ENGLISH.press(page, "folder.pass.open")
    expect(page.locator("[data-entry='1']")).to_contain_text("in the second")
    open_number(page, portal, 1, PASSPHRASE)
    expect(page.locator("[data-entry='1']")).to_contain_text("in the first")
    ENGLISH.press(page, "folder.log.wipe")
    ENGLISH.press(page, "folder.wipe.yes")
    ENGLISH.label(page, "folder.pass.label", OTHER)
    ENGLISH.press(page, "folder.pass.open")
    expect(page.locator("[data-entry='1']")).to_contain_text("in the second")
    ENGLISH.press(page, "folder.log.wipe")
    ENGLISH.press(page, "folder.wipe.yes")
    expect(page.get_by_role("heading", name="Is anyone in the pictures under 18")).to_be_visible()
    assert page.evaluate("indexedDB.databases()") == []


def test_all_folders_can_be_erased_at_once(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal)
    begin_another(page, portal, OTHER)
    page.goto(f"{portal.address}/evidence/")
    ENGLISH.press(page, "folder.several.wipe")
    ENGLISH.press(page, "folder.wipe.yes")
    expect(page.get_by_role("heading", name="Is anyone in the pictures under 18")).to_be_visible()
    assert page.evaluate("indexedDB.databases()") == []


DATABASES = "async () => (await indexedDB.databases()).map((one) => one.name)"


def erased_and_begun_again(page: Page, portal: PortalServer, passphrase: str | None) -> None:
    """In a second window: everything is erased, and new notes get the number of the old ones."""
    page.goto(f"{portal.address}/evidence/")
    ENGLISH.label(page, "folder.pass.label", PASSPHRASE)
    ENGLISH.press(page, "folder.pass.open")
    ENGLISH.press(page, "folder.log.wipe")
    ENGLISH.press(page, "folder.wipe.yes")
    expect(page.get_by_role("heading", name="Is anyone in the pictures under 18")).to_be_visible()
    if passphrase is not None:
        begin_log(page, portal, passphrase=passphrase)


def test_an_old_window_neither_overwrites_nor_erases_notes_that_got_the_number_of_its_own(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal)
    second = page.context.new_page()
    erased_and_begun_again(second, portal, OTHER)
    ENGLISH.press(page, "folder.log.add")
    ENGLISH.fill(page, {"what": "of the old window"})
    ENGLISH.press(page, "folder.entry.save")
    expect(page.locator("[data-trouble=elsewhere]")).to_be_visible()
    open_only(second, portal, OTHER)
    write_entry(second, {"what": "of the new notes"})
    ENGLISH.press(page, "protect.back")
    ENGLISH.press(page, "folder.log.wipe")
    ENGLISH.press(page, "folder.wipe.yes")
    expect(page.locator("[data-trouble]")).to_have_count(0)
    expect(page.locator("button", has_text=ENGLISH.words["folder.wipe.yes"])).to_have_count(0)
    open_only(second, portal, OTHER)
    expect(second.locator("[data-entry='1']")).to_contain_text("of the new notes")


def test_a_question_from_before_erases_no_notes_that_got_the_number(portal: PortalServer, page: Page) -> None:
    """Asked in one window, while it is locked; answered after another one erased those notes and began new ones."""
    begin_log(page, portal)
    page.goto(f"{portal.address}/evidence/")
    ENGLISH.press(page, "folder.log.wipe")
    second = page.context.new_page()
    erased_and_begun_again(second, portal, OTHER)
    ENGLISH.press(page, "folder.wipe.yes")
    expect(page.locator("button", has_text=ENGLISH.words["folder.wipe.yes"])).to_have_count(0)
    open_only(second, portal, OTHER)


def test_an_old_window_makes_no_database_again_where_everything_was_erased(portal: PortalServer, page: Page, picture_file: Path) -> None:
    begin_log(page, portal)
    write_entry(page, {"what": "with a picture"}, picture_file, keep=True)
    second = page.context.new_page()
    erased_and_begun_again(second, portal, None)
    page.get_by_role("button", name="Export, print, police summary").click()
    with page.expect_download():
        page.get_by_role("button", name="Everything with pictures").click()
    assert page.evaluate(DATABASES) == []
    ENGLISH.press(page, "protect.back")
    ENGLISH.press(page, "folder.log.add")
    ENGLISH.fill(page, {"what": "of the old window"})
    ENGLISH.press(page, "folder.entry.save")
    expect(page.locator("[data-trouble=elsewhere]")).to_be_visible()
    assert page.evaluate(DATABASES) == []


def open_only(page: Page, portal: PortalServer, passphrase: str) -> None:
    page.goto(f"{portal.address}/evidence/")
    ENGLISH.label(page, "folder.pass.label", passphrase)
    ENGLISH.press(page, "folder.pass.open")
    ENGLISH.sees(page, "folder.log.title")
