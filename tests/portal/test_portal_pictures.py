# SPDX-License-Identifier: Apache-2.0
"""Files in a real browser: the same fingerprints as in Python, and plain words for what can't be read."""

import hashlib
import io
import struct
import zlib
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from stillmine.fingerprint.picture.image import fingerprint_image
from tests.portal.made_pictures import picture
from tests.portal.portal_server import PortalServer
from tests.portal.portal_steps import choose, to_files


def made_by_browser(page: Page, portal: PortalServer, *files: Path) -> list[str]:
    """Return the fingerprints that the page would send, in order."""
    page.get_by_role("button", name="Continue with").click()
    page.get_by_role("button", name="I have kept my key").click()
    body = page.locator("[data-exact-body]").text_content() or ""
    assert portal.api_requests() == []
    return [part.split('"')[0] for part in body.split('"value":"')[1:]]


def distance_bits(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def write_kinds(folder: Path) -> list[Path]:
    """One picture per kind of file that both sides read, transparency and a large one included."""
    transparent = picture(11).convert("RGBA")
    transparent.putalpha(picture(12).convert("L"))
    kinds = {
        "plain.png": picture(4),
        "transparent.png": transparent,
        "grey.png": picture(5).convert("L"),
        "palette.gif": picture(6).convert("P", palette=Image.Palette.ADAPTIVE),
        "lossless.webp": picture(7),
        "windows.bmp": picture(8),
        "photo.jpg": picture(9),
        "large.png": picture(10, 5000, 3000),
        "tall.png": picture(13, 90, 4000),
    }
    for name, image in kinds.items():
        image.save(folder / name, lossless=name.endswith("webp"))
    return [folder / name for name in kinds]


def test_the_browser_makes_the_fingerprints_that_python_makes(portal: PortalServer, page: Page, tmp_path: Path) -> None:
    files = write_kinds(tmp_path)
    to_files(page, portal)
    choose(page, *files)
    made = made_by_browser(page, portal)
    expected = [fingerprint_image(file.read_bytes()).text for file in files]
    distances = {file.name: distance_bits(*pair) for file, *pair in zip(files, made, expected, strict=True)}
    lossless = {name: bits for name, bits in distances.items() if name != "photo.jpg"}
    assert {name: bits for name, bits in lossless.items() if bits > 0 and name != "transparent.png"} == {}
    assert distances["transparent.png"] <= 2
    assert distances["photo.jpg"] <= 4


def png_that_claims(width: int, height: int) -> bytes:
    """A tiny PNG whose header claims any size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")


def file_bytes(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


REFUSED = {
    "empty.jpg": (b"", "This file is empty."),
    "notes.txt": (b"hello", "This is not a picture, a video or a sound."),
}
IDENTICAL_ONLY = {
    "notes.jpg": (b"hello", "can’t read this file"),
    "cut.png": (file_bytes(picture(20), "PNG")[:5000], "ends early or is damaged"),
    "cut.jpg": (file_bytes(picture(20), "JPEG")[:5000], "ends early or is damaged"),
    "bomb.png": (png_that_claims(60_000, 60_000), "It has more pixels, or a larger file, than can be read here."),
    "dot.png": (png_that_claims(2, 2), "too little detail"),
    "wall.png": (file_bytes(Image.new("RGB", (400, 300), (90, 120, 140)), "PNG"), "too little detail"),
}


def write(folder: Path, files: dict[str, tuple[bytes, str]]) -> list[Path]:
    for name, (data, _) in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in files]


def test_each_file_that_does_not_work_gets_a_sentence_and_can_be_removed(portal: PortalServer, page: Page, tmp_path: Path) -> None:
    to_files(page, portal)
    choose(page, *write(tmp_path, REFUSED))
    rows = page.locator("[data-outcome=problem]")
    expect(rows).to_have_count(len(REFUSED))
    for place, (_, words) in enumerate(REFUSED.values()):
        expect(rows.nth(place)).to_contain_text(words)
    expect(page.get_by_role("button", name="Continue with")).to_have_count(0)
    for _ in REFUSED:
        page.get_by_role("button", name="Remove: ").first.click()
    expect(page.locator("[data-outcome]")).to_have_count(0)


def test_a_file_that_can_not_be_looked_into_says_that_only_identical_ones_are_recognised(
    portal: PortalServer, page: Page, tmp_path: Path
) -> None:
    files = write(tmp_path, IDENTICAL_ONLY)
    to_files(page, portal)
    choose(page, *files)
    rows = page.locator("[data-outcome=ready]")
    expect(rows).to_have_count(len(IDENTICAL_ONLY))
    for place, (_, words) in enumerate(IDENTICAL_ONLY.values()):
        expect(rows.nth(place)).to_contain_text("only identical files can be recognised")
        expect(rows.nth(place)).to_contain_text(words)
    assert made_by_browser(page, portal) == [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]


def test_one_bad_file_does_not_hold_up_the_others(portal: PortalServer, page: Page, picture_file: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.touch()
    to_files(page, portal)
    choose(page, bad, picture_file)
    expect(page.get_by_text("What is left out is not protected.")).to_be_visible()
    assert len(made_by_browser(page, portal)) == 1


def test_the_same_picture_twice_is_sent_once_and_comes_back_when_the_first_is_removed(
    portal: PortalServer, page: Page, picture_file: Path
) -> None:
    to_files(page, portal)
    choose(page, picture_file, picture_file)
    expect(page.locator("[data-outcome=same]")).to_contain_text("the same fingerprints as Picture 1")
    page.get_by_role("button", name="Remove: Picture 1", exact=True).click()
    expect(page.locator("[data-outcome=ready]")).to_have_count(1)


def test_a_kernel_that_does_not_load_is_said_and_can_be_tried_again(portal: PortalServer, page: Page, picture_file: Path) -> None:
    page.route("**/*.wasm", lambda route: route.abort())
    to_files(page, portal)
    choose(page, picture_file)
    expect(page.locator("[data-outcome=problem]")).to_contain_text("did not load")
    page.unroute_all()
    page.get_by_role("button", name="Try again: ").click()
    expect(page.locator("[data-outcome=ready]")).to_have_count(1)


def test_a_browser_without_workers_says_so_and_offers_nothing_that_can_not_help(
    portal: PortalServer, page: Page, picture_file: Path
) -> None:
    page.add_init_script("delete window.Worker")
    to_files(page, portal)
    choose(page, picture_file)
    problem = page.locator("[data-outcome=problem]")
    expect(problem).to_contain_text("Open this page in another browser")
    expect(problem).not_to_contain_text("connection")
    expect(page.get_by_role("button", name="Try again: ")).to_have_count(0)
    expect(page.get_by_text("What is left out is not protected.")).to_be_visible()
