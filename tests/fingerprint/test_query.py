# SPDX-License-Identifier: Apache-2.0
"""What is put around a picture is found and undone on the asking side, and said; what has nothing around it is left alone."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps

from stillmine.demo.edits import altered_copies
from stillmine.fingerprint import (
    VARIANTS,
    MediaError,
    QueryVariant,
    distance_bits,
    fingerprint_image,
    query_image,
    query_variants,
)
from stillmine.fingerprint.picture.trims import MINIMUM_PIXELS, find_parts
from tests.fingerprint.picture_files import MEDIA, photographs, save, scene
from tests.more_media import SMALL, larger_media

MATCH = 31
ORIENTATION = 0x0112


def nearest(stored: bytes, variants: tuple[QueryVariant, ...]) -> tuple[int, str, tuple[str, ...]]:
    """Of equals the first, as in a search."""
    found = [(distance_bits(stored, variant.pdq), variant.name, variant.undone) for variant in variants if variant.quality >= 50]
    return min(found, key=lambda variant: variant[0])


def framed(image: Image.Image, left: int, top: int, right: int, bottom: int, colour: str) -> Image.Image:
    return ImageOps.expand(image, (left, top, right, bottom), colour)


AROUND = {
    "a border": ((20, 20, 20, 20), "white", ("trim_border",)),
    "a border of another colour": ((9, 40, 17, 25), "#3a7", ("trim_border",)),
    "letterbox": ((0, 60, 0, 60), "black", ("trim_letterbox",)),
    "pillarbox": ((90, 0, 90, 0), "black", ("trim_letterbox",)),
    "a strip above": ((0, 50, 0, 0), "white", ("trim_border",)),
    "a strip at one side": ((0, 0, 70, 0), "white", ("trim_border",)),
}


@pytest.mark.parametrize("name", AROUND)
@pytest.mark.parametrize("quality", [40, 75, 95])
def test_plain_bars_are_undone(name: str, quality: int) -> None:
    sides, colour, undone = AROUND[name]
    stored = fingerprint_image(save(scene(), "PNG")).pdq
    copy = save(framed(scene(), *sides, colour), "JPEG", quality=quality)
    distance, turn, found = nearest(stored, query_variants(copy))
    assert (turn, found) == ("original", undone)
    assert distance <= 16
    assert distance_bits(stored, fingerprint_image(copy).pdq) > MATCH


def test_a_bar_within_a_bar_is_undone() -> None:
    inner = framed(scene(), 0, 40, 0, 40, "black")
    outer = framed(inner, 60, 30, 60, 30, "white")
    distance, _, undone = nearest(fingerprint_image(save(scene(), "PNG")).pdq, query_variants(save(outer, "PNG")))
    assert distance <= 8
    assert undone == ("trim_border",)


def captioned(image: Image.Image, words: str, *, is_above: bool, ground: str, ink: str) -> Image.Image:
    strip = 60
    wide = framed(image, 0, strip if is_above else 0, 0, 0 if is_above else strip, ground)
    ImageDraw.Draw(wide).text(
        (12, 10 if is_above else image.height + 10), words, fill=ink, font=ImageFont.load_default(size=30), stroke_width=1
    )
    return wide


@pytest.mark.parametrize("is_above", [True, False])
@pytest.mark.parametrize(("ground", "ink"), [("white", "black"), ("black", "white"), ("#ffe040", "#b00")])
def test_captions_are_undone(is_above: bool, ground: str, ink: str) -> None:
    stored = fingerprint_image(save(scene(), "PNG")).pdq
    copy = save(captioned(scene(), "LOOK AT THIS", is_above=is_above, ground=ground, ink=ink), "JPEG", quality=80)
    distance, turn, undone = nearest(stored, query_variants(copy))
    assert distance <= 16
    assert (turn, undone) == ("original", ("trim_caption",))


def test_a_captioned_copy_that_was_mirrored_too() -> None:
    mirrored = captioned(ImageOps.mirror(scene()), "look", is_above=False, ground="white", ink="black")
    distance, turn, undone = nearest(fingerprint_image(save(scene(), "PNG")).pdq, query_variants(save(mirrored, "PNG")))
    assert distance <= 8
    assert (turn, undone) == ("flip_horizontal", ("trim_caption",))


@pytest.mark.parametrize("path", [path for path in photographs(MEDIA) if path.stem != "horse"], ids=lambda path: path.stem)
def test_the_demos_caption_and_screenshot_are_seen_through(path: object) -> None:
    """All but the horse: a drawing on white, with a white strip below, leaves no edge to be found."""
    data = path.read_bytes()  # type: ignore[attr-defined]
    stored = fingerprint_image(data)
    for copy in altered_copies(data)[6:8]:
        distance, _, undone = nearest(stored.pdq, query_variants(copy.data))
        assert distance <= MATCH, copy.name
        assert undone[0] in {"trim_caption", "trim_screen"}


def test_orientation_and_shrinking_change_nothing() -> None:
    """The same captioned picture, large and stored on its side."""
    large = captioned(scene(), "look", is_above=False, ground="white", ink="black").resize((1280, 1200), Image.Resampling.LANCZOS)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    data = save(large.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=90, exif=exif)
    distance, turn, undone = nearest(fingerprint_image(save(scene(), "PNG")).pdq, query_variants(data))
    assert distance <= 12
    assert (turn, undone) == ("original", ("trim_caption",))


def test_the_whole_comes_first_and_its_fingerprint_is_that_of_a_case() -> None:
    for path in photographs(MEDIA)[:4]:
        data = path.read_bytes()
        query = query_image(data)
        assert query.fingerprint == fingerprint_image(data)
        assert [variant.name for variant in query.variants[:8]] == list(VARIANTS)
        assert [variant.pdq for variant in query.variants[:8]] == list(query.fingerprint.variants)
        assert {variant.undone for variant in query.variants[:8]} == {()}


@pytest.mark.parametrize("path", photographs(MEDIA / "clothing"), ids=lambda path: path.stem)
def test_a_photograph_without_anything_around_it_is_left_alone(path: object) -> None:
    assert len(query_variants(path.read_bytes())) == len(VARIANTS)  # type: ignore[attr-defined]


PHOTOGRAPHS = [
    pytest.param(lambda: SMALL, 180, id="small"),
    pytest.param(larger_media, 900, id="larger", marks=[pytest.mark.long, pytest.mark.larger_media]),
]


@pytest.mark.parametrize(("media", "least"), PHOTOGRAPHS)
def test_few_photographs_are_taken_for_framed_ones_and_none_matches_another_for_it(media: Callable[[], Path], least: int) -> None:
    queries = []
    for folder in ("clothing", "grocery", "kodak", "clic"):
        for path in photographs(media() / "photos" / folder):
            try:
                queries.append(query_image(path.read_bytes()))
            except MediaError:
                continue
    assert len(queries) > least
    assert sum(len(query.variants) > 8 for query in queries) < 0.03 * len(queries)
    trimmed = [(number, variant) for number, query in enumerate(queries) for variant in query.variants[8:] if variant.quality >= 50]
    near = [
        (number, other)
        for number, variant in trimmed
        for other, query in enumerate(queries)
        if other != number and query.fingerprint.quality >= 50 and distance_bits(variant.pdq, query.fingerprint.pdq) <= MATCH
    ]
    assert near == []


FLAT = np.full((300, 400), 255, np.uint8)


@pytest.mark.parametrize(
    "luma",
    [
        FLAT,
        FLAT[:70, :70],
        FLAT[:5, :5],
        FLAT[:5],
        FLAT[:, :5],
        np.tile(np.arange(256, dtype=np.uint8), (200, 2)),
        np.tile(np.arange(256, dtype=np.uint8), (200, 2)).T,
        np.tile(np.array([0, 255], np.uint8), (200, 100)),
        np.repeat(np.array([0, 255], np.uint8), 100)[:, None].repeat(200, axis=1),
    ],
    ids=["flat", "small", "smallest", "wide", "tall", "across", "down", "stripes", "halves"],
)
def test_hard_pictures_give_parts_that_are_parts(luma: NDArray[np.uint8]) -> None:
    for part in find_parts(luma):
        assert 0 <= part.left < part.right <= luma.shape[1]
        assert 0 <= part.top < part.bottom <= luma.shape[0]
        assert min(part.right - part.left, part.bottom - part.top) >= MINIMUM_PIXELS
        assert (part.right - part.left, part.bottom - part.top) != luma.shape[::-1]
        assert set(part.undone) <= {"trim_border", "trim_letterbox", "trim_caption", "trim_screen"}


def test_transparent_surroundings_count_as_white() -> None:
    image = framed(scene(), 40, 40, 40, 40, "red").convert("RGBA")
    image.putalpha(ImageOps.expand(Image.new("L", scene().size, 255), 40, 0))
    distance, _, undone = nearest(fingerprint_image(save(scene(), "PNG")).pdq, query_variants(save(image, "PNG")))
    assert distance <= 4
    assert undone == ("trim_border",)


def on_white_only(white: Image.Image, black: Image.Image) -> Image.Image:
    """A transparent picture that shows one picture on a light page, another on a dark one, each with half of its contrast."""
    light, dark = (np.asarray(image.convert("L").resize((480, 400)), dtype=float) for image in (white, black))
    shown_on_white, shown_on_black = 128 + light / 2, dark / 2
    alpha = 255 - (shown_on_white - shown_on_black)
    colour = np.clip(255 * shown_on_black / np.maximum(alpha, 1), 0, 255)
    return Image.fromarray(np.dstack([colour, colour, colour, alpha]).round().astype(np.uint8), "RGBA")


def clothes() -> list[Image.Image]:
    return [Image.open(io.BytesIO(path.read_bytes())) for path in photographs(MEDIA / "clothing")[:2]]


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_what_a_picture_shows_only_on_a_dark_page_is_asked_about(form: str) -> None:
    light, dark = clothes()
    options = {"lossless": True, "exact": True} if form == "WEBP" else {}
    query = query_image(save(on_white_only(light, dark), form, **options))
    stored = [fingerprint_image(save(image.resize((480, 400)), "PNG")).pdq for image in (light, dark)]
    assert nearest(stored[0], query.variants)[1:] == ("original", ())
    assert nearest(stored[1], query.variants)[1:] == ("original", ("dark_ground",))
    assert nearest(stored[1], query.variants)[0] <= 16
    assert query.fingerprint.pdq == query.variants[0].pdq  # what a case stores is on white


def test_a_border_that_is_dark_on_a_dark_page_is_undone_there() -> None:
    _, dark = clothes()
    shown = ImageOps.expand(on_white_only(Image.new("L", (480, 400), 255), dark), 60, (0, 0, 0, 0))
    found = nearest(fingerprint_image(save(dark.resize((480, 400)), "PNG")).pdq, query_variants(save(shown, "PNG")))
    assert found[0] <= MATCH
    assert found[2][0] == "dark_ground"


def test_a_picture_that_hides_nothing_is_asked_about_once() -> None:
    opaque = scene().convert("RGBA")
    assert len(query_variants(save(opaque, "PNG"))) == len(VARIANTS)
    opaque.putpixel((0, 0), (10, 20, 30, 254))  # a ground that nobody sees
    assert len(query_variants(save(opaque, "PNG"))) == len(VARIANTS)


def test_a_picture_of_one_ground_is_not_looked_at_line_by_line() -> None:
    """Counted in calls, not in time: half the frames of some videos are one colour."""
    calls, width, height = 0, 1920, 1080

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        parts = find_parts(np.full((height, width), 90, dtype=np.uint8))
    finally:
        sys.setprofile(before)
    assert parts == ()
    assert calls < width + height
