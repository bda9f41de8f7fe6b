# SPDX-License-Identifier: Apache-2.0
"""Several files of several kinds at once: numbers, waiting, stopping, trying again, and what is left out."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, Route, expect

from tests.portal.made_pictures import picture
from tests.portal.portal_server import PortalServer
from tests.portal.portal_steps import PATIENCE_MILLISECONDS, choose, to_case, to_files, to_send


@pytest.fixture
def three_files(root: Path, picture_file: Path) -> list[Path]:
    """A picture, a video and a sound, each of its own content."""
    return [picture_file, root / "media/video/chair.mp4", root / "media/audio/strings.mp3"]


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    files = [tmp_path / f"{seed}.png" for seed in (31, 32, 33)]
    for seed, file in enumerate(files, 31):
        picture(seed).save(file)
    return files


LEAVE = "dispatchEvent(new Event('pagehide'))"
"""What a browser does when the page is left; here the page stays, so that one can look at it."""


class Held:
    """Holds back the part that works out fingerprints, so that files stay in work for as long as a test wants."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._routes: list[Route] = []
        page.route("**/*.wasm", self._hold)

    def _hold(self, route: Route) -> None:
        self._routes.append(route)

    def release(self) -> None:
        self._page.unroute_all()
        for route in self._routes:
            with contextlib.suppress(Error):  # whoever asked was stopped meanwhile
                route.continue_()


def begin(page: Page, *files: Path) -> None:
    """Choose files without waiting for them."""
    page.locator("#chooser").set_input_files(list(files))
    expect(page.locator("[data-outcome=working]")).to_have_count(1)


def names(page: Page) -> list[str]:
    return page.locator(".file-name").all_inner_texts()


def sent_fingerprints(page: Page) -> list[dict[str, Any]]:
    message = json.loads(page.locator("[data-exact-body]").text_content() or "")
    return list(message["fingerprints"])


def test_files_of_every_kind_get_the_numbers_that_the_case_shows(portal: PortalServer, page: Page, three_files: list[Path]) -> None:
    to_files(page, portal)
    choose(page, *three_files)
    assert names(page) == ["Picture 1", "Video 2", "Sound 3"]
    page.get_by_role("button", name="Continue with 3 files").click()
    page.get_by_role("button", name="I have kept my key").click()
    sent = sent_fingerprints(page)
    assert [one["kind"] for one in sent if "file_number" not in one] == ["pdq"]
    assert sorted({one.get("file_number", 1) for one in sent}) == [1, 2, 3]
    page.get_by_role("button", name="Send this and open my case").click()
    page.get_by_role("button", name="Show my case").click()
    expect(page.locator(".card")).to_have_count(3)
    expect(page.get_by_role("button", name="Withdraw Picture 1")).to_be_visible()
    assert [place.get_attribute("data-file") for place in page.locator(".card").all()] == ["1", "2", "3"]


def test_what_is_left_out_has_no_number_and_the_others_close_up(
    portal: PortalServer, page: Page, pictures: list[Path], tmp_path: Path
) -> None:
    empty = tmp_path / "empty.jpg"
    empty.touch()
    to_files(page, portal)
    choose(page, pictures[0], empty, pictures[1])
    assert names(page) == ["Picture 1", "A picture, left out", "Picture 2"]
    expect(page.get_by_text("What is left out is not protected.")).to_be_visible()
    page.get_by_role("button", name="Continue with 2 files").click()
    page.get_by_role("button", name="I have kept my key").click()
    assert [one.get("file_number", 1) for one in sent_fingerprints(page)] == [1, 2]


def test_files_wait_in_line_and_one_can_be_stopped_and_tried_again(portal: PortalServer, page: Page, pictures: list[Path]) -> None:
    held = Held(page)
    to_files(page, portal)
    begin(page, *pictures)
    expect(page.locator("[data-outcome=waiting]")).to_have_count(2)
    expect(page.locator("[data-outcome=waiting]").first).to_contain_text("Waiting for the file before it.")
    expect(page.get_by_role("progressbar", name="Progress: Picture 1")).to_have_count(1)
    page.get_by_role("button", name="Stop: Picture 1").click()
    expect(page.locator(".file").first).to_have_attribute("data-outcome", "stopped")
    assert names(page) == ["A picture, left out", "Picture 1", "Picture 2"]
    expect(page.get_by_role("button", name="Try again: A picture, left out")).to_be_focused()
    held.release()
    expect(page.locator("[data-outcome=ready]")).to_have_count(2)
    page.keyboard.press("Enter")
    expect(page.locator("[data-outcome=ready]")).to_have_count(3)
    assert names(page) == ["Picture 1", "Picture 2", "Picture 3"]
    expect(page.locator(".file-name").first).to_be_focused()


def test_going_on_waits_for_what_is_in_work(portal: PortalServer, page: Page, pictures: list[Path]) -> None:
    to_files(page, portal)
    choose(page, pictures[0])
    page.evaluate(LEAVE)
    held = Held(page)
    begin(page, pictures[1])
    page.get_by_role("button", name="Continue with 1 file").click()
    expect(page.get_by_text("One moment: fingerprints are still being made.")).to_be_visible()
    expect(page.get_by_role("heading", name="Choose the files")).to_be_visible()
    held.release()
    page.get_by_role("button", name="Continue with 2 files").click()
    expect(page.get_by_role("heading", name="Your case key")).to_be_visible()


def test_a_file_in_work_can_be_removed_and_the_focus_goes_to_the_next(portal: PortalServer, page: Page, pictures: list[Path]) -> None:
    held = Held(page)
    to_files(page, portal)
    begin(page, *pictures[:2])
    page.get_by_role("button", name="Remove: Picture 1").click()
    expect(page.locator("[data-outcome]")).to_have_count(1)
    expect(page.locator(".file-name")).to_be_focused()
    held.release()
    expect(page.locator("[data-outcome=ready]")).to_have_count(1)
    page.get_by_role("button", name="Remove: Picture 1").click()
    expect(page.locator("#chooser")).to_be_focused()


def test_leaving_the_page_stops_all_work(portal: PortalServer, page: Page, pictures: list[Path]) -> None:
    Held(page)
    to_files(page, portal)
    begin(page, *pictures)
    [worker] = page.workers
    with worker.expect_event("close"):
        page.evaluate(LEAVE)
    expect(page.locator("[data-outcome=stopped]")).to_have_count(3)


def test_ears_hear_how_each_file_came_out_and_nothing_in_between(
    portal: PortalServer, page: Page, picture_file: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.jpg"
    empty.touch()
    to_files(page, portal)
    choose(page, picture_file)
    expect(page.locator("[data-announcement]")).to_have_text(
        "Picture 1: Ready. Copies of it can be recognised, usually even if they were saved again, resized or mirrored."
    )
    choose(page, empty)
    expect(page.locator("[data-announcement]")).to_contain_text("A picture, left out: This file is empty.")
    page.get_by_role("button", name="Continue with 1 file").click()
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.locator("[data-outcome]")).to_have_count(2)
    expect(page.locator("[data-announcement]")).to_be_empty()


def test_a_video_and_a_sound_are_shown_only_on_request_and_never_play_by_themselves(
    portal: PortalServer, browser: Browser, three_files: list[Path]
) -> None:
    page = browser.new_context(bypass_csp=True).new_page()
    to_files(page, portal)
    choose(page, *three_files)
    expect(page.locator("img, video, audio")).to_have_count(0)
    page.get_by_role("button", name="Show it: Video 2").click()
    page.get_by_role("button", name="Show it: Sound 3").click()
    for look in ("video", "audio"):
        assert page.locator(look).evaluate("look => [look.controls, look.autoplay, look.paused]") == [True, False, True]
    assert page.locator("video").evaluate("look => [look.muted, look.playsInline, look.preload]") == [True, True, "metadata"]
    page.get_by_role("button", name="Hide it: Video 2").click()
    expect(page.locator("video")).to_have_count(0)
    page.context.close()


def test_every_control_of_a_file_is_large_enough_for_a_shaking_hand(portal: PortalServer, page: Page, pictures: list[Path]) -> None:
    Held(page)
    to_files(page, portal)
    begin(page, *pictures[:2])
    boxes = [button.bounding_box() for button in page.locator(".file button").all()]
    assert len(boxes) == 5
    assert [box for box in boxes if box is None or box["width"] < 44 or box["height"] < 44] == []


def test_the_chooser_takes_several_files_of_every_kind(portal: PortalServer, page: Page) -> None:
    to_files(page, portal)
    chooser = page.locator("#chooser")
    assert chooser.evaluate("chooser => chooser.multiple")
    accepted = (chooser.get_attribute("accept") or "").split(",")
    assert {"image/*", "video/*", "audio/*", ".heic", ".mkv", ".amr"} <= set(accepted)


def test_more_files_than_a_case_holds_are_not_taken(portal: PortalServer, page: Page, tmp_path: Path) -> None:
    files = [tmp_path / f"{place}.mp3" for place in range(101)]
    for place, file in enumerate(files):
        file.write_bytes(b"ID3" + bytes([place]))
    to_files(page, portal)
    choose(page, *files[:2])
    page.locator("#chooser").set_input_files(files)
    expect(page.get_by_role("alert")).to_contain_text("A case holds up to 100 files.")
    expect(page.locator("[data-outcome]")).to_have_count(100)


def test_a_file_that_is_in_the_case_already_is_not_added_twice(
    portal: PortalServer, page: Page, picture_file: Path, pictures: list[Path]
) -> None:
    to_case(page, portal, picture_file)
    page.get_by_role("button", name="Add files").click()
    page.get_by_role("button", name="18 or over").click()
    choose(page, picture_file, pictures[0])
    expect(page.locator("[data-outcome=same]")).to_contain_text("It is already in your case, as Picture 1")
    assert names(page) == ["A picture, left out", "Picture 2"]
    page.get_by_role("button", name="Continue with 1 file").click()
    assert [one["file_number"] for one in sent_fingerprints(page)] == [2]
    page.get_by_role("button", name="Send this and add it to my case").click()
    expect(page.get_by_text("One file was added.")).to_be_visible()
    expect(page.get_by_role("heading", name="Picture 2")).to_be_visible()


def test_a_file_chosen_again_is_told_apart_on_the_device(portal: PortalServer, page: Page, pictures: list[Path]) -> None:
    to_case(page, portal, *pictures[:2])
    sent = [request for request in portal.requests if request.body]
    page.get_by_role("button", name="Which of my files is this?").click()
    expect(page.locator("input[type=file]")).to_have_count(0)
    page.get_by_role("button", name="18 or over").click()
    for chosen, answer in (
        (pictures[1], "This is Picture 2 in your case."),
        (pictures[2], "This is none of the files in your case."),
        (pictures[0], "This is Picture 1 in your case."),
    ):
        page.locator("#chooser").set_input_files(chosen)
        expect(page.locator("[data-which=ready]")).to_have_text(answer, timeout=PATIENCE_MILLISECONDS)
    assert [request for request in portal.requests if request.body] == sent
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.locator(".cards")).to_be_visible()


def test_every_kind_that_a_device_makes_is_explained_before_it_is_sent(portal: PortalServer, page: Page, picture_file: Path) -> None:
    to_send(page, portal, picture_file)
    page.get_by_text("Show exactly what is sent").click()
    for word in ("pdq", "vpdq", "chromaprint", "md5", "sha256", "file_number"):
        expect(page.get_by_text(f"“{word}”", exact=False).first).to_be_visible()


def test_a_deepfake_is_said_for_one_file_and_shown_before_it_is_sent(portal: PortalServer, page: Page, pictures: list[Path]) -> None:
    to_files(page, portal)
    choose(page, *pictures[:2])
    page.get_by_label("Made or changed by a computer (a deepfake): Picture 2").check()
    page.get_by_role("button", name="Continue with").click()
    page.get_by_role("button", name="I have kept my key").click()
    body = json.loads(page.locator("[data-exact-body]").text_content() or "")
    assert [row.get("is_synthetic") for row in body["fingerprints"]] == [None, True]
    page.get_by_role("button", name="Send this and open my case").click()
    page.get_by_role("button", name="Show my case").click()
    expect(page.locator("[data-file='2']")).to_contain_text("You said that a computer made or changed it.")
    expect(page.locator("[data-file='1']")).not_to_contain_text("made or changed")
