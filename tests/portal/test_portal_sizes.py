# SPDX-License-Identifier: Apache-2.0
"""What somebody who watches the line can count: neither files nor their kinds, from opening the page to withdrawing."""

from pathlib import Path

import pillow_heif
import pytest
from playwright.sync_api import Browser, Page, expect

from stillmine.wire.padding import PADDING_STEPS
from tests.portal.made_pictures import picture
from tests.portal.portal_server import PortalServer
from tests.portal.portal_steps import choose, to_case, to_files, to_send

ENGINE = (".js", ".wasm")
HEAVY_PARTS = 3
"""The kernel, sound, iPhone pictures; a busy machine may pause between them, so they are waited for."""


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    files = [tmp_path / f"{seed}.png" for seed in range(41, 46)]
    for seed, file in enumerate(files, 41):
        picture(seed).save(file)
    return files


def fetched(portal: PortalServer) -> set[str]:
    return {request.path for request in portal.requests if request.path.endswith(ENGINE)}


def after_choosing(browser: Browser, portal: PortalServer, *files: Path) -> tuple[set[str], set[str]]:
    """Return the parts that came before a file was chosen, and those that came with it, in a browser that keeps nothing."""
    context = browser.new_context()
    try:
        page = context.new_page()
        portal.requests.clear()
        to_files(page, portal)
        while sum(path.endswith(".wasm") for path in fetched(portal)) < HEAVY_PARTS:
            page.wait_for_timeout(50)
        page.wait_for_load_state("networkidle")
        before = fetched(portal)
        portal.requests.clear()
        choose(page, *files)
        page.wait_for_load_state("networkidle")
        return before, fetched(portal)
    finally:
        context.close()


@pytest.fixture
def of_an_iphone(tmp_path: Path) -> Path:
    file = tmp_path / "picture.heic"
    pillow_heif.from_pillow(picture(46)).save(file)
    return file


def test_every_part_comes_before_a_file_is_chosen_and_none_with_it(
    browser: Browser, portal: PortalServer, root: Path, pictures: list[Path], of_an_iphone: Path
) -> None:
    kinds = [pictures[0], of_an_iphone, root / "media/video/chair.mp4", root / "media/audio/strings.mp3"]
    seen = [after_choosing(browser, portal, file) for file in kinds]
    assert len({frozenset(before) for before, _ in seen}) == 1
    assert sum(path.endswith(".wasm") for path in seen[0][0]) == HEAVY_PARTS
    assert [after for _, after in seen] == [set()] * len(kinds)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_case_of_any_number_of_pictures_is_sent_in_one_size(portal: PortalServer, page: Page, pictures: list[Path], count: int) -> None:
    to_case(page, portal, *pictures[:count])
    sent = [request for request in portal.api_requests() if request.method == "POST"]
    assert [len(request.body) for request in sent] == [PADDING_STEPS[0]]


def test_the_page_shows_every_byte_of_it_and_says_what_the_spaces_are_for(portal: PortalServer, page: Page, pictures: list[Path]) -> None:
    to_send(page, portal, pictures[0])
    page.locator("details:has([data-exact-body]) > summary").first.click()
    text = page.locator("[data-exact-body]").text_content() or ""
    assert len(text) == PADDING_STEPS[0]
    spaces = len(text) - len(text.rstrip(" "))
    expect(page.get_by_text(f"{spaces} of these bytes are spaces at the end.")).to_be_visible()
