# SPDX-License-Identifier: Apache-2.0
"""Every page as it is served: readable, neutral, accessible, small, and asking nobody else for anything."""

import gzip
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.accessible import Scheme, is_scrolled_sideways, open_page, violations
from tests.portal.covered import EVERYTHING
from tests.portal.portal_pages import EXIT, GUIDES, LANGUAGES, every_page, language_of, one_of_each, with_places
from tests.portal.portal_server import PortalServer
from tests.portal.portal_steps import choose, enter_key, to_case, to_files, to_key, to_send


@pytest.mark.parametrize(("width", "scheme", "is_first"), [(360, "light", True), (1280, "dark", False)])
def test_axe_finds_nothing_on_one_page_of_each_kind(
    portal: PortalServer, browser: Browser, width: int, scheme: Scheme, is_first: bool
) -> None:
    """Each kind in both looks, but each language in one of them: every page is seen in all of them by the next test."""
    paths = [path for path in one_of_each() if (language_of(path) == LANGUAGES[0]) is is_first]
    assert axe_on(portal, browser, with_places(paths), width, scheme) == {}


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_on_any_page(portal: PortalServer, browser: Browser, width: int, scheme: Scheme) -> None:
    assert axe_on(portal, browser, with_places(every_page()), width, scheme) == {}


def axe_on(portal: PortalServer, browser: Browser, paths: list[str], width: int, scheme: Scheme) -> dict[str, list[str]]:
    """Return what axe finds on each page where it finds something, all folds open and all steps shown."""
    page = open_page(browser, width, scheme)
    found = {}
    for path in paths:
        page.goto(portal.address + path)
        expect(page.locator("h1").first).to_be_visible()
        page.evaluate(EVERYTHING)
        if slips := violations(page):
            found[path] = slips
    page.context.close()
    return found


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_axe_finds_nothing_on_any_step(
    portal: PortalServer, browser: Browser, root: Path, width: int, scheme: Scheme, picture_file: Path, tmp_path: Path
) -> None:
    page = open_page(browser, width, scheme)
    found = []
    empty = tmp_path / "empty.jpg"
    empty.touch()
    to_files(page, portal)
    choose(page, picture_file, empty, root / "media/video/chair.mp4", root / "media/audio/strings.mp3")
    for name in ("Picture 1", "Video 2", "Sound 3"):
        page.get_by_role("button", name=f"Show it: {name}").click()
    expect(page.locator(".look")).to_have_count(3)
    found += violations(page)
    to_key(page, portal, picture_file)
    page.get_by_role("button", name="Show as QR code").click()
    found += violations(page)
    portal.is_down = True
    page.get_by_role("button", name="I have kept my key").click()
    page.get_by_role("button", name="Send this and open my case").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found += violations(page)
    portal.is_down = False
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Your case is open")).to_be_visible()
    found += violations(page)
    page.get_by_role("button", name="Show my case").click()
    found += violations(page)
    page.get_by_role("button", name="Withdraw the whole case").click()
    found += violations(page)
    page.get_by_role("button", name="Yes, withdraw all of it").click()
    expect(page.get_by_role("heading", name="Your case is withdrawn")).to_be_visible()
    found += violations(page)
    page.get_by_role("button", name="Show the receipt of what was erased").click()
    page.get_by_text("The signed text", exact=True).click()
    expect(page.locator("[data-note]")).to_be_visible()
    found += violations(page)
    enter_key(page, portal, "too short")
    expect(page.get_by_role("alert")).to_be_visible()
    found += violations(page)
    page.context.close()
    assert found == []


ARABIC = "Object.assign(document.documentElement, { dir: 'rtl', lang: 'ar' })"
LOOKS = {
    "320 pixels": (320, ""),
    # The built styles know the direction by the language where a browser has no logical properties.
    "from the right": (320, ARABIC),
    "text twice as large": (640, "document.documentElement.style.fontSize = '225%'"),
}


def sideways(page: Page, name: str) -> list[str]:
    """Return the looks in which what is shown is wider than the window; leaves the page as it was."""
    found = []
    before = page.evaluate("[document.documentElement.dir, document.documentElement.lang]")
    for look, (width, change) in LOOKS.items():
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate(f"() => {{ {change} }}")
        found += [f"{name}: {look}"] if is_scrolled_sideways(page) else []
        page.evaluate("([dir, lang]) => { Object.assign(document.documentElement, { dir, lang }).style.fontSize = ''; }", before)
    page.set_viewport_size({"width": 320, "height": 800})
    return found


def test_no_page_and_no_step_scrolls_sideways(portal: PortalServer, browser: Browser, picture_file: Path) -> None:
    page = open_page(browser, 320)
    wide = []
    for path in with_places(one_of_each()):
        page.goto(portal.address + path)
        expect(page.locator("h1").first).to_be_visible()
        page.evaluate(EVERYTHING)
        wide += sideways(page, path)
    for step, walk in (("key", to_key), ("send", to_send), ("case", to_case)):
        walk(page, portal, picture_file)
        wide += sideways(page, step)
    page.context.close()
    assert wide == []


def test_read_from_the_right_the_exit_is_at_the_left(portal: PortalServer, browser: Browser) -> None:
    page = open_page(browser, 1280)
    page.goto(portal.address)
    page.evaluate(ARABIC)
    exit_box, home_box = page.locator("[data-exit]").bounding_box(), page.locator(".home").bounding_box()
    assert exit_box is not None
    assert home_box is not None
    assert exit_box["x"] + exit_box["width"] < 640 < home_box["x"]
    page.context.close()


@pytest.mark.long
def test_no_page_at_all_scrolls_sideways(portal: PortalServer, browser: Browser) -> None:
    page = open_page(browser, 320)
    wide = []
    for path in with_places(every_page()):
        page.goto(portal.address + path)
        expect(page.locator("h1").first).to_be_visible()
        page.evaluate(EVERYTHING)
        wide += sideways(page, path)
    page.context.close()
    assert wide == []


def test_every_plan_and_guide_can_be_read_without_javascript(portal: PortalServer, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(portal.address)
    expect(page.get_by_text("It can’t search private chats or the whole internet.")).to_be_visible()
    page.get_by_text("In danger now? All emergency numbers").click()
    expect(page.get_by_role("link", name="111 New Zealand")).to_have_attribute("href", "tel:111")
    page.get_by_role("link", name="Someone threatens to share it").click()
    expect(page.get_by_text("Don’t pay. You have done nothing wrong.")).to_be_visible()
    expect(page.locator(".plan > li[data-step]:visible")).to_have_count(12)
    choice = page.locator(".place-choice:visible").first
    choice.locator("summary").click()
    choice.get_by_role("link", name="Finland", exact=True).click()
    expect(page.get_by_role("link", name="Call 116 006").first).to_be_visible()
    for guide in GUIDES:
        page.goto(f"{portal.address}/{guide}/")
        assert len(page.locator("main").inner_text()) > 300, guide
    page.get_by_role("link", name=EXIT["en"]).click()
    page.wait_for_url("about:blank")
    page.context.close()


def test_steps_that_need_javascript_say_so_and_whom_to_ring(portal: PortalServer, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    for path in ("/protect/", "/case/", "/evidence/", "/remove/"):
        page.goto(portal.address + path)
        expect(page.get_by_role("heading", name="This step needs JavaScript")).to_be_visible()
        page.get_by_text("New Zealand", exact=True).first.click()
        expect(page.get_by_role("link", name="Call 0508 638 723")).to_be_visible()
    for path in ("/evidence/", "/remove/"):
        page.goto(portal.address + path)
        expect(page.locator("noscript").get_by_role("link", name="sheets to fill in by hand")).to_have_attribute("href", "/evidence/sheet/")
    laws = page.locator("[data-blank-parts] details")
    laws.nth(2).locator("summary").click()
    expect(laws.nth(2).locator("pre").nth(4)).to_contain_text("article 16 of Regulation (EU) 2022/2065")
    expect(laws.nth(2).locator("pre").nth(4)).to_be_visible()
    page.context.close()


def test_titles_and_icon_say_nothing_about_the_subject(root: Path) -> None:
    finnish = "kuva|väkival|suoja|uhri|apua|todist"
    telling = re.compile(f"still ?mine|picture|image|abuse|intimate|protect|case|stop|victim|help|{finnish}", re.IGNORECASE)
    pages = [page.read_text(encoding="utf-8") for page in (root / "portal/dist").rglob("*.html")]
    titles = [re.findall(r"<title>([^<]*)</title>", page) for page in pages]
    assert all(len(title) == 1 and title[0] for title in titles)
    assert [title for title in titles if telling.search(title[0])] == []
    assert all(re.findall(r'<link rel="icon" href="([^"]*)"', page) == ["/icon.svg"] for page in pages)


def assert_whole_bar(page: Page, path: str) -> None:
    """It lies over the whole width at the top, with its four ways in the page's language."""
    expect(page.locator(".bar")).to_have_count(1)
    expect(page.get_by_role("link", name=EXIT[language_of(path)], exact=True)).to_be_visible()
    assert page.locator(".bar a").count() == 4, path
    box = page.locator(".bar").bounding_box()
    assert box is not None
    assert (box["x"], box["y"], box["width"]) == (0, 0, 1280), path


def test_every_page_has_the_bar_and_its_exit_first_stores_nothing_and_asks_nobody_else(
    portal: PortalServer, browser: Browser, picture_file: Path
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 740})
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    for path in one_of_each():
        page.goto(portal.address + path)
        assert_whole_bar(page, path)
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.ariaLabel") == EXIT[language_of(path)], path
    key = to_case(page, portal, picture_file)
    assert context.cookies() == []
    assert context.storage_state(indexed_db=True)["origins"] == []
    assert page.evaluate("caches.keys()") == []
    assert [url for url in asked if not url.startswith((portal.address, f"blob:{portal.address}"))] == []
    assert all("cookie" not in request.headers and "referer" not in request.headers for request in portal.requests)
    assert not any(key[:9] in url or key.replace("-", "") in url for url in asked)
    context.close()


def test_no_page_holds_an_inline_script_or_style(root: Path) -> None:
    pages = sorted((root / "portal/dist").rglob("*.html"))
    assert len(pages) == len(every_page())
    for page in pages:
        html = page.read_text(encoding="utf-8")
        scripts = [tag for tag in re.findall(r"<script[^>]*>", html) if "src=" not in tag and 'type="application/json"' not in tag]
        assert scripts == [], page
        assert re.findall(r"<style|\sstyle=|\son[a-z]+=", html) == [], page
        assert html.count('http-equiv="content-security-policy"') == 1, page


WIDE = re.compile(r'<(?:aside|div class="(?:[^"]* )?(?:talk-page|help-all|sites-page))\b')


def test_no_page_leaves_a_wide_window_half_empty(root: Path) -> None:
    """Numbers stand beside what is read; the lists of people and of sites use the whole width themselves."""
    pages = sorted((root / "portal/dist").rglob("*.html"))
    assert [str(page) for page in pages if not WIDE.search(page.read_text(encoding="utf-8"))] == []


NAMES = (
    rb"www\.w3\.org/",
    rb"ns\.adobe\.com/",
    rb"purl\.org/",
    rb"www\.aiim\.org/pdfa/",
    rb"mozilla\.org/MPL/",
    rb"dejavu\.sourceforge\.net",
    rb"github\.com/Hopding/pdf-lib",
    rb"[a-z.]+/package/hash-wasm",
    rb"emscripten\.org/docs/",
)
NAMED_ELSEWHERE = rb"https?://(?!" + b"|".join(NAMES) + rb")"
"""Names of formats, and what libraries and fonts say of themselves, are no addresses that a page goes to."""


def test_nothing_built_names_this_machine_or_an_address_elsewhere(root: Path) -> None:
    for script in (root / "portal/dist/assets").iterdir():
        data = script.read_bytes()
        assert str(root).encode() not in data, script
        assert not re.search(NAMED_ELSEWHERE, data), script


def script_bytes(portal: PortalServer) -> int:
    """Return the compressed size of all scripts, workers and kernels that were asked for."""
    names = {request.path for request in portal.requests if request.path.endswith((".js", ".wasm"))}
    return sum(len(gzip.compress((portal.dist / name.lstrip("/")).read_bytes(), mtime=0)) for name in names)


@pytest.mark.parametrize("path", [f"/{guide}/" for guide in GUIDES if guide != "under-18"])
def test_a_guide_loads_only_the_exit_and_the_place(portal: PortalServer, page: Page, path: str) -> None:
    page.goto(portal.address + path, wait_until="networkidle")
    assert script_bytes(portal) < 3_000
    scripts = [request.path for request in portal.requests if request.path.endswith(".js")]
    assert (portal.dist / scripts[0].lstrip("/")).stat().st_size < 3_000, "the exit comes first and is small"


def test_the_start_page_loads_less_than_15_kilobytes_of_script(portal: PortalServer, page: Page) -> None:
    page.goto(portal.address, wait_until="networkidle")
    assert 300 < script_bytes(portal) < 15_000


def test_protect_loads_less_than_60_kilobytes_of_script_before_the_step_of_choosing(portal: PortalServer, page: Page) -> None:
    """There every part of the engine comes: test_portal_sizes.py."""
    page.goto(f"{portal.address}/protect/", wait_until="networkidle")
    assert 5_000 < script_bytes(portal) < 60_000
