# SPDX-License-Identifier: Apache-2.0
"""An HEIC or AVIF is a picture whatever brand stands first; a video is none whatever else it names."""

import io
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from stillmine.fingerprint.container.sniff import FileType, sniff_file
from stillmine.fingerprint.picture.image import fingerprint_image
from stillmine.fingerprint.structure.signatures import Family, demuxers_of, family_of

COAT = Path(__file__).resolve().parents[2] / "media/clothing/coat.jpg"


def photograph(form: str) -> bytes:
    """A small HEIC or AVIF."""
    picture, stream = Image.open(COAT).convert("RGB").resize((240, 320)), io.BytesIO()
    if form == "AVIF":
        picture.save(stream, "AVIF")
    else:
        pillow_heif.from_pillow(picture).save(stream, quality=80)
    return stream.getvalue()


def with_first_brand(data: bytes, brand: bytes) -> bytes:
    """The same file; it names what it is among the others still."""
    assert data[8:12] in data[16 : int.from_bytes(data[:4])]
    return data[:8] + brand + data[12:]


def file_type(*brands: bytes) -> bytes:
    return (16 + 4 * (len(brands) - 1)).to_bytes(4) + b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:]) + bytes(64)


@pytest.mark.parametrize("form", ["HEIC", "AVIF"])
@pytest.mark.parametrize("brand", [b"mif2", b"hevm", b"hevs", b"miaf", b"MiPr", b"\0\0\0\0"])
def test_a_picture_with_another_brand_first_is_the_same_picture(form: str, brand: bytes) -> None:
    plain = photograph(form)
    data = with_first_brand(plain, brand)
    assert sniff_file(data) is FileType.IMAGE
    assert demuxers_of(data) == ""
    assert fingerprint_image(data).pdq == fingerprint_image(plain).pdq


@pytest.mark.parametrize("brand", [b"isom", b"iso6", b"mp42", b"avc1", b"qt  ", b"M4V ", b"M4A ", b"3gp5", b"3g2a"])
def test_a_video_that_names_a_pictures_brand_stays_a_video(brand: bytes) -> None:
    assert family_of(file_type(brand, b"heic", b"mif1", b"avif")) is Family.CONTAINER


def test_a_file_of_boxes_that_names_no_picture_goes_to_the_demuxer() -> None:
    assert family_of(file_type(b"abcd", b"efgh")) is Family.CONTAINER
    assert family_of(file_type(b"abcd", b"heic")) is Family.PICTURE
