# SPDX-License-Identifier: Apache-2.0
"""Every picture that a still file shows is asked about, the one that a viewer shows first foremost; what is left out is named."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageOps
from PIL.TiffImagePlugin import TiffImageFile

from stillmine.fingerprint import DEFAULT_LIMITS, TruncatedImageError, distance_bits, fingerprint_image
from stillmine.fingerprint.container.sniff import FileType, sniff_file
from stillmine.fingerprint.file import fingerprint_file
from stillmine.fingerprint.picture.query import query_pictures
from stillmine.fingerprint.picture.stored_pictures import MAX_PICTURES
from tests.fingerprint.picture_files import save, scene
from tests.several_films import apng, heic_of_several, together, with_gain_map

FIRST = scene()
SECOND = ImageOps.invert(scene().transpose(Image.Transpose.ROTATE_180)).resize((300, 200))
THIRD = scene(200, 280)
NEAR_BITS = 6
"""What compression may change."""


def pdq_of(picture: Image.Image) -> bytes:
    return fingerprint_image(save(picture, "PNG")).pdq


SEVERAL = {
    "TIFF": lambda: together("TIFF", [FIRST, SECOND, THIRD], compression="tiff_lzw"),
    "BigTIFF": lambda: together("TIFF", [FIRST, SECOND, THIRD], big_tiff=True),
    "MPO": lambda: together("MPO", [FIRST, SECOND, THIRD], quality=92),
    "HEIC": lambda: heic_of_several([FIRST, SECOND, THIRD], 0),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_every_picture_of_a_file_is_asked_about(name: str) -> None:
    data = SEVERAL[name]()
    asked = query_pictures(data)
    assert [
        distance_bits(query.fingerprint.pdq, pdq_of(one)) <= NEAR_BITS
        for query, one in zip(asked.queries, (FIRST, SECOND, THIRD), strict=True)
    ] == [True] * 3
    assert asked.left_out == ()
    assert asked.queries[0].fingerprint == fingerprint_image(data)


def test_the_main_picture_of_a_heic_comes_first() -> None:
    asked = query_pictures(heic_of_several([FIRST, SECOND, THIRD], 1))
    hashes = [query.fingerprint.pdq for query in asked.queries]
    assert [distance_bits(one, pdq_of(picture)) <= NEAR_BITS for one, picture in zip(hashes, (SECOND, FIRST, THIRD), strict=True)] == [
        True
    ] * 3


def test_a_picture_too_many_is_left_out_and_named() -> None:
    small = [FIRST.resize((64, 64))] * (MAX_PICTURES + 3)
    asked = query_pictures(together("TIFF", small))
    assert (len(asked.queries), asked.left_out) == (MAX_PICTURES, ("further_pictures",))


def test_further_pictures_have_the_pixels_of_one() -> None:
    limits = replace(DEFAULT_LIMITS, max_pixels=FIRST.width * FIRST.height)
    asked = query_pictures(SEVERAL["TIFF"](), limits)
    assert (len(asked.queries), asked.left_out) == (2, ("further_pictures",))
    with pytest.raises(Exception, match="at most"):
        query_pictures(save(FIRST, "TIFF"), replace(limits, max_pixels=1000))


def test_a_damaged_page_is_named_and_the_others_are_whole() -> None:
    data = bytearray(together("TIFF", [FIRST, SECOND, THIRD], compression="tiff_lzw"))
    with Image.open(io.BytesIO(data)) as image:
        assert isinstance(image, TiffImageFile)
        image.seek(1)
        place = image.tag_v2[273][0]
    data[place : place + 4000] = b"\xff" * 4000
    asked = query_pictures(bytes(data))
    assert [query.fingerprint.lacks_pixels for query in asked.queries] == [False, True, False]
    assert asked.left_out == ("truncated_image",)


@pytest.mark.parametrize("mark", [b'hdrgm:Version="1.0"', b"urn:iso:std:iso:ts:21496:-1\0"])
def test_a_gain_map_is_no_picture_that_is_shown(mark: bytes) -> None:
    assert len(query_pictures(with_gain_map(FIRST, b"hdr")).queries) == 2
    assert len(query_pictures(with_gain_map(FIRST, mark)).queries) == 1


def test_the_first_shown_frame_counts_and_the_hidden_default_picture_is_asked_about() -> None:
    data = apng(SECOND, [FIRST.resize(SECOND.size), THIRD.resize(SECOND.size)])
    assert fingerprint_image(data).pdq == pdq_of(FIRST.resize(SECOND.size))
    asked = query_pictures(data)
    assert [query.fingerprint.pdq for query in asked.queries] == [pdq_of(FIRST.resize(SECOND.size)), pdq_of(SECOND)]
    assert sniff_file(data) is FileType.ANIMATED_IMAGE


def test_one_frame_behind_a_hidden_default_picture_is_a_still_picture() -> None:
    data = apng(SECOND, [FIRST.resize(SECOND.size)])
    assert (sniff_file(data), fingerprint_image(data).is_animated) == (FileType.IMAGE, False)
    assert fingerprint_image(data).pdq == pdq_of(FIRST.resize(SECOND.size))


@pytest.mark.parametrize("blend", [0, 1])
def test_nothing_of_the_hidden_picture_shows_around_a_smaller_frame(blend: int) -> None:
    frame = FIRST.resize((200, 150))
    shown = Image.new("RGB", SECOND.size, "white")
    shown.paste(frame, (40, 20))
    assert fingerprint_image(apng(SECOND, [frame], (40, 20), blend)).pdq == pdq_of(shown)


def test_an_avif_sequence_is_an_animation_and_its_still_is_asked_about(tmp_path: Path) -> None:
    frames = [FIRST, SECOND.resize(FIRST.size), THIRD.resize(FIRST.size)]
    data = together("AVIF", frames, duration=1000)
    assert data[8:12] == b"avis"
    assert sniff_file(data) is FileType.ANIMATED_IMAGE
    file = tmp_path / "a.avif"
    file.write_bytes(data)
    made = fingerprint_file(file)
    assert made.image is not None
    assert made.video is not None
    assert distance_bits(made.image.pdq, pdq_of(FIRST)) <= NEAR_BITS
    assert [distance_bits(frame.pdq, pdq_of(one)) <= NEAR_BITS for frame, one in zip(made.video.frames, frames, strict=True)] == [True] * 3
    assert made.left_out == ()
    as_still = data[:8] + b"avif" + data[12:]
    assert sniff_file(as_still) is FileType.ANIMATED_IMAGE
    assert len(query_pictures(data).queries) == 2


def test_a_file_that_can_not_be_read_says_what_is_wrong_with_its_first_picture() -> None:
    with pytest.raises(TruncatedImageError):
        query_pictures(save(FIRST, "PNG")[:20])
