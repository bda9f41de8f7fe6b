# SPDX-License-Identifier: Apache-2.0
"""The evidence log: sealed on the device, only ever added to, taken along as PDF and ZIP, read back, erased. The exchange is not asked."""

import hashlib
import io
import json
import subprocess
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Download, Page, expect

from tests.portal.folder_steps import PASSPHRASE, begin_log, fill, unlock, write_entry
from tests.portal.pdf_reading import pictures_in, text_of
from tests.portal.portal_server import PortalServer

ENTRY = {
    "address": "https://example.net/post/7",
    "platform": "Example Social",
    "account": "@example-person",
    "what": "My picture is in a post.\nIt has my name under it.",
    "words": "Pay or I send it to everybody",
    "who_saw": "my sister",
    "reference": "R-77",
}
HEBREW = "דוגמה"
ARABIC = "مثال"


def made(page: Page, button: str) -> bytes:
    """Press an export's button and return the file that comes."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button).click()
    download: Download = waiting.value
    return Path(str(download.path())).read_bytes()


def to_exports(page: Page) -> None:
    page.get_by_role("button", name="Export, print, police summary").click()
    expect(page.get_by_role("heading", name="Take your notes with you")).to_be_visible()


def test_an_entry_is_kept_sealed_and_opens_with_the_passphrase_alone(portal: PortalServer, page: Page, picture_file: Path) -> None:
    begin_log(page, portal)
    write_entry(page, ENTRY, picture_file, keep=True)
    assert page.evaluate("JSON.stringify(Object.entries(localStorage))") == "[]"
    kept = page.evaluate(
        """async () => {
          const open = indexedDB.open('stillmine-log');
          const database = await new Promise((done) => { open.onsuccess = () => done(open.result); });
          const texts = [];
          for (const store of database.objectStoreNames) {
            const all = database.transaction(store).objectStore(store).getAll();
            texts.push(...await new Promise((done) => { all.onsuccess = () => done(all.result); }));
          }
          database.close();
          const decoder = new TextDecoder('latin1');
          return texts.map((row) => JSON.stringify(row, (_, value) => value instanceof Uint8Array ? decoder.decode(value) : value)).join();
        }"""
    )
    assert "argon2id" in kept
    assert not any(word in kept for word in ("example.net", "Pay or I send", "\x89PNG\r\n", PASSPHRASE))
    unlock(page, portal, "four wrong words here")
    expect(page.locator("[data-trouble=passphrase]")).to_be_visible()
    page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.locator("[data-entry='1']")).to_contain_text("Pay or I send it to everybody")
    assert [request.path for request in portal.requests if request.path.startswith("/api")] == []


def test_a_note_is_one_line_and_enter_and_the_log_can_be_read_by_day(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal)
    note = page.get_by_label("A quick note")
    note.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    for place, text in enumerate(("He wrote again", "Mum knows now"), start=1):
        note.fill(text)
        note.press("Enter")
        expect(page.locator(f"[data-entry='{place}']")).to_contain_text(text)
        expect(note).to_have_value("")
    write_entry(page, {"seen_at": "2020-01-02T10:00", "what": "the first message"})
    page.get_by_role("button", name="By day, as it happened").click()
    days = page.locator("[data-day]")
    expect(days).to_have_count(2)
    expect(days.first).to_have_attribute("data-day", "2020-01-02")
    assert [one.get_attribute("data-entry") for one in page.locator("[data-entry]").all()] == ["3", "1", "2"]


def test_the_window_alone_keeps_nothing(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal, passphrase=None)
    write_entry(page, ENTRY)
    expect(page.get_by_text("Kept only in this window.")).to_be_visible()
    assert page.evaluate("indexedDB.databases()") == []
    page.goto(f"{portal.address}/evidence/")
    expect(page.get_by_role("heading", name="Is anyone in the pictures under 18")).to_be_visible()


def test_with_someone_under_18_no_file_can_be_added(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal, adults=False)
    page.get_by_role("button", name="Write something down").click()
    expect(page.locator("[data-files=no]")).to_contain_text("someone may be under 18")
    assert page.locator("input[type=file]").count() == 0
    fill(page, {"address": "https://example.net/1"})
    page.get_by_role("button", name="Keep this").click()
    expect(page.locator("[data-entry='1']")).to_be_visible()
    assert page.get_by_role("button", name="From now on, texts only").count() == 0


def test_the_pdf_holds_every_field_and_no_picture(portal: PortalServer, page: Page, picture_file: Path, tmp_path: Path) -> None:
    begin_log(page, portal, passphrase=None)
    write_entry(page, {**ENTRY, "who_saw": f"{HEBREW} and {ARABIC}, 中"}, picture_file, keep=True)
    to_exports(page)
    digest = hashlib.sha256(picture_file.read_bytes()).hexdigest()
    pdf = made(page, "All entries (PDF")
    text = text_of(pdf, tmp_path)
    for part in (
        "https://example.net/post/7",
        "Example Social",
        "@example-person",
        "It has my name under it.",
        "Pay or I send it",
        "R-77",
        "[U+4E2D]",
    ):
        assert part in text, part
    assert digest in text.replace(" ", "")
    assert HEBREW in text or HEBREW[::-1] in text
    assert pictures_in(pdf, tmp_path) == []
    summary = made(page, "Summary for the police (PDF")
    assert text_of(summary, tmp_path).replace(" ", "").endswith("1/1")
    assert digest in text_of(summary, tmp_path).replace(" ", "")
    assert pictures_in(summary, tmp_path) == []
    assert "anna-at-the-lake" not in text + text_of(summary, tmp_path)


def test_the_zip_can_be_checked_with_usual_tools_and_read_back(
    portal: PortalServer, page: Page, picture_file: Path, tmp_path: Path
) -> None:
    begin_log(page, portal, passphrase=None)
    write_entry(page, ENTRY, picture_file, keep=True)
    write_entry(page, {"what": "second"})
    to_exports(page)
    data = made(page, "Everything with pictures")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").rglob("*") if path.is_file()) == [
        "1-1.png",
        "HOW-TO-CHECK.txt",
        "SHA256SUMS",
        "log.json",
        "log.txt",
    ]
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path / "out", check=True, capture_output=True)
    entries = json.loads((tmp_path / "out/log.json").read_text(encoding="utf-8"))["entries"]
    previous = "0" * 64
    for entry in entries:
        hash_ = entry.pop("hash")
        assert entry["previous"] == previous
        body = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert hashlib.sha256(body.encode()).hexdigest() == hash_
        previous = hash_
    exported = tmp_path / "notes.zip"
    exported.write_bytes(data)
    read_in(page, portal, exported)
    expect(page.locator("[data-imported='2']")).to_contain_text("Nothing has been changed")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Only in this window").click()
    expect(page.locator("[data-entry='2']")).to_contain_text("second")


def read_in(page: Page, portal: PortalServer, path: Path) -> None:
    page.goto(f"{portal.address}/evidence/")
    page.get_by_role("button", name="I have an export").click()
    page.locator("input[type=file]").set_input_files(path)


@pytest.mark.parametrize("problem", ["cut off on the way", "newer", "changed", "no export"])
def test_a_bad_export_says_what_is_wrong_and_changes_nothing(portal: PortalServer, page: Page, tmp_path: Path, problem: str) -> None:
    begin_log(page, portal, passphrase=None)
    write_entry(page, ENTRY)
    to_exports(page)
    data = made(page, "Everything with pictures")
    path = tmp_path / "bad.zip"
    if problem == "cut off on the way":
        path.write_bytes(data[: len(data) // 2])
    elif problem == "no export":
        path.write_bytes(b"hello")
    else:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            log = archive.read("log.json").decode()
        path = tmp_path / "log.json"
        path.write_text(
            log.replace('"format": 1', '"format": 9') if problem == "newer" else log.replace("my sister", "nobody"), encoding="utf-8"
        )
    read_in(page, portal, path)
    if problem == "changed":
        expect(page.locator("[data-imported]")).to_contain_text("From entry 1 on, something was changed")
    else:
        expect(page.locator(f"[data-trouble={'newer' if problem == 'newer' else 'damaged'}]")).to_be_visible()
    assert page.evaluate("indexedDB.databases()") == []


def test_an_interrupted_export_is_told_and_made_again(portal: PortalServer, page: Page, tmp_path: Path) -> None:
    begin_log(page, portal)
    write_entry(page, ENTRY)
    to_exports(page)
    page.route("**/assets/*.ttf", lambda route: route.abort())
    page.get_by_role("button", name="All entries (PDF").click()
    expect(page.get_by_role("alert")).to_contain_text("The file could not be made. Your notes are not affected.")
    page.unroute("**/assets/*.ttf")
    assert ENTRY["address"] in text_of(made(page, "All entries (PDF"), tmp_path)
    expect(page.get_by_role("alert")).to_have_count(0)
    unlock(page, portal)
    expect(page.locator("[data-entry='1']")).to_contain_text(ENTRY["words"])


def test_a_folder_of_a_newer_version_is_left_alone(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal)
    page.evaluate(
        """async () => {
          const open = indexedDB.open('stillmine-log');
          const database = await new Promise((done) => { open.onsuccess = () => done(open.result); });
          const store = database.transaction('folders', 'readwrite').objectStore('folders');
          const get = store.get(1);
          await new Promise((done) => { get.onsuccess = () => { store.put({ ...get.result, format: 2 }, 1).onsuccess = done; }; });
          database.close();
        }"""
    )
    unlock(page, portal)
    expect(page.locator("[data-trouble=newer]")).to_contain_text("Nothing was changed. Load the page again")


def test_long_and_pasted_texts_are_taken_as_text(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal, passphrase=None)
    page.get_by_role("button", name="Write something down").click()
    fill(page, {"what": "x" * 10_001, "words": "<img src=x onerror=alert(1)><b>bold</b>", "account": HEBREW})
    page.get_by_role("button", name="Keep this").click()
    expect(page.get_by_text("has 10001 characters; the most is 10000")).to_be_visible()
    fill(page, {"what": "y" * 10_000})
    page.get_by_role("button", name="Keep this").click()
    card = page.locator("[data-entry='1']")
    expect(card).to_contain_text("<img src=x onerror=alert(1)><b>bold</b>")
    assert card.locator("img, b").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_clock_that_went_back_is_told(portal: PortalServer, page: Page) -> None:
    page.clock.install(time="2026-11-25T12:00:00Z")
    begin_log(page, portal, passphrase=None)
    write_entry(page, {"what": "first"})
    page.clock.set_fixed_time("2026-11-24T12:00:00Z")
    write_entry(page, {"what": "second"})
    page.get_by_role("button", name="Write something down").click()
    page.get_by_role("button", name="Back").click()
    expect(page.locator("[data-entry='2']")).to_have_count(1)
    page.clock.set_fixed_time("2026-11-23T12:00:00Z")
    page.get_by_role("button", name="Notices to sites").click()
    page.get_by_role("button", name="My notes").click()
    expect(page.get_by_text("clock is behind your last entry")).to_be_visible()
