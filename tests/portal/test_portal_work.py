# SPDX-License-Identifier: Apache-2.0
"""An exchange under attack: the device does its sum in a real browser, says so, and sends the same again with the answer."""

from pathlib import Path

from playwright.sync_api import Page, expect

from stillmine.wire.errors import ProofOfWorkNeededError
from tests.portal.portal_server import PortalServer
from tests.portal.portal_steps import PATIENCE_MILLISECONDS, choose, to_case, to_send

SEND = "Send this and open my case"


def test_the_sum_is_done_in_the_browser_and_the_case_opens(page: Page, portal: PortalServer, picture_file: Path) -> None:
    portal.work_zero_bits = 14
    to_send(page, portal, picture_file)
    page.get_by_role("button", name=SEND).click()
    expect(page.get_by_text("your device first does a sum")).to_be_visible()
    expect(page.get_by_role("progressbar", name="How much of the sum is done")).to_be_visible()
    expect(page.get_by_role("button", name="Show my case")).to_be_visible(timeout=PATIENCE_MILLISECONDS)
    first, second = (request for request in portal.api_requests() if request.method == "POST")
    assert first.body == second.body
    assert "proof-of-work" not in first.headers
    assert second.headers["proof-of-work"].startswith("1.")
    assert len(portal.cases) == 1


def test_a_proof_that_is_never_taken_ends_in_words_and_a_way_on(page: Page, portal: PortalServer, picture_file: Path) -> None:
    portal.work_zero_bits = 4
    to_send(page, portal, picture_file)
    portal._require_work = _never  # type: ignore[method-assign]
    page.get_by_role("button", name=SEND).click()
    expect(page.locator("[data-error=proof_of_work_needed]")).to_be_visible(timeout=PATIENCE_MILLISECONDS)
    del portal._require_work
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Show my case")).to_be_visible(timeout=PATIENCE_MILLISECONDS)


def _never(case_id: bytes, proof: str) -> None:
    raise ProofOfWorkNeededError(f"1.{case_id.hex()}", 16, 4)


def test_adding_does_its_sum_too(page: Page, portal: PortalServer, picture_file: Path, root: Path) -> None:
    to_case(page, portal, picture_file)
    portal.work_zero_bits = 6
    page.get_by_role("button", name="Add files").click()
    page.get_by_role("button", name="18 or over").click()
    choose(page, root / "media/clothing/hat.jpg")
    page.get_by_role("button", name="Continue with").click()
    page.get_by_role("button", name="Send this and add it to my case").click()
    expect(page.get_by_text("One file was added.")).to_be_visible(timeout=PATIENCE_MILLISECONDS)
    first, second = (request for request in portal.api_requests() if request.path.endswith("/fingerprints"))
    assert first.body == second.body
    assert "proof-of-work" not in first.headers
    assert "proof-of-work" in second.headers
