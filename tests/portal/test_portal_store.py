# SPDX-License-Identifier: Apache-2.0
"""The database of the notes where another window holds it, where it is damaged, and where two windows change it at the same moment."""

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.portal.folder_steps import ENGLISH, PASSPHRASE, begin_log, unlock, write_entry
from tests.portal.portal_server import PortalServer
from tests.portal.test_portal_folders import OTHER, begin_another, open_number

HELD = """async (version) => {
  const opening = indexedDB.open('stillmine-log', version);
  opening.onupgradeneeded = () => ['log', 'pictures'].forEach((name) => opening.result.createObjectStore(name));
  window.held = await new Promise((done) => { opening.onsuccess = () => done(opening.result); });
}"""
"""As a page of an older version that never lets go."""

DAMAGED = """async (how) => {
  const opening = indexedDB.open('stillmine-log');
  const database = await new Promise((done) => { opening.onsuccess = () => done(opening.result); });
  const store = database.transaction('folders', 'readwrite').objectStore('folders');
  const kept = store.get(1);
  await new Promise((done) => {
    kept.onsuccess = () => {
      const { recipe, ...rest } = kept.result;
      const damaged = {
        nothing: null,
        text: 'damaged',
        'no recipe': rest,
        'no salt': { ...rest, recipe: { ...recipe, salt: undefined } },
        'no memory': { ...rest, recipe: { ...recipe, memory_kib: 0 } },
        'not sealed': { ...rest, recipe, sealed: undefined },
        'no format': { ...rest, recipe, format: undefined },
      }[how];
      store.put(damaged, 1).onsuccess = done;
    };
  });
  database.close();
}"""

ASKS_FIRST = """() => {
  const { deleteDatabase } = IDBFactory.prototype;
  IDBFactory.prototype.deleteDatabase = function (name) {
    confirm('now');
    return deleteDatabase.call(this, name);
  };
}"""
"""Stops this window between its look at the last folder and the erasing of the database."""


def test_an_older_window_that_holds_the_notes_is_said_and_nothing_hangs(portal: PortalServer, page: Page) -> None:
    holder = page.context.new_page()
    holder.goto(f"{portal.address}/privacy/")
    holder.evaluate(HELD, 1)
    page.goto(f"{portal.address}/evidence/")
    expect(page.locator("[data-trouble=blocked]")).to_contain_text("Close your other tabs", timeout=20_000)
    holder.close()
    ENGLISH.press(page, "folder.held.again")
    ENGLISH.sees(page, "folder.age.title")
    begin_log(page, portal)


def test_a_newer_version_of_the_database_is_left_alone_and_said(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/privacy/")
    page.evaluate(HELD, 9)
    page.evaluate("held.close()")
    page.goto(f"{portal.address}/evidence/")
    expect(page.locator("[data-trouble=newer]")).to_be_visible()
    assert page.evaluate("async () => (await indexedDB.databases())[0].version") == 9


def test_what_can_not_be_erased_because_of_another_window_is_said(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal)
    holder = page.context.new_page()
    holder.goto(f"{portal.address}/privacy/")
    holder.evaluate(HELD, 2)
    ENGLISH.press(page, "folder.log.wipe")
    ENGLISH.press(page, "folder.wipe.yes")
    expect(page.locator("[data-trouble=blocked]")).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("how", ["nothing", "text", "no recipe", "no salt", "no memory", "not sealed", "no format"])
def test_damaged_notes_are_said_to_be_and_take_no_others_with_them(portal: PortalServer, page: Page, how: str) -> None:
    begin_log(page, portal)
    begin_another(page, portal, OTHER)
    write_entry(page, {"what": "in the second"})
    page.goto(f"{portal.address}/privacy/")
    page.evaluate(DAMAGED, how)
    open_number(page, portal, 1, PASSPHRASE)
    expect(page.locator("[data-trouble=broken]")).to_contain_text("is damaged, so they can’t be opened")
    ENGLISH.press(page, "folder.log.wipe")
    ENGLISH.press(page, "folder.wipe.yes")
    expect(page.get_by_text(ENGLISH.words["folder.wiped.one"])).to_be_visible()
    unlock(page, portal, OTHER)
    expect(page.locator("[data-entry='1']")).to_contain_text("in the second")


def test_damaged_notes_that_are_the_only_ones_are_said_to_be_and_can_be_erased(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal)
    page.evaluate(DAMAGED, "no recipe")
    unlock(page, portal)
    expect(page.locator("[data-trouble=broken]")).to_be_visible()
    ENGLISH.press(page, "folder.log.wipe")
    ENGLISH.press(page, "folder.wipe.yes")
    ENGLISH.sees(page, "folder.age.title")
    assert page.evaluate("indexedDB.databases()") == []


def test_notes_begun_at_the_moment_the_last_ones_are_erased_elsewhere_stay(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal)
    second = page.context.new_page()
    second.goto(f"{portal.address}/evidence/")
    for key in ("folder.several.new", "folder.age.adults", "folder.where.device"):
        ENGLISH.press(second, key)
    ENGLISH.label(second, "folder.pass.label", OTHER)
    ENGLISH.label(second, "folder.pass.again", OTHER)

    def begin_meanwhile(dialog: Dialog) -> None:
        ENGLISH.press(second, "folder.pass.create")
        second.wait_for_timeout(2_000)  # it either waits for its turn or is through
        dialog.accept()

    page.on("dialog", begin_meanwhile)
    page.evaluate(ASKS_FIRST)
    ENGLISH.press(page, "folder.log.wipe")
    ENGLISH.press(page, "folder.wipe.yes")
    expect(page.locator("button", has_text=ENGLISH.words["folder.wipe.yes"])).to_have_count(0)
    ENGLISH.sees(second, "folder.log.title")
    unlock(second, portal, OTHER)
    ENGLISH.sees(second, "folder.log.title")
